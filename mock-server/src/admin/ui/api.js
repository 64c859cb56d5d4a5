// The control API: requests to it, and the stream of its events. The token, where one is needed, is
// sent in a header only, and kept until the tab is closed.

const ADMIN = new URL('./', location.href.split('#')[0]);
const KEY = 'bandwidth-mock token';

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let token = sessionStorage.getItem(KEY);

export function useToken(given) {
  token = given;
  sessionStorage.setItem(KEY, given);
}

const listeners = [];
// Called when the token is missing or wrong.
export const onTokenNeeded = (listener) => listeners.push(listener);

async function send(path, options = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let response;
  try {
    response = await fetch(new URL(path, ADMIN), { ...options, headers, cache: 'no-store' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The mock does not answer.');
  }
  if (response.ok) return response;
  const text = await response.text();
  let message = `${response.status}: ${text.slice(0, 500)}`;
  try {
    message = JSON.parse(text).error.message;
  } catch { /* something between the page and the mock answered */ }
  if (response.status === 401) listeners.forEach((listener) => listener(token !== null));
  throw new ApiError(response.status, message);
}

// The answer as JSON; null when it has no body.
export async function api(method, path, body) {
  const response = await send(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

export const get = (path) => api('GET', path);
export const below = (path, id) => `${path}/${encodeURIComponent(id)}`;

// Reads the stream of events to its end.
export async function events(signal, handle) {
  const response = await send('events', { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    let end;
    while ((end = text.indexOf('\n\n')) >= 0) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (field('event')) handle(field('event'), JSON.parse(field('data')));
    }
  }
}
