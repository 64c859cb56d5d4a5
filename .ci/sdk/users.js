// What npm @bandwidth/numbers does against the mock: it lists users, at /users without an account.
//
// Reads BW_BASE_URL, BW_ACCOUNT_ID, BW_USERNAME, BW_PASSWORD, BW_OLD_PASSWORD and BW_SEED, and
// BW_TOKEN if it is to log in with that token: the address where it gets tokens itself is fixed.
// Prints one JSON object, {"version": .., "shown": [..]}, and fails at the first thing that is not
// as it should be. Only the SDK talks to the server, and the SDK is used as it was installed.

const assert = require("node:assert");
const numbers = require("@bandwidth/numbers");
const { version } = require("@bandwidth/numbers/package.json");

const { BW_BASE_URL, BW_ACCOUNT_ID, BW_USERNAME, BW_PASSWORD, BW_OLD_PASSWORD, BW_SEED, BW_TOKEN } = process.env;

function list(password, token) {
  const client = new numbers.Client(BW_ACCOUNT_ID, BW_USERNAME, password, undefined, undefined, {
    apiEndPoint: BW_BASE_URL,
    ...(token && { tempAccessToken: token, tempAccessTokenExpiration: Math.floor(Date.now() / 1000) + 3600 }),
  });
  return new Promise((resolve, reject) =>
    numbers.User.list(client, (error, users) => (error ? reject(error) : resolve(users))),
  );
}

async function main() {
  const shown = [];
  const users = await list(BW_PASSWORD, BW_TOKEN);
  const names = users.map((user) => user.username).sort();
  const jdoe = users.find((user) => user.username === "jdoe");
  assert(jdoe, `jdoe is not among ${names}`);
  assert.strictEqual(jdoe.firstName, "John");
  assert.strictEqual(jdoe.lastName, "Doe");
  assert.strictEqual(jdoe.emailAddress, "jdoe@example.com");
  shown.push(`lists ${names.join(", ")} with ${BW_TOKEN ? "a token" : "the new password"}`);

  if (BW_SEED === "published") {
    const roles = jdoe.roles.role.map((role) => [
      role.roleName,
      role.permissions.permission.map((permission) => permission.permissionName),
    ]);
    assert.deepStrictEqual(roles, [
      ["ROLE_USER", ["VIEW", "UPDATE"]],
      ["ROLE_API_ORDERING", ["VIEW", "UPDATE"]],
    ]);
    assert.strictEqual(jdoe.telephoneNumber, "9195550100");
    shown.push("reads roles with permissions, and telephone numbers");
  }

  await assert.rejects(list(BW_OLD_PASSWORD), (error) => error.status === 401);
  shown.push(`${BW_TOKEN ? "Basic" : "the old password"} is refused with 401`);
  console.log(JSON.stringify({ version, shown }));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
