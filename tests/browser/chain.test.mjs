// The whole chain as people walk it, in Chromium: one login, a licence applied for, approved and sealed, shown on a
// phone, checked by a camera at the counter, revoked, checked again, and one logout.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { film } from './camera.mjs';
import { allowIfAsked, browser, city, inSharedCity, picture, signIn, startBrowser, until } from './city.mjs';

let counterBrowser;
const folder = mkdtempSync(join(tmpdir(), 'guosuo-film-'));

inSharedCity();
after(async () => {
  await counterBrowser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Two cores and a busy machine: long, but not for ever. */
const waitMax = 15_000;
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, locale: 'zh-CN' };

test('one login, a licence from application to seal, 有效 by camera, revoked, 无效 by camera, one logout', async (t) => {
  const citizen = await someoneWithoutDrivingLicence();
  const mine = await browser.newContext(phone);
  mine.setDefaultTimeout(waitMax);
  const me = await mine.newPage();
  const [property, social] = city.facts.apps;

  await step(t, 'a citizen logs in at app one and walks into app two without a prompt', async () => {
    await me.goto(property.url);
    await picture(me, 'app-property-welcome');
    await me.click('#enter');
    await picture(me, 'sign-in');
    await signIn(me, citizen);
    if (await me.locator('#allow').count()) await picture(me, 'consent');
    await allowIfAsked(me);
    assert.equal(await me.textContent('#who'), citizen.name);
    await picture(me, 'app-property-inside');
    const pages = [];
    me.on('response', (response) => { if (response.request().isNavigationRequest()) pages.push(response); });
    await me.click('#to-social');
    await me.waitForSelector('#who');
    assert.ok(me.url().startsWith(social.url), me.url());
    assert.equal(await me.textContent('#who'), citizen.name);
    for (const page of pages.slice(0, -1)) assert.ok(page.status() >= 300 && page.status() < 400, `a prompt at ${page.url()}`);
    me.removeAllListeners('response');
    await picture(me, 'app-social-inside');
  });

  const clerk = await staff('clerk-traffic');
  const reviewer = await staff('reviewer-traffic');
  let licencePage;

  await step(t, 'a clerk applies', async () => {
    await clerk.goto(`${city.issuer}/console/apply`);
    await picture(clerk, 'console-apply-choose');
    await clerk.click('a:has-text("机动车驾驶证")');
    await picture(clerk, 'console-apply-holder');
    await clerk.fill('#number', citizen.identity_number);
    await clerk.click('#next');
    assert.ok((await clerk.textContent('#holder-name')).includes(citizen.name.slice(-1)));
    await fillIn(clerk);
    await picture(clerk, 'console-apply-fields');
    await clerk.click('#answers');
    await clerk.waitForSelector('#answered, #error');
    assert.equal(await clerk.locator('#error').count(), 0, await clerk.textContent('main'));
    assert.equal(await clerk.locator('#preview svg').count(), 1);
    await picture(clerk, 'console-apply-answers');
    await clerk.click('#submit');
    assert.equal(await clerk.locator('#error').count(), 0, await clerk.textContent('main'));
    await clerk.waitForSelector('#application-state');
    assert.equal(await clerk.locator('#approve').count(), 0, 'nobody approves what he applied for');
    await picture(clerk, 'console-application-own');
  });

  await step(t, 'another person approves, and the licence is issued', async () => {
    await reviewer.goto(`${city.issuer}/console`);
    await picture(reviewer, 'console-home');
    await reviewer.goto(clerk.url());
    await picture(reviewer, 'console-application-review');
    await reviewer.click('#approve');
    if (await reviewer.locator('#licence').count()) await reviewer.click('#licence');
    await reviewer.waitForSelector('#identifier');
    licencePage = reviewer.url();
    await picture(reviewer, 'console-licence');
  });

  const video = join(folder, 'phone.y4m');

  await step(t, 'the citizen shows the code on the phone', async () => {
    await me.goto(`${city.issuer}/me/licences`);
    await picture(me, 'me-licences');
    await me.click('a:has-text("机动车驾驶证")');
    await me.waitForSelector('.qr svg');
    await picture(me, 'me-licence-show');
    await film(browser, await me.locator('.qr').first().screenshot(), video);
  });

  counterBrowser = await startBrowser({ video });
  const counter = await signedIn(counterBrowser, city.facts.accounts.find((one) => one.roles.includes('counter')));

  await step(t, 'the counter scans it: 有效', async () => {
    await scan(counter, { start: true });
    assert.equal(await counter.getAttribute('#answer', 'data-outcome'), 'valid', await counter.textContent('#answer'));
    assert.match(await counter.textContent('#outcome'), /有效/);
    assert.ok((await counter.textContent('#receipt')).trim().length > 5);
    await picture(counter, 'desk-valid');
  });

  await step(t, 'the clerk files a revocation, and another person approves it', async () => {
    await clerk.goto(licencePage);
    await clerk.click('#revoke');
    await clerk.selectOption('#reason', 'fraud');
    await clerk.fill('#decision', '滨政撤〔2026〕12号');
    await clerk.click('#next');
    assert.match(await clerk.textContent('#confirm'), /不能恢复/);
    await picture(clerk, 'console-revoke-confirm');
    await clerk.click('#go');
    await clerk.waitForSelector('#revocation');
    await picture(clerk, 'console-revocation-waits');
    await reviewer.goto(clerk.url());
    await picture(reviewer, 'console-revocation-review');
    await reviewer.click('#approve');
    assert.match(await reviewer.textContent('#confirm'), /不能恢复/);
    await reviewer.click('#go');
    await reviewer.waitForSelector('#licence-status');
    await clerk.goto(licencePage);
    assert.match(await clerk.textContent('#licence-status'), /撤销|吊销|注销/);
    await picture(clerk, 'console-licence-revoked');
  });

  await step(t, 'the counter scans again: 无效, with the reason', async () => {
    await scan(counter);
    assert.equal(await counter.getAttribute('#answer', 'data-outcome'), 'invalid', await counter.textContent('#answer'));
    assert.match(await counter.textContent('#outcome'), /无效/);
    assert.match(await counter.textContent('#answer'), /欺骗|撤销/);
    await picture(counter, 'desk-invalid');
  });

  await step(t, 'one logout ends all three', async () => {
    await me.goto(property.url);
    await me.click('#logout');
    if (!(await me.locator('#signed-out').count())) {
      await picture(me, 'logout-confirm');
      await me.click('#logout');
    }
    await me.waitForSelector('#signed-out');
    await picture(me, 'app-property-signed-out');
    for (const app of [property, social]) {
      await until(`${app.name} to forget the visitor`, waitMax, async () => {
        await me.goto(app.url);
        return (await me.locator('#who').count()) === 0;
      });
    }
    await me.goto(`${city.issuer}/me`);
    assert.ok(await me.locator('#password').count(), 'the provider asks again');
    await mine.close();
  });
});

/** One step of the walk: what follows a step that failed would only fail after it. */
async function step(t, name, walk) {
  t.diagnostic(name);
  try {
    await walk();
  } catch (error) {
    error.message = `${name}: ${error.message}`;
    throw error;
  }
}

/** Somebody who holds nothing of the type that this test issues. */
async function someoneWithoutDrivingLicence() {
  for (let place = 20; place < 40; place += 1) {
    const account = city.account('', place);
    const page = await signedIn(browser, account);
    await page.goto(`${city.issuer}/me/licences`);
    const text = await page.textContent('main');
    await page.context().close();
    if (!text.includes('机动车驾驶证')) return account;
  }
  throw new Error('everybody drives');
}

function staff(username) {
  return signedIn(browser, city.facts.accounts.find((one) => one.username === username));
}

async function signedIn(where, account) {
  const context = await where.newContext({ viewport: { width: 1280, height: 900 }, locale: 'zh-CN' });
  context.setDefaultTimeout(waitMax);
  const page = await context.newPage();
  await page.goto(`${city.issuer}/sign-in?to=%2Fme`);
  await signIn(page, account);
  await page.waitForURL('**/me');
  return page;
}

/** What only some characters are allowed in. */
const sample = { 准驾车型: 'C1', 档案编号: '330199012345', 国籍: '中国' };

/** Fills in every field that is required and empty with something that its kind allows. */
async function fillIn(page) {
  for (const field of await page.locator('main form [required]').all()) {
    if (await field.inputValue()) continue;
    const tag = await field.evaluate((element) => element.tagName);
    const kind = await field.getAttribute('type');
    if (tag === 'SELECT') await field.selectOption({ index: 1 });
    else if (kind === 'date') await field.fill('2026-11-01');
    else {
      const name = await field.evaluate((element) => element.labels[0]?.textContent ?? '');
      const known = Object.keys(sample).find((part) => name.includes(part));
      await field.fill(known ? sample[known] : '滨江市临江区临江路1号');
    }
  }
}

/** Lets the camera look. The page remembers that it was on, so it is started by hand only once. */
async function scan(page, { start = false } = {}) {
  await page.goto(`${city.issuer}/desk`);
  if (start) await page.click('#camera');
  await page.waitForSelector('#answer', { timeout: 30_000 });
}
