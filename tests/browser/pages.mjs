// Every page in two widths and two languages: nothing beyond the edge, nothing that axe-core finds, nothing too small
// for a thumb, no heading out of order, no word in the other language, no error in the browser's console.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { allowIfAsked, browser, city, lookAt, signIn } from './city.mjs';

export async function visitor(username, language = 'zh-CN', options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: language, ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.lang = language;
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

/** Looks at one page; what is wrong with it, one line each. `act` does something there before it is looked at. */
export async function look(page, path, name, { status = 200, act } = {}) {
  page.problems.length = 0;
  const url = path.startsWith('http') ? path : city.issuer + path;
  const response = await page.goto(url);
  const wrong = [];
  if (response.status() !== status) wrong.push(`status ${response.status()}`);
  if (act) await act(page);
  await page.waitForLoadState();
  // A page that is an error by its status is reported by the console as one; that is not a fault of the page.
  wrong.push(...page.problems.filter((line) => (status === 200 && !act) || !line.includes('Failed to load resource')));
  wrong.push(...await lookAt(page, name), ...await faults(page));
  return wrong.map((line) => `${name}: ${line}`);
}

/** What holds for every page, whatever its width. */
async function faults(page) {
  const wrong = [];
  if (!(await page.title()).trim()) wrong.push('no title');
  const isOurs = page.url().startsWith(city.issuer);
  const found = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    levels: [...document.querySelectorAll('h1, h2, h3, h4')].filter((one) => one.offsetParent).map((one) => Number(one.tagName[1])),
    text: document.body.innerText,
    // What stands in the other language and does not say so: a sentence in English, or anything in Chinese.
    foreign: (() => {
      const isEnglish = document.documentElement.lang === 'en';
      const sign = isEnglish ? /[\u4e00-\u9fff]/ : /(?:[a-z]+[,.:;']? ){3}[a-z]+/;
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const foreign = [];
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const within = node.parentElement;
        if (within.closest('code, pre, script, style, option, svg, textarea, .code')) continue;
        if (within.closest('[lang]') === document.documentElement && sign.test(node.data)) foreign.push(node.data.trim());
      }
      return foreign;
    })(),
  }));
  if (isOurs && found.lang !== page.lang) wrong.push(`the page says that it is in ${found.lang}`);
  if (found.levels.filter((level) => level === 1).length !== 1) wrong.push(`first headings: ${found.levels}`);
  found.levels.forEach((level, place) => {
    if (place > 0 && level > found.levels[place - 1] + 1) wrong.push(`headings jump: ${found.levels}`);
  });
  for (const sign of ['⟨?⟩', '{name}', 'undefined']) if (found.text.includes(sign)) wrong.push(`a text is missing: ${sign}`);
  // Whoever writes programs reads what is wrong with a request in English.
  const isForProgrammers = /[\s ](A-01|E-01)\s*$/.test(found.text);
  if (isOurs && !isForProgrammers) wrong.push(...found.foreign.map((words) => `not in its language: ${words}`));
  if (isOurs && page.lang === 'en') {
    const heading = await page.locator('h1').first().innerText();
    const isName = await page.locator('h1 + .actions, #person, #organisation').count();
    if (/[\u4e00-\u9fff]/.test(heading) && !isName) wrong.push(`a Chinese heading: ${heading}`);
    // What is in the records is Chinese; our own words around it are not.
    const mixed = found.text.match(/.{0,20}[A-Za-z] ?[：，。；（）].{0,10}|.{0,20}[：，。；（）] ?[A-Za-z].{0,10}/);
    if (mixed) wrong.push(`Chinese punctuation: ${mixed[0]}`);
  }
  return wrong;
}

/** Paths of the links on a page that look like this. */
export async function links(page, path, pattern) {
  await page.goto(city.issuer + path);
  const all = await page.locator('main a[href]').evaluateAll((found) => found.map((link) => link.getAttribute('href')));
  return [...new Set(all)].filter((href) => pattern.test(href));
}

export async function everything(page, list) {
  const wrong = [];
  for (const [path, name, options] of list) wrong.push(...await look(page, path, page.lang === 'en' ? `en-${name}` : name, options));
  await page.context().close();
  assert.deepEqual(wrong, []);
}

/** The tests of every page in this language: a file each, so that both run at once. */
export function everyPageIn(language) {
  test(`the public pages, ${language}`, async () => {
    const codes = ['valid', 'suspended', 'revoked', 'expired', 'superseded'].map((state) => [
      `/V/${city.licence(state).code}`, `public-${state}`,
    ]);
    await everything(await visitor('', language), [
      ['/', 'public-home'],
      ['/find?code=abc', 'public-home-wrong', { status: 400 }],
      ['/sign-in', 'sign-in-plain'],
      ['/sign-in', 'sign-in-refused', { act: (page) => signIn(page, { username: 'nobody', password: 'nothing' }) }],
      ['/signed-out', 'signed-out'],
      ['/api', 'api'],
      ...codes,
      ['/V/123456789012345678901', 'public-unknown', { status: 404 }],
      ['/no-such-page', 'not-found', { status: 404 }],
      ['/authorize?client_id=nobody', 'authorize-error', { status: 400 }],
      ...city.facts.apps.map((app, place) => [app.url, `app-${place}`]),
    ]);
  });

  test(`a citizen's pages, ${language}`, async () => {
    const account = city.account('', language === 'en' ? 7 : 0);
    const page = await visitor(account.username, language);
    const found = await links(page, '/me/licences', /\/me\/licences\/[^/?#]+$/);
    await everything(page, [
      ['/me', 'me-home'],
      ['/me/licences', 'me-licences-list'],
      ...found.slice(0, 1).flatMap((path) => [[path, 'me-licence'], [`${path}?show=1`, 'me-licence-open']]),
      ['/me/apps', 'me-apps-none'],
      [`${city.facts.apps[0].url}/enter`, 'consent'],
      [`${city.facts.apps[0].url}/enter`, 'app-inside', { act: allowIfAsked }],
      ['/me/apps', 'me-apps'],
      ['/me/sessions', 'me-sessions'],
      ['/me/history', 'me-history'],
      ['/me/password', 'me-password'],
      ['/sign-in', 'sign-in-again'],
      ['/sign-out', 'sign-out'],
      ['/logout', 'logout'],
      ['/console', 'console-refused', { status: 403 }],
    ]);
  });

  test(`a clerk's pages, ${language}`, async () => {
    const page = await visitor('clerk-market', language);
    const types = await links(page, '/console/apply', /\/console\/apply\/[^/?#]+$/);
    const licences = await links(page, '/console/licences', /\/console\/licences\/lic_[^/?#]+$/);
    const applications = await links(page, '/console/applications', /\/console\/applications\/[^/?#]+$/);
    // Of a licence one revocation waits at most: each language has a licence of its own.
    const revoked = `${licences[language === 'en' ? 1 : 0]}/revoke`;
    const next = async () => {
      await page.selectOption('#reason', 'penalty');
      await page.fill('#decision', '滨市监吊销〔2026〕12号');
      await page.click('#next');
      await page.waitForSelector('#confirm');
    };
    const holder = async (number) => { await page.fill('#number', number); await page.click('#next'); };
    await everything(page, [
      ['/console', 'clerk-home'],
      ['/console/apply', 'clerk-apply'],
      ...types.slice(0, 1).flatMap((path) => [
        [path, 'clerk-apply-holder'],
        [path, 'clerk-apply-holder-wrong', { act: () => holder('91350100M000100Y44') }],
        [path, 'clerk-apply-fields', { act: () => holder(city.facts.issue_example.holder.credit_code) }],
        [path, 'clerk-apply-fields-wrong', {
          act: async () => {
            await holder(city.facts.issue_example.holder.credit_code);
            await page.evaluate(() => { document.querySelector('main form').noValidate = true; });
            await page.click('#answers');
            await page.waitForSelector('#error');
          },
        }],
        [path, 'clerk-apply-answers', {
          act: async () => {
            await holder(city.facts.issue_example.holder.credit_code);
            for (const [name, value] of Object.entries(city.facts.issue_example.fields)) {
              const field = page.locator(`#f_${name}`);
              if (!await field.count()) continue;
              if (await field.evaluate((one) => one.tagName === 'SELECT')) await field.selectOption(value);
              else await field.fill(value);
            }
            await page.click('#answers');
            await page.waitForSelector('#answered');
          },
        }],
      ]),
      ['/console/applications', 'clerk-applications'],
      ['/console/applications?state=returned', 'clerk-applications-none'],
      ...applications.slice(0, 1).map((path) => [path, 'clerk-application']),
      ['/console/licences', 'clerk-licences'],
      ['/console/licences', 'clerk-licences-not-found', {
        act: async () => { await page.fill('#q', '123456789012345678901'); await page.click('#find'); },
      }],
      ...licences.slice(0, 2).map((path, place) => [path, `clerk-licence-${place}`]),
      [revoked, 'clerk-revoke'],
      [revoked, 'clerk-revoke-wrong', {
        act: async () => {
          await page.evaluate(() => { document.querySelector('main form').noValidate = true; });
          await page.click('#next');
          await page.waitForSelector('#error');
        },
      }],
      [revoked, 'clerk-revoke-confirm', { act: next }],
      [revoked, 'clerk-revocation', {
        act: async () => { await next(); await page.click('#go'); await page.waitForSelector('#revocation'); },
      }],
      ['/console/revocations', 'clerk-revocations'],
      ['/console', 'clerk-home-revoking'],
      ['/console/seals', 'clerk-seals'],
    ]);
  });

  test(`a reviewer's pages and those of other staff, ${language}`, async () => {
    const page = await visitor('reviewer-market', language);
    const applications = await links(page, '/console/applications', /\/console\/applications\/[^/?#]+$/);
    const revocations = await links(page, '/console/revocations', /\/console\/revocations\/[^/?#]+$/);
    await everything(page, [
      ['/console', 'reviewer-home'],
      ...applications.slice(0, 2).map((path, place) => [path, `reviewer-application-${place}`]),
      ...revocations.slice(0, 1).flatMap((path) => [
        [path, 'reviewer-revocation'],
        [path, 'reviewer-revocation-confirm', {
          act: async () => { await page.click('#approve'); await page.waitForSelector('#confirm'); },
        }],
      ]),
    ]);
    for (const username of ['operator', 'auditor', 'keeper', 'counter']) {
      await everything(await visitor(username, language), [['/console', `${username}-home`]]);
    }
    await everything(await visitor('auditor', language), [['/desk/receipts', 'receipts']]);
    const operator = await visitor('operator', language);
    const citizen = city.account('', 9);
    const find = async () => { await operator.fill('#q', citizen.username); await operator.click('#find'); };
    const openAccount = async () => { await find(); await operator.click('#accounts a'); };
    const ask = (name) => async () => { await operator.fill(`#${name}-reason`, '8'); await operator.click(`#${name}`); };
    const rename = async () => { await operator.fill('#to', '李娜'); await ask('rename')(); };
    const [client] = await links(operator, '/operator/clients', /\/operator\/clients\/[^/?#]+$/);
    const [department] = await links(operator, '/operator/organisations', /\/operator\/organisations\/org_[^/?#]+$/);
    await everything(operator, [
      ['/operator/calendar', 'operator-calendar'],
      ['/operator/keys', 'operator-keys'],
      ['/operator/people', 'operator-people'],
      ['/operator/people', 'operator-person', { act: find }],
      ['/operator/people', 'operator-account', { act: openAccount }],
      ['/operator/people', 'operator-account-confirm', { act: async () => { await openAccount(); await ask('lock')(); } }],
      ['/operator/people', 'operator-account-wrong', { act: async () => { await openAccount(); await rename(); } }],
      ['/operator/clients', 'operator-clients'],
      [client, 'operator-client'],
      [client, 'operator-client-wrong', {
        act: async () => { await operator.fill('#reason', '8'); await operator.fill('#scopes', 'all'); await operator.click('#edit'); },
      }],
      [client, 'operator-client-confirm', { act: ask('secret') }],
      ['/operator/organisations', 'operator-organisations'],
      [department, 'operator-organisation'],
      ['/operator/proposals', 'operator-proposals'],
      ['/operator/backups', 'operator-backups'],
      ['/operator/requests', 'operator-requests'],
      ['/operator/requests?request=req_1', 'operator-requests-wrong', { status: 422 }],
    ]);
    const keeper = await visitor('keeper', language);
    const [seal] = await links(keeper, '/console/seals', /\/console\/seals\/sea_[^/?#]+$/);
    const keep = (name, reason) => async () => {
      await keeper.evaluate(() => { for (const form of document.querySelectorAll('main form')) form.noValidate = true; });
      await keeper.fill(`#${name}-reason`, reason);
      await keeper.click(`#${name}`);
    };
    await everything(keeper, [
      ['/console/seals', 'keeper-seals'],
      ['/console/seals', 'keeper-seals-confirm', { act: keep('official', '8') }],
      [seal, 'keeper-seal'],
      [seal, 'keeper-seal-confirm', { act: keep('freeze', '8') }],
      [seal, 'keeper-seal-wrong', { act: keep('cancel', ' ') }],
    ]);
    const counter = await visitor('counter', language);
    const identify = async () => { await counter.fill('#number', citizen.identity_number); await counter.click('#find'); };
    const file = async () => { await counter.click('#file'); };
    await everything(counter, [
      ['/desk/receipts', 'receipts-none'],
      ['/desk', 'desk-compared', {
        act: async () => {
          await counter.fill('#text', city.licence('valid').code);
          await counter.keyboard.press('Enter');
          await counter.waitForSelector('#holder-form');
          await counter.keyboard.press('F4');
          await counter.waitForSelector('#holder-said:not([hidden])');
        },
      }],
      ['/desk/receipts', 'receipts-of-today'],
      ['/desk/resets', 'resets'],
      ['/desk/resets', 'resets-not-found', { act: async () => { await counter.fill('#number', '1'); await counter.click('#find'); } }],
      ['/desk/resets', 'resets-found', { act: identify }],
      ['/desk/resets', 'resets-wrong', {
        act: async () => { await identify(); await counter.selectOption('#document', 'identity_card'); await file(); },
      }],
      ['/desk/contact', 'contact'],
      ['/desk/contact', 'contact-found', { act: identify }],
      ['/desk/contact', 'contact-wrong', {
        act: async () => { await identify(); await counter.click('#change'); },
      }],
    ]);
  });
}
