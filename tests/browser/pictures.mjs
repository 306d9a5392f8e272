// The three pictures of the README: sign-in, a sealed licence, the counter's verdict. `cargo xtask pictures` runs this.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { signIn, startBrowser, startCity } from './city.mjs';

const folder = resolve(dirname(fileURLToPath(import.meta.url)), '../../.github/pictures');
/** A page that shows three of them should not keep anybody waiting. */
const bytesMax = 150_000;

const city = await startCity();
const browser = await startBrowser();
try {
  mkdirSync(folder, { recursive: true });
  await signInOnATelephone();
  await sealedLicence();
  await verdictAtTheCounter();
} finally {
  await browser.close();
  await city.stop();
}

async function signInOnATelephone() {
  const page = await visitor(390, 728);
  await page.goto(`${city.facts.apps[0].url}/enter`);
  const account = city.account('');
  await page.fill('#username', account.username);
  await page.fill('#password', account.password);
  await keep(page, 'sign-in');
}

async function sealedLicence() {
  const paper = mkdtempSync(join(tmpdir(), 'guosuo-pictures-'));
  try {
    const pdf = city.licence('valid').pdf_path;
    execFileSync('pdftoppm', ['-png', '-singlefile', '-r', '150', pdf, join(paper, 'page')]);
    const page = await visitor(450, 636);
    const picture = readFileSync(join(paper, 'page.png')).toString('base64');
    await page.setContent(`<body style="margin:0"><img src="data:image/png;base64,${picture}" width="450" height="636">`);
    await page.waitForFunction(() => document.images[0].complete);
    await keep(page, 'licence');
  } finally {
    rmSync(paper, { recursive: true });
  }
}

async function verdictAtTheCounter() {
  const page = await visitor(1200, 800);
  await page.goto(`${city.issuer}/desk`);
  await signIn(page, city.account('counter'));
  await page.setInputFiles('#file', city.licence('valid').pdf_path);
  await page.waitForSelector('#answer');
  await keep(page, 'verdict');
}

/** Somebody new, whose screen has twice as many dots as the page has pixels. */
async function visitor(width, height) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: 2, locale: 'zh-CN' });
  return context.newPage();
}

/** WebP keeps the fine lines of a licence in a tenth of what PNG needs. */
async function keep(page, name) {
  await page.evaluate(() => document.activeElement.blur());
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 80, clip: { x: 0, y: 0, ...page.viewportSize(), scale: 2 } });
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length > bytesMax) throw new Error(`${name} has ${bytes.length} bytes, ${bytesMax} are allowed`);
  writeFileSync(join(folder, `${name}.webp`), bytes);
  console.log(`${name}.webp: ${bytes.length} bytes`);
  await page.context().close();
}
