// A sync with the client that openapi-typescript and openapi-fetch make of the description.
import createClient from "openapi-fetch";
import type { components, paths } from "./description.js";

const { BW_ORIGIN, BW_ACCOUNT_ID, BW_USERNAME, BW_PASSWORD } = process.env;
const client = createClient<paths, "application/json">({
  baseUrl: BW_ORIGIN,
  headers: { Accept: "application/json", Authorization: `Basic ${btoa(`${BW_USERNAME}:${BW_PASSWORD}`)}` },
});
const account = { accountId: BW_ACCOUNT_ID! };

function expect(what: string, seen: unknown, wanted: unknown): void {
  if (seen !== wanted) throw new Error(`${what}: ${seen}, expected ${wanted}`);
}

async function count(): Promise<number> {
  const { data } = await client.GET("/api/accounts/{accountId}/users", { params: { path: account } });
  return data!.Users.length;
}

const before = await count();
const body: components["schemas"]["NewUser"] = {
  Username: "zoe.ts", FirstName: "Zoë", LastName: "O'Neil & Söhne", Email: "zoe.ts@example.com",
  Password: "Teal-Wagon.47", Roles: [{ RoleId: "r2" }],
};
const created = await client.POST("/api/accounts/{accountId}/users", { params: { path: account }, body });
const userId = created.data!.UserId;
const again = await client.POST("/api/accounts/{accountId}/users", { params: { path: account }, body });
expect("status of a taken name", again.response.status, 409);
expect("code of a taken name", typeof again.error!.ResponseStatus.ErrorCode, "number");
const path = { ...account, userId };
const updated = await client.PUT("/api/accounts/{accountId}/users/{userId}", {
  params: { path }, body: { FirstName: "Zoé" },
});
expect("first name", updated.data!.FirstName, "Zoé");
const read = await client.GET("/api/accounts/{accountId}/users/{userId}", { params: { path } });
expect("user name", read.data!.Username, "zoe.ts");
expect("users", await count(), before + 1);
const deleted = await client.DELETE("/api/accounts/{accountId}/users/{userId}", { params: { path } });
expect("status of the delete", deleted.response.status, 200);
expect("users", await count(), before);
