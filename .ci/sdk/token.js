// What npm bandwidth-sdk does through the mock's proxy: it gets a token from api.bandwidth.com, which
// is fixed in it.
//
// Reads BW_CLIENT_ID and BW_CLIENT_SECRET; axios reads HTTPS_PROXY, and Node.js NODE_EXTRA_CA_CERTS.

const assert = require("node:assert");
const { Configuration } = require("bandwidth-sdk");
const { version } = require("bandwidth-sdk/package.json");

async function main() {
  const configuration = new Configuration({
    clientId: process.env.BW_CLIENT_ID,
    clientSecret: process.env.BW_CLIENT_SECRET,
  });
  const token = await configuration.accessToken();
  assert.strictEqual(token.split(".").length, 3, "the token is a JWT");
  console.log(`bandwidth-sdk ${version}: gets a token from api.bandwidth.com`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
