// What two people do together, in Chromium: a forgotten password at the counter, another address for an application, and a
// seal that is stopped and goes on.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { browser, city, inSharedCity, lookAt, signIn } from './city.mjs';

inSharedCity();

const chosen = 'lanterns along the river at dusk';

async function visitor(language = 'zh-CN') {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: language });
  context.setDefaultTimeout(15_000);
  return context.newPage();
}

async function signedIn(username, to, language) {
  const page = await visitor(language);
  await page.goto(`${city.issuer}/sign-in?to=${encodeURIComponent(to)}`);
  await signIn(page, city.facts.accounts.find((one) => one.username === username));
  await page.waitForURL((url) => url.pathname === to);
  return page;
}

/** Keeps a picture, and refuses what cannot be used on a phone or read aloud. */
async function look(page, name) {
  assert.deepEqual(await lookAt(page, name), [], name);
}

// The last citizen: nobody else's password is changed by a test.
const citizenOf = (place) => city.facts.accounts.filter((account) => account.roles.length === 0).at(place);

for (const [language, place] of [['zh-CN', -1], ['en', -2]]) {
  const name = (of) => (language === 'en' ? `en-${of}` : of);

  test(`a password is forgotten, two people at the counter give another one, and its owner is in, ${language}`, async () => {
    const citizen = citizenOf(place);
    const owner = await visitor(language);
    await owner.goto(`${city.issuer}/sign-in?to=%2Fme`);
    assert.match(await owner.textContent('main'), language === 'en' ? /two members of staff/ : /两名工作人员/);

    const first = await signedIn('counter', '/desk', language);
    await first.click('#resets');
    await first.fill('#number', ` ${citizen.identity_number.slice(0, 6)} ${citizen.identity_number.slice(6)}`);
    await first.click('#find');
    assert.ok((await first.textContent('#found')).includes(citizen.name));
    await first.selectOption('#document', 'identity_card');
    await first.check('#compared');
    await first.click('#file');
    await first.waitForSelector('#withdraw');
    assert.equal(await first.locator('#approve').count(), 0, 'nobody approves what they filed');
    await look(first, name('reset-filed'));

    const second = await signedIn('counter-2', '/desk', language);
    await second.click('#resets');
    await second.click('#resets tbody tr:first-child a');
    await look(second, name('reset-to-approve'));
    await second.check('#compared');
    await second.click('#approve');
    const password = (await second.textContent('#first-password')).trim();
    assert.equal((await second.textContent('#first-account')).trim(), citizen.username);
    await look(second, name('reset-handed-over'));
    await second.reload().catch(() => {});
    assert.ok(!(await second.content()).includes(password), 'it is shown once');

    // The number instead of the name, as it stands on the card.
    await signIn(owner, { username: citizen.identity_number, password });
    await owner.fill('#new', `${citizen.name}${citizen.identity_number}`);
    await owner.click('main form button.is-primary');
    assert.ok(await owner.locator('#error, .field-error').count(), 'what everybody knows of me is no password');
    await owner.fill('#new', chosen);
    await owner.click('main form button.is-primary');
    await owner.waitForURL('**/me');
    for (const page of [owner, first, second]) await page.context().close();
  });

  test(`an operator gives an application another address and another one approves it, ${language}`, async () => {
    const one = await signedIn('operator', '/console', language);
    await one.click('#clients');
    await one.fill('#id', city.client((client) => client.redirect_uris.length > 0).client_id);
    await one.click('#open');
    await one.waitForSelector('#redirect_uris');
    const client = one.url();
    const before = await one.inputValue('#redirect_uris');
    const added = `https://${language.toLowerCase()}.example.gov.cn/callback`;
    await one.fill('#redirect_uris', `${before}\n${added}`);
    await one.fill('#reason', '8');
    await one.click('#edit');
    assert.ok((await one.textContent('#changes')).includes(added));
    await look(one, name('client-change'));
    await one.click('#go');
    await one.waitForSelector('#done');
    assert.equal(await one.inputValue('#redirect_uris'), before, 'nothing changes until it is approved');
    await one.click('.notice.is-warning a');
    assert.equal(await one.locator('#approve').count(), 0);
    await look(one, name('proposal-own'));

    const two = await signedIn('operator-2', '/console', language);
    await two.click('#proposals');
    await look(two, name('proposals'));
    await two.click('#proposals tbody tr:first-child a');
    await look(two, name('proposal-to-approve'));
    await two.click('#approve');
    await two.waitForSelector('#proposal');
    await two.goto(client);
    assert.ok((await two.inputValue('#redirect_uris')).includes(added));

    // Less is one operator's matter.
    await two.fill('#redirect_uris', before);
    await two.fill('#reason', '8');
    await two.click('#edit');
    await two.click('#go');
    await two.waitForSelector('#done');
    assert.equal(await two.inputValue('#redirect_uris'), before);
    for (const page of [one, two]) await page.context().close();
  });

  test(`a keeper freezes a seal, and an operator approves that it goes on, ${language}`, async () => {
    const reason = language === 'en' ? 'Handed over to a colleague' : '印章管理员交接';
    const keeper = await signedIn('keeper-social', '/console', language);
    await look(keeper, name('keeper-home'));
    await keeper.click('#seals tbody tr:first-child a');
    await keeper.fill('#freeze-reason', reason);
    await keeper.click('#freeze');
    assert.match(await keeper.textContent('#confirm'), language === 'en' ? /can seal and issue no licence/ : /不能盖章签发证照/);
    await look(keeper, name('keeper-freeze'));
    await keeper.click('#go');
    await keeper.waitForSelector('#done');
    assert.ok((await keeper.textContent('#seal-state')).includes(reason));
    await look(keeper, name('keeper-frozen'));
    await keeper.fill('#unfreeze-reason', reason);
    await keeper.click('#unfreeze');
    await keeper.click('#go');
    await keeper.waitForSelector('#done');
    assert.equal(await keeper.locator('#unfreeze').count(), 0, 'it is proposed once');
    await look(keeper, name('keeper-unfreeze-proposed'));

    const operator = await signedIn('operator', '/console', language);
    await operator.click('#proposals');
    const line = await operator.textContent('#proposals tbody tr:first-child');
    assert.ok(line.includes('社会保障局') && !/sea_|org_|stf_/.test(line), 'an operator reads names');
    await operator.click('#proposals tbody tr:first-child a');
    await look(operator, name('seal-to-approve'));
    await operator.click('#approve');
    await operator.waitForSelector('#proposal');
    await keeper.reload();
    assert.ok(await keeper.locator('#freeze').count(), 'it seals again');
    assert.ok((await keeper.textContent('#history li:last-child')).includes(reason));
    for (const page of [keeper, operator]) await page.context().close();
  });
}
