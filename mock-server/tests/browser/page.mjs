// The inspector's page in a real browser, and what its tests ask of it.
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { chromium } from 'playwright-core';

export const [program, folder, screenshots] = process.argv.slice(2);
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
// What a copied command reads.
export const LOGIN = { ...process.env, BW_USERNAME: 'api-user', BW_PASSWORD: 'Api-Passw0rd!23' };

let checks = 0;
// How many checks held.
export const held = () => checks;
export const check = (actual, expected, what) => { assert.deepEqual(actual, expected, what); checks += 1; };
export const holds = (condition, what) => { assert.ok(condition, what); checks += 1; };
// What a page shows follows what is done to it, not at once.
export const becomes = async (read, expected, what) => {
  const until = performance.now() + 15_000;
  let actual = await read();
  while (!isDeepStrictEqual(actual, expected) && performance.now() < until) {
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    actual = await read();
  }
  check(actual, expected, what);
};

export const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });

// A page that complains of everything: messages on the console, violations of the policy (which are
// such messages), errors, dialogs, and requests to anywhere else.
export async function open(url, options = {}, script = () => {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, colorScheme: 'light', ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  await page.addInitScript(script);
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  const { origin } = new URL(url);
  page.on('console', (message) => page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('dialog', (dialog) => { page.complaints.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => new URL(request.url()).origin === origin || page.complaints.push(`request ${request.url()}`));
  await page.goto(url);
  return page;
}

export async function close(page, expected = /^$/) {
  check(page.complaints.filter((text) => !expected.test(text)), [], 'the browser complains of nothing');
  await page.context().close();
}

export const view = async (page, hash) => { await page.evaluate((to) => { location.hash = to; }, hash); };
export const rows = (page) => page.locator('.space .row');
export const tally = (page, text) => page.locator('.tally', { hasText: text }).waitFor();
export const live = (page) => page.locator('#connection[data-state=live]').waitFor();
export const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
export const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim());
export const tab = (page, name) => page.getByRole('tab', { name, exact: true });
