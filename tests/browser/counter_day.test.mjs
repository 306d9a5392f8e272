// A day at the counter: people come one after the other, each with a licence of their own, and what they show is read by
// scanners of four kinds, by the camera, from files and by hand. The server hangs twice, and the session ends once. Nothing
// that was scanned is lost, nobody sees the answer of somebody else, and every outcome is spoken, written and heard.
//
// SCANS says how many come; `SCANS=200 node --test tests/browser/counter_day.test.mjs` is a long day.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { film } from './camera.mjs';
import { city, inSharedCity, signIn, startBrowser } from './city.mjs';

const SCANS = Number(process.env.SCANS ?? 40);
const OUTCOMES = { valid: 'valid', suspended: 'invalid', revoked: 'invalid', expired: 'invalid', superseded: 'invalid' };

inSharedCity();

let page;
let counterBrowser;
/** Verifications that the server answered, as it was asked: what was shown is held against it. */
let asked;
/** What the server does with the next verification. */
let server = 'answers';

test(`a counter clerk's day of ${SCANS} scans: none is lost, none is shown to the wrong person, all are spoken and written`, async (t) => {
  const people = Object.keys(OUTCOMES).flatMap((status) => city.facts.licences.filter((one) => one.status === status));
  const folder = mkdtempSync(join(tmpdir(), 'guosuo-day-'));
  const seen = [];
  try {
    await openTheDesk(folder, people);
    const ways = Object.entries(WAYS);
    for (let place = 0; place < SCANS; place += 1) {
      const [name, go] = ways[place % ways.length];
      // In an order of its own, so that each way meets every outcome in the course of the day.
      const person = people[(place * 7 + Math.floor(place / ways.length)) % people.length];
      await step(t, `${place + 1} ${name} ${person.status}`, async () => {
        const after = await HAPPENINGS[place]?.(people[(place + 3) % people.length]);
        const shown = await go(person) ?? person;
        const behind = await after?.(shown) ?? [];
        for (const one of [shown, ...behind]) {
          seen.push(await answered(one, seen));
          // Half of the time somebody scans the next one without pressing anything.
          if (behind.length > 0 || place % 2 === 0) await page.keyboard.press('Enter');
        }
      });
    }
    assert.equal(seen.length, SCANS + EXTRA);
    assert.equal(new Set(seen).size, seen.length, 'each has a receipt of its own');
    assert.equal(asked.filter((status) => status === 200).length, seen.length, 'and each was verified once');
    await step(t, 'one key away are the receipts of today', async () => {
      await page.keyboard.press('F8');
      await page.waitForURL('**/desk/receipts');
      const listed = await receiptsOfToday();
      assert.deepEqual(seen.filter((receipt) => !listed.includes(receipt)), [], 'every scan is there');
    });
  } finally {
    await counterBrowser?.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** One step of the day: what follows one that failed would only fail after it. */
async function step(t, name, walk) {
  t.diagnostic(name);
  try {
    await walk();
  } catch (error) {
    error.message = `${name}: ${error.message}`;
    throw error;
  }
}

/** The desk, as a counter clerk has it in the morning; its camera sees the first person's code. */
async function openTheDesk(folder, people) {
  const video = join(folder, 'code.y4m');
  counterBrowser = await startBrowser();
  const first = await signedIn(counterBrowser);
  await first.fill('#text', people[0].code);
  await first.keyboard.press('Enter');
  await first.click('#receipt');
  const code = await first.locator('.qr').screenshot();
  await film(counterBrowser, code, video);
  await counterBrowser.close();
  counterBrowser = await startBrowser({ video });
  page = await signedIn(counterBrowser);
  page.photo = code;
  page.filmed = people[0];
  asked = [];
  await page.route(/\/desk(?:\/file)?$/, async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    if (server === 'hangs') return undefined;
    await server;
    // A file takes its time on a busy machine, and nobody is to be told of that here.
    const isFile = route.request().url().endsWith('/file');
    if (isFile) await page.clock.pauseAt(await page.evaluate(() => Date.now() + 10));
    const response = await route.fetch({ maxRedirects: 0 }).catch(() => null);
    if (!response) return undefined;
    asked.push(response.status());
    await route.fulfill({ response });
    if (isFile) await page.clock.resume();
    return undefined;
  });
}

async function signedIn(where) {
  const context = await where.newContext({ viewport: { width: 1280, height: 900 }, locale: 'zh-CN' });
  context.setDefaultTimeout(15_000);
  await context.clock.install();
  await context.addInitScript(() => {
    globalThis.notes = [];
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
      globalThis.notes.push(this.frequency.value);
      return start.apply(this, when);
    };
    // Everything that is said to a screen reader, in order.
    globalThis.said = [];
    document.addEventListener('DOMContentLoaded', () => {
      const spoken = document.getElementById('spoken');
      if (!spoken) return;
      new MutationObserver(() => { if (spoken.textContent.trim()) globalThis.said.push(spoken.textContent.trim()); })
        .observe(spoken, { childList: true, characterData: true, subtree: true });
    });
  });
  const opened = await context.newPage();
  await opened.goto(`${city.issuer}/sign-in?to=%2Fdesk`);
  await signIn(opened, city.facts.accounts.find((one) => one.username === 'counter'));
  await opened.waitForURL('**/desk');
  return opened;
}

const address = (person) => `${city.issuer.toUpperCase()}/V/${person.code}`;

/** The page's clock stands still, so that keys are as quick or slow as said, however slow this machine is. */
async function atPace(gap, type) {
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000));
  await type(async () => { if (gap) await page.clock.runFor(gap); });
  await page.clock.resume();
}

/** A scanner that types like a keyboard. */
async function keys(text, { gap = 0, last = 'Enter' } = {}) {
  await atPace(gap, async (wait) => {
    for (const character of text) {
      await page.keyboard.type(character);
      await wait();
    }
    if (last) await page.keyboard.press(last);
  });
}

/** What an input method makes of the keys of a scanner: something else in the field, and its own Enter. */
async function throughAnInputMethod(text) {
  await page.evaluate((typed) => {
    const field = document.getElementById('text');
    const key = (code) => field.dispatchEvent(new KeyboardEvent('keydown', {
      key: 'Process', code, bubbles: true, cancelable: true, isComposing: true, shiftKey: /Semicolon|^Key/.test(code),
    }));
    const codes = { ':': 'Semicolon', '/': 'Slash', '.': 'Period', '-': 'Minus' };
    field.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
    for (const character of typed) {
      key(/\d/.test(character) ? `Digit${character}` : codes[character] ?? `Key${character.toUpperCase()}`);
      if (/[A-Z]/.test(character)) field.value += character === 'H' ? '好' : '';
    }
    key('Enter');
    field.value = '好题评审';
    field.dispatchEvent(new CompositionEvent('compositionend', { data: '好题评审', bubbles: true }));
  }, text);
}

const WAYS = {
  'keys and Enter': (person) => keys(person.code),
  'the address in keys, and Tab': (person) => keys(address(person), { last: 'Tab' }),
  'text without keys': (person) => page.keyboard.insertText(person.code),
  'text put into the field, which nobody is told of': (person) => page.evaluate((code) => {
    document.getElementById('text').value = code;
  }, person.code),
  'slow keys and Enter': (person) => keys(person.code, { gap: 180 }),
  'slow keys without Enter': (person) => keys(person.code, { gap: 250, last: null }),
  'keys without Enter': (person) => keys(address(person), { last: null }),
  'keys through an input method': (person) => throughAnInputMethod(address(person)),
  'a text that is pasted': (person) => page.locator('#text').evaluate((field, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text', text);
    const isLeft = field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    if (isLeft) document.execCommand('insertText', false, text);
  }, address(person)),
  'the identifier by hand': async (person) => { await page.keyboard.type(person.identifier); await page.keyboard.press('Enter'); },
  'digits in groups by hand': async (person) => {
    await page.keyboard.type(person.code.replace(/(\d{4})(?=\d)/g, '$1 '));
    await page.keyboard.press('Enter');
  },
  'a file': (person) => page.setInputFiles('#file', { name: 'licence.pdf', mimeType: 'application/pdf', buffer: readFileSync(person.pdf_path) }),
  'keys while a button has the focus': async (person) => {
    await page.locator('#next:visible, #sound:visible').first().focus();
    await keys(address(person));
  },
  'a photograph': async () => {
    await page.setInputFiles('#file', { name: 'photo.png', mimeType: 'image/png', buffer: page.photo });
    return page.filmed;
  },
  'the camera': async () => {
    if (await page.locator('#answer').count()) await page.keyboard.press('Enter');
    await page.click('#camera');
    await page.waitForSelector('#answer');
    await page.evaluate(() => document.getElementById('camera').click());
    return page.filmed;
  },
};

/** What goes wrong in the course of the day, and at which scan. Each gives what happens after that scan, which says who else
    is answered then. */
const HAPPENINGS = {
  4: theNextOneComesTooSoon, 10: theServerHangs, 16: theSessionEnds, 22: theNextOneComesTooSoon, 31: theServerHangs,
};
const EXTRA = Object.entries(HAPPENINGS).filter(([place, one]) => place < SCANS && one === theNextOneComesTooSoon).length;

const NOTES = { valid: [660, 880], invalid: [330, 196], trouble: [220, 220, 220] };

/** How a code or an identifier is shown to whoever scanned it. */
const grouped = (person) => person.code.replace(/(\d{4})(?=\d)/g, '$1 ');

/** Says that something is told: it is written where everybody sees it, said to screen readers, and heard. */
async function told(pattern) {
  await page.waitForFunction((source) => new RegExp(source).test(document.getElementById('desk-problem').textContent), pattern.source);
  assert.ok(await page.locator('#desk-problem').isVisible());
  assert.match((await spoken()).join(' '), pattern);
  assert.deepEqual(await heard(), NOTES.trouble);
  assert.equal(await page.locator('#answer').count(), 0, 'without an answer nothing is valid');
}

const spoken = () => page.evaluate(() => globalThis.said.splice(0));
const heard = () => page.evaluate(() => globalThis.notes.splice(0));

async function theServerHangs() {
  server = 'hangs';
  return async (person) => {
    await page.waitForFunction(() => /正在核验/.test(document.getElementById('desk-state').textContent));
    await page.clock.fastForward(3000);
    await told(/3 秒没有应答/);
    assert.ok((await page.textContent('#desk-problem')).includes(grouped(person)), 'the text is kept');
    server = 'answers';
    await page.keyboard.press('Enter');
  };
}

async function theSessionEnds() {
  await page.context().clearCookies({ name: 'guosuo' });
  return async (person) => {
    await told(/登录已结束/);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/sign-in?*');
    await signIn(page, city.facts.accounts.find((one) => one.username === 'counter'));
    await page.waitForURL('**/desk');
    assert.ok((await page.textContent('#waiting')).includes(grouped(person)), 'the text was kept');
    await page.keyboard.press('Enter');
  };
}

/** Somebody else's code is scanned while this one is checked. */
async function theNextOneComesTooSoon(other) {
  let release;
  server = new Promise((done) => { release = done; });
  return async () => {
    await page.waitForFunction(() => /正在核验/.test(document.getElementById('desk-state').textContent));
    await page.keyboard.insertText(other.code);
    await page.waitForSelector('#waiting li');
    assert.ok((await page.textContent('#waiting')).includes(grouped(other)));
    assert.match((await spoken()).join(' '), /1 个等候/);
    release();
    server = 'answers';
    return [other];
  };
}

/** The whole answer stands there and is this person's; it was said and heard. Whether it is the holder is said by a key. */
async function answered(person, before) {
  await page.waitForFunction((receipts) => {
    const receipt = document.getElementById('receipt');
    return receipt && !receipts.includes(receipt.textContent);
  }, before);
  const outcome = OUTCOMES[person.status];
  assert.equal(await page.getAttribute('#answer', 'data-outcome'), outcome, await page.textContent('#answer'));
  assert.ok((await page.textContent('#licence')).includes(person.identifier), 'it is the answer to what was scanned last');
  assert.equal(await page.locator('#facets li').count(), 4);
  const said = (await spoken()).join(' ');
  for (const part of ['#outcome', '#reason', '#next-step']) assert.ok(said.includes((await page.textContent(part)).trim()), part);
  assert.deepEqual(await heard(), NOTES[outcome]);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'text');
  if (outcome === 'valid') await compare(before.length % 3 !== 0);
  return page.textContent('#receipt');
}

async function compare(isHolder) {
  assert.ok((await page.textContent('#holder-name')).trim().length > 1 && !(await page.textContent('#holder-name')).includes('*'));
  await page.keyboard.press(isHolder ? 'F2' : 'F4');
  await page.waitForSelector('#holder-said:not([hidden])');
  const said = await page.textContent('#holder-said');
  assert.match(said, isHolder ? /是持证人/ : /请勿办理/);
  assert.ok((await spoken()).join(' ').includes(said));
  assert.deepEqual(await heard(), isHolder ? [] : NOTES.invalid);
}

async function receiptsOfToday() {
  const listed = [];
  for (;;) {
    listed.push(...await page.locator('#today a').allTextContents());
    if (await page.locator('a[rel=next]').count() === 0) return listed;
    await page.click('a[rel=next]');
  }
}
