// Every page in two widths: nothing beyond the edge, nothing that axe-core finds, no error in the browser's console.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessibilityFaults, picture, signIn, startBrowser, startCity, widerThanPhone } from './city.mjs';

let city;
let browser;

before(async () => {
  city = await startCity();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await city?.stop();
});

async function visitor(username, language = 'zh-CN') {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: language });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') page.problems.push(message.text()); });
  if (username) {
    await page.goto(`${city.issuer}/sign-in?to=%2Fme`);
    await signIn(page, city.facts.accounts.find((one) => one.username === username));
    await page.waitForURL('**/me');
  }
  return page;
}

/** Looks at one page; what is wrong with it, one line each. */
async function look(page, path, name, { status = 200 } = {}) {
  page.problems.length = 0;
  const url = path.startsWith('http') ? path : city.issuer + path;
  const response = await page.goto(url);
  const wrong = [];
  if (response.status() !== status) wrong.push(`status ${response.status()}`);
  if (await widerThanPhone(page)) wrong.push('wider than a phone');
  wrong.push(...await accessibilityFaults(page));
  // A page that is an error by its status is reported by the console as one; that is not a fault of the page.
  wrong.push(...page.problems.filter((line) => status === 200 || !line.includes('Failed to load resource')));
  const title = await page.title();
  if (!title.trim()) wrong.push('no title');
  const headings = await page.locator('h1').count();
  if (headings !== 1) wrong.push(`${headings} first headings`);
  await picture(page, name);
  return wrong.map((line) => `${name}: ${line}`);
}

async function everything(page, list) {
  const wrong = [];
  for (const [path, name, options] of list) wrong.push(...await look(page, path, name, options));
  await page.context().close();
  assert.deepEqual(wrong, []);
}

test('the public pages', async () => {
  const codes = ['valid', 'suspended', 'revoked', 'expired', 'superseded'].map((state) => [
    `/V/${city.licence(state).code}`, `public-${state}`,
  ]);
  await everything(await visitor(), [
    ['/', 'public-home'],
    ['/sign-in', 'sign-in-plain'],
    ['/signed-out', 'signed-out'],
    ['/api', 'api'],
    ...codes,
    ['/V/123456789012345678901', 'public-unknown', { status: 404 }],
    ['/no-such-page', 'not-found', { status: 404 }],
    ['/authorize?client_id=nobody', 'authorize-error', { status: 400 }],
    ...city.facts.apps.map((app, place) => [app.url, `app-${place}`]),
  ]);
});

test("a citizen's pages", async () => {
  const page = await visitor(city.account('').username);
  const found = await links(page, '/me/licences', /\/me\/licences\/[^/?#]+$/);
  await everything(page, [
    ['/me', 'me-home'],
    ['/me/licences', 'me-licences-list'],
    ...found.slice(0, 1).map((path) => [path, 'me-licence']),
    ['/me/apps', 'me-apps'],
    ['/me/sessions', 'me-sessions'],
    ['/sign-out', 'sign-out'],
    ['/logout', 'logout'],
    ['/console', 'console-refused', { status: 403 }],
  ]);
});

test("a clerk's pages", async () => {
  const page = await visitor('clerk-market');
  const types = await links(page, '/console/apply', /\/console\/apply\/[^/?#]+$/);
  const licences = await links(page, '/console/licences', /\/console\/licences\/lic_[^/?#]+$/);
  const applications = await links(page, '/console/applications', /\/console\/applications\/[^/?#]+$/);
  await everything(page, [
    ['/console', 'clerk-home'],
    ['/console/apply', 'clerk-apply'],
    ...types.slice(0, 1).map((path) => [path, 'clerk-apply-holder']),
    ['/console/applications', 'clerk-applications'],
    ...applications.slice(0, 1).map((path) => [path, 'clerk-application']),
    ['/console/licences', 'clerk-licences'],
    ...licences.slice(0, 1).map((path) => [path, 'clerk-licence']),
    ['/console/seals', 'clerk-seals'],
  ]);
});

test("a reviewer's pages", async () => {
  const page = await visitor('reviewer-market');
  const applications = await links(page, '/console/applications', /\/console\/applications\/[^/?#]+$/);
  await everything(page, [
    ['/console', 'reviewer-home'],
    ...applications.slice(0, 2).map((path, place) => [path, `reviewer-application-${place}`]),
  ]);
});

test('the desk with every outcome', async () => {
  const account = city.facts.accounts.find((one) => one.roles.includes('counter'));
  const page = await visitor(account.username);
  const wrong = await look(page, '/desk', 'desk');
  for (const [state, outcome] of [
    ['valid', 'valid'], ['suspended', 'invalid'], ['revoked', 'invalid'], ['expired', 'invalid'], ['superseded', 'invalid'],
  ]) {
    await page.goto(`${city.issuer}/desk`);
    await page.fill('#text', city.licence(state).code);
    await page.click('#verify');
    await page.waitForSelector('#answer');
    assert.equal(await page.getAttribute('#answer', 'data-outcome'), outcome);
    if (await widerThanPhone(page)) wrong.push(`desk ${state}: wider than a phone`);
    wrong.push(...(await accessibilityFaults(page)).map((line) => `desk ${state}: ${line}`));
    await picture(page, `desk-answer-${state}`);
    // Enter is for the next one.
    await page.keyboard.press('Enter');
    await page.waitForSelector('#answer', { state: 'detached' });
  }
  // A file that is no licence.
  await page.setInputFiles('#file', { name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from('not a PDF') });
  await page.waitForSelector('#answer');
  assert.notEqual(await page.getAttribute('#answer', 'data-outcome'), 'valid');
  await picture(page, 'desk-unreadable');
  // A genuine file.
  await page.goto(`${city.issuer}/desk`);
  await page.setInputFiles('#file', city.licence('valid').pdf_path);
  await page.waitForSelector('#answer');
  assert.equal(await page.getAttribute('#answer', 'data-outcome'), 'valid', await page.textContent('#answer'));
  await picture(page, 'desk-file');
  await page.context().close();
  assert.deepEqual(wrong, []);
});

test('the pages in English', async () => {
  const page = await visitor('', 'en');
  const wrong = [];
  for (const [path, name] of [['/', 'en-home'], ['/sign-in', 'en-sign-in'], [`/V/${city.licence('revoked').code}`, 'en-revoked']]) {
    wrong.push(...await look(page, path, name));
    const text = (await page.innerText('h1')).trim();
    if (/[\u4e00-\u9fff]/.test(text)) wrong.push(`${name}: a Chinese heading: ${text}`);
  }
  await page.context().close();
  assert.deepEqual(wrong, []);
});

test('signing in and out works without JavaScript', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'zh-CN' });
  const page = await context.newPage();
  const account = city.account('', 3);
  await page.goto(`${city.facts.apps[1].url}/enter`);
  await signIn(page, account);
  if (await page.locator('#allow').count()) await page.click('#allow');
  assert.equal(await page.textContent('#who'), account.name);
  await page.click('#logout');
  if (!(await page.locator('#signed-out').count())) await page.click('#logout');
  assert.ok(await page.locator('#signed-out').count());
  await context.close();
});

/** Paths of the links on a page that look like this. */
async function links(page, path, pattern) {
  await page.goto(city.issuer + path);
  const all = await page.locator('main a[href]').evaluateAll((found) => found.map((link) => link.getAttribute('href')));
  return [...new Set(all)].filter((href) => pattern.test(href));
}
