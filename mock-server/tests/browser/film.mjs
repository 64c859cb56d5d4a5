// Ten seconds of the mock, as an animated picture: it starts, two creates are rejected, and the
// inspector names the rules that they broke. Commands and answers are real; the terminal is drawn.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { start } from './mock.mjs';
import { close, folder, live, open, program, rows, screenshots, tab, view } from './page.mjs';

const VIEWPORT = { width: 960, height: 560 };
const TERMINAL = `<style>
  body { margin: 0; padding: 22px 26px; background: #0d1117; color: #e6edf3; font: 16px/1.55 "DejaVu Sans Mono", monospace; }
  pre { margin: 0; font: inherit; white-space: pre-wrap; word-break: break-all; }
  b { color: #7ee787; font-weight: normal; } i { color: #9198a1; font-style: normal; } u { background: #e6edf3; } s { color: #f0883e; text-decoration: none; }
</style><pre></pre>`;
// Frames of one size and as few colours as a page needs, with how long each is shown.
const ASSEMBLE = `
import json, sys
from PIL import Image
frames, path = json.load(open(sys.argv[1])), sys.argv[2]
pictures = [Image.open(frame["path"]).convert("RGB") for frame in frames]
pictures = [picture.quantize(128, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE) for picture in pictures]
pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[frame["ms"] for frame in frames], loop=0, optimize=True)
`;

export async function film() {
  mkdirSync(screenshots, { recursive: true });
  const mock = await start(program, '--listen', '127.0.0.1:8080').catch(() => start(program));
  const frames = [];
  const shoot = async (page, ms) => {
    const path = `${folder}/frame-${frames.length}.png`;
    await page.screenshot({ path });
    frames.push({ path, ms });
  };

  const terminal = await open('about:blank', { viewport: VIEWPORT });
  await terminal.setContent(TERMINAL);
  let text = '';
  const draw = (html) => terminal.evaluate((html) => { document.querySelector('pre').innerHTML = html; }, html);
  const escaped = (raw) => raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const type = async (command) => {
    const parts = 5;
    for (let part = 0; part <= parts; part += 1) {
      const typed = command.slice(0, Math.round(command.length * part / parts));
      await draw(`${text}<b>$</b> ${escaped(typed)}<u> </u>`);
      await shoot(terminal, part === parts ? 300 : 80);
    }
    text += `<b>$</b> ${escaped(command)}\n`;
  };
  const print = async (output, ms) => {
    text += `${output}\n`;
    await draw(text);
    await shoot(terminal, ms);
  };
  const create = async (user, ms) => {
    const body = JSON.stringify({ ...user, FirstName: 'Anna', LastName: 'Smith', Email: 'anna@example.com' });
    const command = `curl -i -u 'api-user:Api-Passw0rd!23' --json '${body}' ${mock.baseUrl}/accounts/12345/users`;
    await type(command);
    const [head, ...rest] = execFileSync('bash', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\r\n');
    await print(`<s>${escaped(head)}</s>\n${escaped(rest.at(-1))}\n`, ms);
  };

  await type('cargo mock');
  await print(`<i>  base URL  ${mock.baseUrl}\n  inspector ${mock.ui}\n  account   12345\n  login     api-user / Api-Passw0rd!23</i>\n`, 1000);
  await create({ Username: 'jdoe', Password: 'Teal-Wagon.47' }, 1400);
  await create({ Username: 'asmith', Password: 'tealwagon47' }, 1900);
  await close(terminal);

  const page = await open(mock.ui, { viewport: VIEWPORT });
  await live(page);
  await rows(page).nth(1).waitFor();
  await page.waitForTimeout(500);
  await shoot(page, 1200);
  for (const number of [2, 1]) {
    await view(page, `#/requests/${number}`);
    await tab(page, 'Why').click();
    await page.locator('.why td').first().waitFor();
    await page.waitForTimeout(300);
    await shoot(page, 1600);
  }
  await close(page);
  await mock.stop();

  writeFileSync(`${folder}/frames.json`, JSON.stringify(frames));
  execFileSync(process.env.PYTHON, ['-c', ASSEMBLE, `${folder}/frames.json`, `${screenshots}/film.gif`], { stdio: 'inherit' });
}
