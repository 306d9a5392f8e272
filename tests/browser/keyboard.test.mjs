// The chain with the keyboard alone: Tab, letters, arrows and Enter. Wherever the focus is, it can be seen.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browser, city, inSharedCity } from './city.mjs';

inSharedCity();

const tabsMax = 80;

/** Presses Tab until the element has the focus; on the way every stop must be visible and marked. */
async function tabTo(page, selector) {
  for (let turn = 0; turn < tabsMax; turn += 1) {
    const found = await page.evaluate((wanted) => {
      const element = document.activeElement;
      if (!element || element === document.body || element.id === 'content') return { here: false };
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      return {
        here: element.matches(wanted),
        name: element.outerHTML.slice(0, 120),
        marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
      };
    }, selector);
    if (found.name) assert.ok(found.marked && found.seen, `the focus cannot be seen: ${JSON.stringify(found)}`);
    if (found.here) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`no Tab leads to ${selector} on ${page.url()}`);
}

/** Goes to an element and presses Enter; waits for the page that comes. */
async function enter(page, selector, next) {
  await tabTo(page, selector);
  await page.keyboard.press('Enter');
  await page.waitForSelector(next);
}

/** The page puts the focus there by itself; a busy machine takes a moment. */
function focused(page, id) {
  return page.waitForFunction((wanted) => document.activeElement?.id === wanted, id);
}

async function signedIn(username, to) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'zh-CN' });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const account = city.facts.accounts.find((one) => one.username === username);
  await page.goto(`${city.issuer}/sign-in?to=${encodeURIComponent(to)}`);
  await focused(page, 'username');
  await page.keyboard.type(account.username);
  await page.keyboard.press('Tab');
  await focused(page, 'password');
  await page.keyboard.type(account.password);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === to).catch(async (error) => {
    throw new Error(`${username} did not get in: ${await page.textContent('main')}`, { cause: error });
  });
  return page;
}

test('apply, approve, verify, revoke and sign out with the keyboard alone', async () => {
  const citizen = city.account('', 30);
  const clerk = await signedIn('clerk-traffic', '/console');
  await enter(clerk, '#apply', 'a[href^="/console/apply/"]');
  await enter(clerk, '.licence-card a', '#number');
  await tabTo(clerk, '#number');
  await clerk.keyboard.type(citizen.identity_number);
  await clerk.keyboard.press('Enter');
  await clerk.waitForSelector('#answers, #error');
  assert.equal(await clerk.locator('#error').count(), 0, await clerk.textContent('main'));
  const fields = await clerk.locator('main form [required]').evaluateAll(
    (found) => found.map((field) => [field.id, field.type, field.labels[0].textContent]),
  );
  for (const [id, type, label] of fields) {
    await tabTo(clerk, `#${id}`);
    if (type === 'date') await clerk.keyboard.type('11012026');
    else if (type.startsWith('select')) await clerk.keyboard.press('ArrowDown');
    else await clerk.keyboard.type(label.includes('准驾车型') ? 'C1' : label.includes('档案') ? '330199012345' : '中国');
  }
  await enter(clerk, '#answers', '#answered, #error');
  assert.equal(await clerk.locator('#error').count(), 0, await clerk.textContent('main'));
  await enter(clerk, '#submit', '#application-state, #error');
  assert.equal(await clerk.locator('#error').count(), 0, await clerk.textContent('main'));

  const reviewer = await signedIn('reviewer-traffic', '/console');
  await enter(reviewer, '#waiting a', '#approve');
  await enter(reviewer, '#approve', '#licence, #identifier');
  if (await reviewer.locator('#licence').count()) await enter(reviewer, '#licence', '#identifier');
  const code = (await reviewer.textContent('#code')).replace(/\D/g, '');
  const licence = new URL(reviewer.url()).pathname;

  const counter = await signedIn('counter', '/desk');
  const verify = async (outcome) => {
    await focused(counter, 'text');
    await counter.keyboard.type(code);
    await counter.keyboard.press('Enter');
    await counter.waitForSelector('#answer');
    assert.equal(await counter.getAttribute('#answer', 'data-outcome'), outcome);
    // Only what belongs to the answer can be reached, and the field that takes the next one.
    for (let turn = 0; turn < 8; turn += 1) {
      await counter.keyboard.press('Tab');
      assert.ok(await counter.evaluate(
        () => document.activeElement === document.body || Boolean(document.activeElement.closest('#answer, #number-form')),
      ));
    }
    await tabTo(counter, '#next');
    await counter.keyboard.press('Enter');
    await counter.waitForSelector('#answer', { state: 'detached' });
  };
  await verify('valid');

  const page = await signedIn('clerk-traffic', licence);
  await enter(page, '#revoke', '#decision');
  await tabTo(page, '#reason');
  await page.keyboard.press('ArrowDown');
  await tabTo(page, '#decision');
  await page.keyboard.type('滨公交撤〔2026〕12号');
  await enter(page, '#next', '#confirm');
  await enter(page, '#go', '#revocation');
  await verify('valid');
  const second = await signedIn('reviewer-traffic', new URL(page.url()).pathname);
  await enter(second, '#approve', '#confirm');
  await enter(second, '#go', '#licence-status .is-bad');
  await second.context().close();
  await verify('invalid');

  await enter(page, 'a[href="/sign-out"]', '#logout');
  await enter(page, '#logout', '#logged-out');
  await Promise.all([clerk, reviewer, counter, page].map((one) => one.context().close()));
});

test('the first Tab skips to the content, and a wrong form leads to its mistakes', async () => {
  const page = await signedIn('clerk-traffic', '/console/apply');
  await page.keyboard.press('Tab');
  assert.ok(await page.evaluate(() => document.activeElement.classList.contains('skip')));
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
  await enter(page, '.licence-card a', '#number');
  await tabTo(page, '#number');
  await page.keyboard.type('110105194912310021');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#error');
  await enter(page, '#error a', '#number');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'number');
  const described = await page.getAttribute('#number', 'aria-describedby');
  assert.ok(described.split(' ').includes('number-error'), described);
  assert.equal(await page.getAttribute('#number', 'aria-invalid'), 'true');
  await page.context().close();
});
