// Pages as the counter and people with other needs see them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browser, city, inSharedCity, lookAt, picture, signIn } from './city.mjs';
import { everything, links, look, visitor } from './pages.mjs';

inSharedCity();

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
    wrong.push(...(await lookAt(page, `desk-answer-${state}`)).map((line) => `desk ${state}: ${line}`));
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

test('large type and the dark: nothing beyond the edge, nothing too pale', async () => {
  for (const [mode, options, first] of [['elder', {}, '/appearance?to=elder&back=%2Fme'], ['dark', { colorScheme: 'dark' }, '/me']]) {
    const page = await visitor(city.account('', 0).username, 'zh-CN', options);
    await page.goto(city.issuer + first);
    const licences = await links(page, '/me/licences', /\/me\/licences\/[^/?#]+$/);
    await everything(page, [
      ['/', `${mode}-home`],
      ['/me', `${mode}-me`],
      ['/me/licences', `${mode}-licences`],
      [licences[0], `${mode}-licence`],
      ['/me/sessions', `${mode}-sessions`],
      [`/V/${city.licence('revoked').code}`, `${mode}-public`],
      ['/no-such-page', `${mode}-not-found`, { status: 404 }],
    ]);
    const counter = await visitor('counter', 'zh-CN', options);
    await counter.goto(city.issuer + first);
    await everything(counter, [['/desk', `${mode}-desk`, {
      act: async () => { await counter.fill('#text', city.licence('revoked').code); await counter.click('#verify'); await counter.waitForSelector('#answer'); },
    }]]);
  }
});

test('a password is shown to whoever asks, and hidden again when the form is sent', async () => {
  const context = await browser.newContext({ locale: 'zh-CN' });
  const page = await context.newPage();
  const account = city.account('', 4);
  await page.goto(`${city.issuer}/sign-in?to=%2Fme`);
  await page.fill('#username', account.username);
  await page.fill('#password', account.password);
  assert.equal(await page.getAttribute('#password', 'type'), 'password');
  await page.click('button[data-shows=password]');
  assert.equal(await page.getAttribute('#password', 'type'), 'text');
  const sent = page.waitForRequest((request) => request.method() === 'POST');
  const typeWhenSent = page.evaluate(() => new Promise((resolve) => {
    const form = document.querySelector('main form');
    form.addEventListener('submit', () => resolve(document.getElementById('password').type));
  }));
  await page.click('#sign-in');
  assert.equal(await typeWhenSent, 'password');
  await sent;
  await page.waitForURL(/\/me$/);
  await context.close();
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
