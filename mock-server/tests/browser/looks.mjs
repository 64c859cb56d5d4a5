// How the inspector looks: in narrow windows, to axe-core, and in pictures.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { everyday, start } from './mock.mjs';
import { check, close, folder, open, program, screenshots, tab, tally, view } from './page.mjs';

// Narrow and dark: nothing sticks out of any view.
export async function narrow() {
  const mock = await start(program);
  await everyday(mock);
  await mock.send('GET', `/accounts/${'x'.repeat(400)}/users`);
  await mock.admin('POST', 'accounts', {});
  const page = await open(mock.ui, { viewport: { width: 390, height: 740 }, colorScheme: 'dark' });
  await tally(page, '16 requests');
  check(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(13, 17, 23)', 'dark where dark is asked for');
  const cut = () => page.evaluate(() => {
    const boxes = [...document.querySelectorAll('main, main *:not(option), header *')].filter((one) => one.checkVisibility());
    // What a row of the list cuts has a title, and a body scrolls.
    const fits = (one) => one.closest('.row') || (one.getBoundingClientRect().right <= innerWidth + 0.5 && one.scrollWidth <= one.clientWidth + 1);
    const inline = (one) => getComputedStyle(one).display === 'inline';
    const sized = (one) => one.clientWidth > 0;
    return boxes.filter((one) => sized(one) && !inline(one) && !fits(one)).map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 60)}`);
  });
  for (const width of [390, 360]) {
    await page.setViewportSize({ width, height: 740 });
    for (const hash of ['#/requests', '#/requests/4', '#/requests/16', '#/accounts', '#/faults', '#/profile', '#/reports']) {
      await view(page, hash);
      await page.waitForTimeout(400);
      check(await cut(), [], `${hash} at ${width} pixels`);
      if (hash !== '#/requests/4') continue;
      for (const name of ['Request', 'Response', 'Why']) {
        await tab(page, name).click();
        check(await cut(), [], `${name} at ${width} pixels`);
        check(await page.locator('td:visible').evaluateAll((cells) => cells.filter((cell) => cell.clientWidth < innerWidth / 2).length), 0, 'cells have room for words');
      }
      await page.locator('.clock summary').click();
      check(await cut(), [], `the clock at ${width} pixels`);
      await page.keyboard.press('Escape');
      if (screenshots) await page.screenshot({ path: `${folder}/narrow.png` });
    }
  }
  await view(page, '#/requests/4');
  await page.getByRole('button', { name: 'Close' }).click();
  await page.locator('.list').waitFor();
  await close(page);
  await mock.stop();
}

// What axe-core finds that keeps people from using it.
export async function accessible() {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const mock = await start(program, '--set', 'put.semantics=merge');
  await everyday(mock);
  await mock.admin('POST', 'accounts', {});
  await mock.admin('PATCH', 'profile', { 'put.semantics': 'replace' });
  for (const colorScheme of ['light', 'dark']) {
    const page = await open(mock.ui, { colorScheme });
    await page.evaluate(axe);
    const look = async (what) => {
      await page.waitForTimeout(300);
      const found = await page.evaluate(async () => (await window.axe.run()).violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]));
      check(found, [], `${what} in ${colorScheme}`);
    };
    for (const hash of ['#/requests', '#/requests/4', '#/requests/11', '#/accounts', '#/faults', '#/profile/put', '#/profile', '#/reports']) {
      await view(page, hash);
      await look(hash);
    }
    await view(page, '#/requests/4');
    for (const name of ['Request', 'Response', 'Why']) {
      await tab(page, name).click();
      await look(name);
    }
    await page.locator('.clock summary').click();
    await look('the clock');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Keys' }).click();
    await look('the keys');
    await page.keyboard.press('Escape');
    await view(page, '#/profile/put');
    await page.locator('.legend summary').click();
    await page.locator('[data-key="put.semantics=merge"]').click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await look('an offer to undo');
    await page.getByRole('button', { name: 'Undo' }).click();
    await view(page, '#/accounts');
    await page.getByRole('button', { name: 'New throwaway account' }).click();
    await page.getByText('Copy the secrets now').waitFor();
    await page.getByRole('button', { name: 'Reset 12345' }).click();
    await look('credentials, and a question');
    await view(page, '#/faults');
    await page.getByLabel('Fault as text or JSON').fill('stats=503');
    await page.keyboard.press('Enter');
    await page.locator('.complaint').waitFor();
    await look('a complaint');
    page.complaints = page.complaints.filter((text) => !text.includes('400 (Bad Request)'));
    await close(page);
  }
  await mock.stop();
}

export async function pictures() {
  mkdirSync(screenshots, { recursive: true });
  const mock = await start(program, '--listen', '127.0.0.1:8080').catch(() => start(program));
  await everyday(mock);
  await mock.admin('PATCH', 'profile', { 'put.semantics': 'merge' });
  for (const colorScheme of ['light', 'dark']) {
    const page = await open(mock.ui, { colorScheme, viewport: { width: 1040, height: 700 } });
    const picture = async (name, hash, ready) => {
      await view(page, hash);
      await page.locator(ready).first().waitFor();
      await page.waitForTimeout(500);
      const path = `${screenshots}/inspector-${name}-${colorScheme}.png`;
      await page.screenshot({ path });
      // Few colours are enough for a page.
      spawnSync('pngquant', ['--force', '--ext', '.png', '64', path]);
      spawnSync('optipng', ['-quiet', path]);
    };
    await picture('list', '#/requests', '.space .row');
    await view(page, '#/requests/4');
    await tab(page, 'Why').click();
    await picture('request', '#/requests/4', '.why td');
    await picture('profile', '#/profile/put', '.behaviour');
    await close(page);
  }
  await mock.stop();
}
