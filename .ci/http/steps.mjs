// The steps that each client of Node.js takes. `send` is the client: it sends a request, and returns
// the status and the text of the answer.
import assert from "node:assert/strict";

const { BW_BASE_URL, BW_ACCOUNT_ID, BW_USERNAME, BW_PASSWORD } = process.env;
export const users = `${BW_BASE_URL}/accounts/${BW_ACCOUNT_ID}/users`;
export const headers = {
  accept: "application/json",
  authorization: `Basic ${Buffer.from(`${BW_USERNAME}:${BW_PASSWORD}`).toString("base64")}`,
};
const FirstName = "Zoë";
const LastName = "O'Neil & Söhne";

const user = (Username) => ({
  Username, FirstName, LastName, Email: `${Username}@example.com`, Password: "Teal-Wagon.47",
});

export async function run(send) {
  const expect = async (wanted, method, url, body) => {
    const { status, text } = await send(method, url, body);
    assert.equal(status, wanted, `${method} ${url}: ${status} ${text}`);
    return JSON.parse(text);
  };
  const names = (await expect(200, "GET", users)).Users.map((user) => user.Username);
  assert(names.includes("jdoe"), names);
  console.log("list");
  const { UserId } = await expect(201, "POST", users, user("zoe"));
  const own = `${users}/${UserId}`;
  const seen = await expect(200, "GET", own);
  assert.deepEqual([seen.FirstName, seen.LastName], [FirstName, LastName]);
  console.log("create");
  await expect(200, "PUT", own, { FirstName: "Zoé" });
  assert.equal((await expect(200, "GET", own)).FirstName, "Zoé");
  console.log("update");
  await expect(200, "DELETE", own);
  console.log("delete");
  const { ErrorCode, Description } = (await expect(404, "GET", own)).ResponseStatus;
  assert(ErrorCode > 0 && Description !== "");
  console.log("error");
  const numbers = [...Array(50).keys()];
  const created = await Promise.all(numbers.map((n) => expect(201, "POST", users, user(`user${n}`))));
  const keys = new Set(created.map((user) => user.UserId));
  assert.equal(keys.size, 50);
  await Promise.all([...keys].map((key) => expect(200, "DELETE", `${users}/${key}`)));
  assert.equal((await expect(200, "GET", users)).Users.length, names.length);
  console.log("50 at once");
}
