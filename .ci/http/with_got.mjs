import got from "got";
import { headers, run } from "./steps.mjs";

const client = got.extend({ headers, throwHttpErrors: false, retry: { limit: 0 } });
await run(async (method, url, json) => {
  const answer = await client(url, { method, json });
  return { status: answer.statusCode, text: answer.body };
});
