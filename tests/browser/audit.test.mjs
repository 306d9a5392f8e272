// The auditor's pages in Chromium: who looked at a person, one entry after the other, whether the log is whole, and the
// same as a file.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { browser, city, inSharedCity, lookAt, signIn } from './city.mjs';

inSharedCity();

async function signedIn(username, to, language) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: language });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  await page.goto(`${city.issuer}/sign-in?to=${encodeURIComponent(to)}`);
  await signIn(page, city.facts.accounts.find((one) => one.username === username));
  await page.waitForURL((url) => url.pathname === to);
  return page;
}

/** Keeps a picture, and refuses what cannot be used on a phone or read aloud. */
async function look(page, name) {
  assert.deepEqual(await lookAt(page, name), [], name);
}

/** A clerk finds a citizen who holds a licence of the department, and opens it. */
async function clerkLooks(language) {
  const clerk = await signedIn('clerk-traffic', '/console', language);
  for (const citizen of city.facts.accounts.filter((account) => account.roles.length === 0)) {
    await clerk.fill('#q', citizen.identity_number);
    await clerk.click('#find');
    const licence = clerk.locator('main a[href^="/console/licences/lic_"]').first();
    if (await licence.count()) await licence.click();
    const [licence_id] = clerk.url().match(/lic_\w+/) ?? [];
    if (licence_id) {
      await clerk.context().close();
      return { citizen, licence_id };
    }
    await clerk.goto(`${city.issuer}/console`);
  }
  throw new Error('no citizen holds a licence of this department');
}

for (const language of ['zh-CN', 'en']) {
  const isEnglish = language === 'en';
  const name = (of) => (isEnglish ? `en-${of}` : of);
  const words = (zh, en) => (isEnglish ? en : zh);

  test(`an auditor sees who looked at a person, opens an entry, sees that no entry is missing and exports it, ${language}`, async () => {
    const { citizen, licence_id } = await clerkLooks(language);
    const clerkName = city.facts.accounts.find((one) => one.username === 'clerk-traffic').name;
    const auditor = await signedIn('auditor', '/console', language);
    await auditor.click('#audit');
    assert.match(await auditor.textContent('#state'), words(/还没有审计过.*没有缺失或改动/s, /Not audited yet.*none is missing, none was changed/s));
    await look(auditor, name('audit-home'));

    // Nobody: the number is not repeated in full.
    await auditor.fill('#q', 'nobody.at.all');
    await auditor.click('#find');
    assert.match(await auditor.textContent('#error'), words(/没有找到/, /Nobody and nothing was found/));
    await look(auditor, name('audit-nothing'));

    await auditor.fill('#q', citizen.identity_number);
    await auditor.click('#find');
    await auditor.waitForSelector('#looks');
    assert.ok(!auditor.url().includes(citizen.identity_number), 'a number of a person stands in no address');
    assert.ok((await auditor.textContent('h1')).includes(citizen.name));
    const seen = await auditor.textContent('#looks');
    assert.ok(seen.includes(clerkName) && seen.includes(words('查看证照', 'Licence looked at')), seen);
    await look(auditor, name('audit-person'));

    // From the licence that was looked at to everything that happened to it, and to what that clerk did.
    await auditor.click(`#licences a[href*="${licence_id}"]`);
    await auditor.waitForSelector('#entries');
    assert.ok((await auditor.textContent('#entries')).includes(words('签发', 'ssued')));
    await look(auditor, name('audit-licence'));
    await auditor.locator('#entries a', { hasText: clerkName }).first().click();
    await auditor.waitForURL(/actor=stf_/);
    assert.ok((await auditor.textContent('h1')).includes(clerkName));
    await look(auditor, name('audit-actor'));
    // One request is one act: its number leads to all that was written down in it.
    await auditor.locator('#entries a[href*="request="]').first().click();
    await auditor.waitForURL(/request=req_/);
    const request = new URL(auditor.url()).searchParams.get('request');
    assert.ok(await auditor.locator('#entries tbody tr').count());
    await look(auditor, name('audit-request'));

    const [file] = await Promise.all([auditor.waitForEvent('download'), auditor.click('#export')]);
    assert.equal(file.suggestedFilename(), 'audit.csv');
    const text = readFileSync(await file.path(), 'utf8');
    assert.ok(text.startsWith(words('\ufeff"序号"', '\ufeff"Number"')), text.slice(0, 40));
    assert.ok(text.includes(request) && text.includes(clerkName), text);

    // The same number, as somebody reads it out.
    await auditor.goto(`${city.issuer}/audit`);
    await auditor.fill('#q', ` ${request.toLowerCase()} `);
    await auditor.click('#find');
    await auditor.waitForURL(new RegExp(`request=${request}`));
    // That the auditor looked is written down too.
    await auditor.goto(`${city.issuer}/audit/entries`);
    assert.ok((await auditor.textContent('#entries')).includes(words('查阅日志', 'Log read')));

    // Of one kind, and about whoever has a number: it stands in no address.
    await auditor.selectOption('#kind', 'log.read');
    await auditor.fill('#object', citizen.identity_number);
    await auditor.click('#filter');
    await auditor.waitForURL(/kind=log\.read&object=per_/);
    assert.ok((await auditor.textContent('#entries')).includes(words('查阅日志', 'Log read')));
    assert.equal(await auditor.inputValue('#kind'), 'log.read');
    await look(auditor, name('audit-filter'));
    await auditor.context().close();
  });

  test(`an operator finds what happened in a request by the number of a page that went wrong, ${language}`, async () => {
    const operator = await signedIn('operator', '/console', language);
    await operator.goto(`${city.issuer}/no-such-page`);
    const number = (await operator.textContent('#request-id')).trim();
    await operator.goto(`${city.issuer}/console`);
    await operator.click('#requests');
    await operator.fill('#request', number.toLowerCase());
    await operator.click('#find');
    assert.match(await operator.textContent('main'), words(/没有改变任何东西/, /it changed nothing/));
    await look(operator, name('request-nothing'));
    await operator.fill('#request', 'req_1');
    await operator.click('#find');
    await operator.waitForSelector('#error');
    await look(operator, name('request-wrong'));
    // What an operator did leaves something.
    const response = await operator.goto(`${city.issuer}/operator/requests?request=${number}`);
    const own = response.headers()['x-request-id'];
    await operator.fill('#request', own);
    await operator.click('#find');
    const row = operator.locator('#entries tbody tr').first();
    assert.match(await row.textContent(), words(/查阅日志/, /Log read/));
    await look(operator, name('request-found'));
    await row.locator('a[href^="/operator/people/"]').click();
    await operator.waitForURL(/\/operator\/people\/per_/);
    await operator.context().close();
  });
}
