// Opens a service's documentation page in headless Chromium, tries one operation in it and tells what it saw as JSON.
//   npm run docs:page -- URL [SCREENSHOT.png]     such as http://localhost:8000/docs; exit code 69 when there is no Chromium
import { writeFileSync } from 'node:fs';
import { findChromium, withPage } from './chromium.mjs';

const [url, screenshot] = process.argv.slice(2);
if (url === undefined) {
  console.error('docs-page: say which page, such as http://localhost:8000/docs');
  process.exit(64);
}
const browser = findChromium();
if (browser === undefined) {
  console.error('docs-page: there is no Chromium: install the package chromium, or name one in CHROMIUM');
  process.exit(69);
}

/** Operations in the order of the page: method, path and id. */
const rendered = `[...document.querySelectorAll('.opblock')].map((block) => ({
  id: block.id.split('-').at(-1),
  method: block.querySelector('.opblock-summary-method').textContent,
  path: block.querySelector('.opblock-summary-path').dataset.path,
}))`;

/** "Try it out" and "Execute" on an operation that changes nothing; gives the status that the page shows. */
async function tryOut(page, id) {
  const inBlock = (selector) => `document.querySelector('.opblock[id$="-${id}"] ${selector}')`;
  for (const selector of ['.opblock-summary-control', '.try-out__btn', '.execute']) {
    await page.until(`!!${inBlock(selector)}`);
    await page.evaluate(`${inBlock(selector)}.click()`);
  }
  return page.until(`${inBlock('.live-responses-table tbody .response-col_status')}?.textContent.trim().slice(0, 3)`);
}

const report = await withPage(browser, async (page) => {
  await page.open(url);
  await page.until(`document.querySelectorAll('.opblock').length > 0`);
  const operations = await page.evaluate(rendered);
  const title = await page.evaluate(`document.querySelector('.info .title').firstChild.textContent`);
  const tried = await tryOut(page, 'getVersion');
  if (screenshot !== undefined) writeFileSync(screenshot, await page.screenshot());
  return { title, operations, tried, requests: page.requests, complaints: page.complaints };
});
console.log(JSON.stringify(report, null, 2));
