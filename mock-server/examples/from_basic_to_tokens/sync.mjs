// Creates the user asmith unless it exists. The login is Basic without BW_CLIENT_ID, and a token
// with it.
const { BW_BASE_URL, BW_ACCOUNT_ID, BW_USERNAME, BW_PASSWORD, BW_CLIENT_ID, BW_CLIENT_SECRET } = process.env;
const users = `${BW_BASE_URL}/accounts/${BW_ACCOUNT_ID}/users`;

async function send(url, options) {
  const answer = await fetch(url, options);
  if (!answer.ok) throw new Error(`${new URL(url).pathname} returned ${answer.status}`);
  return answer.json();
}

const basic = (name, password) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

let token;
let renewAt = 0;

// A token, and a new one a minute before it expires.
async function bearer() {
  if (performance.now() >= renewAt) {
    const answer = await send(BW_BASE_URL.replace(/\/api.*/, '/api/v1/oauth2/token'), {
      method: 'POST',
      headers: { Authorization: basic(BW_CLIENT_ID, BW_CLIENT_SECRET) },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    token = answer.access_token;
    renewAt = performance.now() + ((answer.expires_in ?? 3600) - 60) * 1000;
  }
  return `Bearer ${token}`;
}

async function call(body) {
  const headers = {
    Authorization: BW_CLIENT_ID ? await bearer() : basic(BW_USERNAME, BW_PASSWORD),
    Accept: 'application/json',
  };
  if (body === undefined) return send(users, { headers });
  headers['Content-Type'] = 'application/json';
  return send(users, { method: 'POST', headers, body: JSON.stringify(body) });
}

const found = (await call()).Users;
if (found.some((user) => user.Username === 'asmith')) {
  console.log('asmith exists');
} else {
  await call({
    Username: 'asmith', FirstName: 'Anna', LastName: 'Smith', Email: 'asmith@example.com', Password: 'Teal-Wagon.47',
  });
  console.log('asmith was created');
}
