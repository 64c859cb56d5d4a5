// The inspector with ten thousand requests.
import { performance } from 'node:perf_hooks';
import { start } from './mock.mjs';
import { becomes, close, holds, open, program, rows, tally } from './page.mjs';

// Ten thousand requests stay smooth. The figures are those of docs/inspector.md.
export async function many() {
  const mock = await start(program, '--journal-entries', '20000', '--journal-bytes', '256MiB');
  await mock.lists(10_000);
  const begun = performance.now();
  const page = await open(mock.ui, {}, () => {
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
  });
  await tally(page, /^10,000 requests/);
  const loaded = performance.now() - begun;
  holds(await rows(page).count() < 100, 'only what can be seen is in the page');
  const measure = () => page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const search = document.querySelector('.list input');
    const filter = [];
    for (const text of ['n', 'nu', 'num', 'number=77', '77', '']) {
      const from = performance.now();
      search.value = text;
      search.dispatchEvent(new Event('input'));
      await frame();
      filter.push(performance.now() - from);
    }
    window.longTasks.length = 0;
    const box = document.querySelector('#rows');
    const frames = [];
    let last = await frame();
    for (let step = 0; step < 120; step += 1) {
      box.scrollTop = ((step % 60) / 60) * box.scrollHeight;
      const now = await frame();
      frames.push(now - last);
      last = now;
    }
    frames.sort((one, other) => one - other);
    return { filter: Math.max(...filter), median: frames[60], worst: frames.at(-1), longTasks: [...window.longTasks] };
  });
  // Far above the figures, for machines that do much else; a list with an element for each of ten
  // thousand requests is slower still.
  const slow = (ms) => ms > 600;
  const smooth = ({ filter, median, longTasks }) => median < 100 && ![filter, ...longTasks].some(slow);
  let figures = await measure();
  for (let again = 0; again < 2 && !smooth(figures); again += 1) figures = await measure();
  holds(smooth(figures), JSON.stringify(figures));

  // What is read stays where it is while others come, and the button says how many.
  await page.keyboard.press('g');
  const busy = mock.lists(1000);
  await tally(page, /^10,[1-9]/);
  await page.evaluate(() => { document.querySelector('#rows').scrollTop = 5000; });
  await busy;
  await tally(page, /^11,000 requests/);
  await page.locator('.follow[aria-pressed=false]').waitFor();
  await page.evaluate(() => { document.querySelector('#rows').scrollTop = 0; });
  await page.locator('.follow', { hasText: 'Following' }).waitFor();
  await page.evaluate(() => { document.querySelector('#rows').scrollTop = 5000; });
  await page.locator('.follow[aria-pressed=false]').waitFor();
  const top = () => page.evaluate(() => {
    const box = document.querySelector('#rows').getBoundingClientRect();
    return document.elementFromPoint(box.left + 200, box.top + 40).closest('.row').dataset.id;
  });
  await page.waitForTimeout(100);
  const read = await top();
  await page.evaluate(() => { window.longTasks.length = 0; });
  const from = performance.now();
  await mock.lists(2000);
  await tally(page, /^13,000 requests/);
  figures.growing = performance.now() - from;
  await becomes(top, read);
  await becomes(() => page.locator('.follow').textContent(), '↑ 2,000 new');
  figures.tasks = await page.evaluate(() => window.longTasks);
  holds(!figures.tasks.some(slow), `tasks of ${figures.tasks} ms while requests come`);
  await page.keyboard.press('g');
  await page.waitForFunction(() => document.querySelector('#rows').scrollTop === 0);
  await becomes(() => rows(page).first().getAttribute('data-id'), '13000');
  await close(page);
  await mock.stop();
  return { loaded, ...figures };
}
