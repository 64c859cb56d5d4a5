import axios from "axios";
import { headers, run } from "./steps.mjs";

const client = axios.create({ headers, responseType: "text", transformResponse: (text) => text, validateStatus: () => true });
await run(async (method, url, data) => {
  const answer = await client.request({ method, url, data });
  return { status: answer.status, text: answer.data };
});
