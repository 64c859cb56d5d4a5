// The HTML report in a real browser: `node report.mjs REPORT.html FOLDER`, with playwright-core to be
// found and CHROMIUM naming the browser. Screenshots go to FOLDER.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [file, folder] = process.argv.slice(2);
const url = pathToFileURL(file).href;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox'],
});
const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, colorScheme: 'light' });
const page = await context.newPage();
const complaints = [];
page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
page.on('pageerror', (error) => complaints.push(String(error)));
page.on('dialog', (dialog) => { complaints.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
page.on('request', (request) => request.url().startsWith('file:') || complaints.push(`request ${request.url()}`));

let checks = 0;
const check = (actual, expected, what) => { assert.deepEqual(actual, expected, what); checks += 1; };
const shown = () => page.locator('.case:visible').count();
const verdict = (name) => page.locator(`input[value=${name}]`);

await page.goto(url);
const all = await page.locator('.case').count();
const failed = await page.locator('.case[data-verdict=fail]').count();
assert.ok(all > 200 && failed > 0, `${all} cases, ${failed} failed`);
const skipped = await page.locator('.case[data-verdict=skipped]').count();
assert.ok(skipped > 0, 'some are skipped');
check(await shown(), all - skipped, 'skipped cases are hidden');
check(await page.locator('#shown').textContent(), `${all - skipped} of ${all}`);
check(await page.locator('.case').first().getAttribute('data-verdict'), 'fail', 'failures come first');
await page.locator('#skipped').click();
check(await shown(), all, 'skipped cases are shown');
check(await page.locator('#skipped').isVisible(), false, 'there is nothing more to show');
check(await page.locator('.outcome').textContent(), `${failed} cases failed`);
assert.ok(await page.locator('.causes > ul > li').count() > 0, 'failures have causes');
assert.ok(await page.locator('.case[data-verdict=fail]').first().getAttribute('open') !== null, 'a failure is open');
const failure = page.locator('.case[data-verdict=fail]').first();
check(await failure.getByRole('heading', { name: 'Repeat this' }).count(), 1, 'a failure can be repeated');
check(await failure.locator('.exchange[open]').count(), 1, 'the judged exchange is open');
check(await failure.locator('> .again .curl').textContent(), await failure.locator('.exchange[open] .curl').textContent(), 'and is the one to repeat');
await page.screenshot({ path: `${folder}/report-light.png` });
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const accessible = async (theme) => {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => (await window.axe.run()).violations.map(({ id, nodes }) => [id, nodes[0].html]));
  check(violations, [], `axe in ${theme}`);
};
await accessible('light');

// By verdict, by level, by text, and back.
for (const name of ['pass', 'observed', 'skipped', 'inconclusive', 'error']) {
  if (await verdict(name).count()) await verdict(name).uncheck();
}
check(await shown(), failed, 'only failures are shown');
await page.locator('#all').evaluate((button) => button.click());
check(await shown(), all, 'all are shown again');
await page.selectOption('select[name=level]', 'characterise');
check(await shown(), await page.locator('.case[data-level=characterise]').count(), 'one level is shown');
await page.selectOption('select[name=level]', '');
await page.keyboard.press('Escape');
await page.locator('h1').click();
await page.keyboard.press('/');
await page.keyboard.type('WEAK-IS-400');
check(await shown(), 2, 'what was searched for is shown, in each format');
await page.keyboard.type('zzz');
check(await shown(), 0);
check(await page.locator('#nothing').isVisible(), true, 'that nothing is shown is said');
await page.getByRole('button', { name: 'Show all' }).click();
check(await shown(), all);

// A case by the keyboard alone, with its exchanges and its curl line.
const first = page.locator('.case[data-verdict=pass]').first();
await first.locator('> summary').focus();
await page.keyboard.press('Enter');
check(await first.getAttribute('open') !== null, true, 'Enter opens a case');
const exchange = first.locator('.exchange').first();
await exchange.locator('> summary').click();
assert.match(await exchange.locator('.pair').textContent(), /Authorization: Basic \[secret\]/);
await exchange.locator('.copy').click();
await page.waitForFunction((button) => button.textContent !== 'Copy', await exchange.locator('.copy').elementHandle());
checks += 1;
await exchange.screenshot({ path: `${folder}/report-exchange.png` });

// A link to a case opens it.
const id = await page.locator('.case[data-verdict=pass]').nth(40).getAttribute('id');
await page.goto(`${url}#${id}`);
await page.locator(`[id="${id}"][open]`).waitFor();
checks += 1;

// Narrow and dark.
await page.setViewportSize({ width: 360, height: 740 });
await page.emulateMedia({ colorScheme: 'dark' });
await page.goto(url);
const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
check(wide, false, 'nothing sticks out of a narrow window');
const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
check(dark, 'rgb(13, 17, 23)', 'the page is dark where dark is asked for');
await accessible('dark');
await page.screenshot({ path: `${folder}/report-dark-narrow.png` });

// What a target sent is text: its gateway's page, and a script in a user's name.
check(await page.locator('.pair :is(script, img, iframe, h1, center)').count(), 0, 'no markup of the target');
assert.ok(await page.getByText('alert(1)', { exact: false }).count() > 0, 'the hostile name is in the page');
checks += 1;
check(complaints, [], 'the browser complains of nothing');
await browser.close();
console.log(`${checks} checks of the report hold`);
