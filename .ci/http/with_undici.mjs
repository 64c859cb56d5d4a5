import { request } from "undici";
import { headers, run } from "./steps.mjs";

await run(async (method, url, body) => {
  const answer = await request(url, {
    method,
    headers: { ...headers, ...(body && { "content-type": "application/json" }) },
    body: body && JSON.stringify(body),
  });
  return { status: answer.statusCode, text: await answer.body.text() };
});
