// The counter page, every way in: typed, scanned like a keyboard, photographed, dropped, pasted; with and without
// scripts and WebAssembly; what is heard, what is said to screen readers, and what does not stay on the screen.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { browser, city, inSharedCity, lookAt, picture, signIn } from './city.mjs';

let photo;

const VALID = [660, 880];
const INVALID = [330, 196];

inSharedCity(async () => {
  photo = await photograph(city.licence('valid').code);
});

/** Somebody at the counter; `page.notes()` are the pitches that were started since it was asked last. */
async function counter({ prepare, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'zh-CN', ...options });
  context.setDefaultTimeout(15_000);
  if (options.javaScriptEnabled !== false) {
    await context.clock.install();
    await context.addInitScript(() => {
      globalThis.notes = [];
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (...when) {
        globalThis.notes.push(this.frequency.value);
        return start.apply(this, when);
      };
    });
  }
  if (prepare) await prepare(context);
  const page = await context.newPage();
  page.notes = () => page.evaluate(() => globalThis.notes.splice(0));
  await page.goto(`${city.issuer}/sign-in?to=%2Fdesk`);
  await signIn(page, city.facts.accounts.find((one) => one.roles.includes('counter')));
  await page.waitForURL('**/desk');
  return page;
}

/** A code as somebody's phone takes it from a sheet: askew, on something grey, not quite evenly lit. */
async function photograph(code) {
  const page = await counter({ deviceScaleFactor: 4 });
  await page.fill('#text', code);
  await page.click('#verify');
  await page.click('#receipt');
  const plain = await page.locator('.qr').screenshot();
  const data = await page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/png;base64,${base64}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1200, 900];
    const context = canvas.getContext('2d');
    context.fillStyle = '#9a948c';
    context.fillRect(0, 0, 1200, 900);
    context.translate(600, 450);
    context.rotate(0.12);
    context.drawImage(image, -260, -260, 520, 520);
    const light = context.createLinearGradient(-600, -450, 600, 450);
    light.addColorStop(0, 'rgba(0, 0, 0, 0.35)');
    light.addColorStop(1, 'rgba(255, 255, 255, 0.1)');
    context.fillStyle = light;
    context.fillRect(-800, -800, 1600, 1600);
    return canvas.toDataURL('image/png').split(',')[1];
  }, plain.toString('base64'));
  await page.context().close();
  return Buffer.from(data, 'base64');
}

const png = () => ({ name: 'photo.png', mimeType: 'image/png', buffer: photo });
const pdf = () => ({ name: 'licence.pdf', mimeType: 'application/pdf', buffer: readFileSync(city.licence('valid').pdf_path) });

/** What a browser is handed when a file is dropped or pasted. */
function transfer(page, file) {
  return page.evaluateHandle(([base64, name, type]) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const held = new DataTransfer();
    held.items.add(new File([bytes], name, { type }));
    return held;
  }, [file.buffer.toString('base64'), file.name, file.mimeType]);
}

async function drop(page, file) {
  const dataTransfer = await transfer(page, file);
  await page.dispatchEvent('main', 'dragenter', { dataTransfer });
  await page.dispatchEvent('main', 'dragover', { dataTransfer });
  assert.ok(await page.locator('body.is-dropping').count(), 'the page says that it takes the file');
  await page.dispatchEvent('main', 'drop', { dataTransfer });
  assert.equal(await page.locator('body.is-dropping').count(), 0);
}

async function paste(page, file) {
  const clipboardData = await transfer(page, file);
  await page.locator('#text').evaluate((field, held) => {
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: held, bubbles: true }));
  }, clipboardData);
}

/** The page's clock stands still: a scanner's keys are quick, however slow this machine is. */
async function quickly(page, type) {
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000));
  await type();
  await page.clock.resume();
}

/** A scanner that types: quick keys and Enter, into whatever has the focus. */
function wedge(page, text) {
  return quickly(page, () => page.keyboard.type(`${text}\n`));
}

/** A scanner that holds Alt and types each character's number on the keypad, and Enter. */
function keypad(page, text) {
  return quickly(page, async () => {
    for (const character of text) {
      await page.keyboard.down('Alt');
      for (const digit of `0${character.charCodeAt(0)}`) await page.keyboard.press(`Numpad${digit}`);
      await page.keyboard.up('Alt');
    }
    await page.keyboard.press('Enter');
  });
}

/** The whole answer stands there, was heard and said; Enter leads back to an empty field that has the focus. */
async function answered(page, outcome, notes) {
  await page.waitForSelector('#answer');
  assert.equal(await page.getAttribute('#answer', 'data-outcome'), outcome, await page.textContent('#answer'));
  assert.equal(await page.locator('#facets li').count(), 4);
  for (const part of ['#outcome', '#reason', '#next-step']) {
    const words = (await page.textContent(part)).trim();
    assert.ok(words.length > 1, part);
    assert.ok((await page.textContent('#spoken')).includes(words), `${part} is said to screen readers`);
  }
  assert.match(await page.textContent('#receipt'), /^ver_[0-9A-Z]{26}$/);
  assert.deepEqual(await page.notes(), notes);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'next');
  assert.ok(await page.locator('header.top').evaluate((frame) => frame.inert), 'nothing beneath the answer can be reached');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#answer', { state: 'detached' });
  await empty(page);
}

/** Nothing of the last person is left, and the next scan goes into the field. */
async function empty(page) {
  assert.equal(await page.evaluate(() => document.activeElement.id), 'text');
  assert.equal(await page.inputValue('#text'), '');
  assert.equal(await page.inputValue('#file'), '');
  assert.equal((await page.textContent('#spoken')).trim(), '');
  assert.ok(!(await page.locator('header.top').evaluate((frame) => frame.inert)));
}

test('each way in leads to the whole answer, and Enter to the next one', async (t) => {
  const page = await counter();
  const code = city.licence('valid').code;
  const ways = {
    'typed digits': async () => { await page.fill('#text', code); await page.keyboard.press('Enter'); },
    'the address of a code': async () => { await page.fill('#text', `${city.issuer.toUpperCase()}/V/${code}`); await page.click('#verify'); },
    'the licence identifier': async () => { await page.fill('#text', city.licence('valid').identifier); await page.click('#verify'); },
    'a scanner into the focused field': () => wedge(page, code),
    'a scanner of the whole address': () => wedge(page, `${city.issuer.toUpperCase()}/V/${code}`),
    'a hesitation after the first digit': async () => {
      await page.keyboard.type(code[0]);
      await page.clock.fastForward(300);
      await wedge(page, code.slice(1));
    },
    'a scanner while a button has the focus': async () => { await page.focus('#sound'); await wedge(page, code); },
    'a scanner that types characters by their numbers': () => keypad(page, code),
    'a photograph dropped': () => drop(page, png()),
    'a photograph by the button': () => page.setInputFiles('#file', png()),
    'a photograph pasted into the field': () => paste(page, png()),
    'a PDF dropped': () => drop(page, pdf()),
    'a PDF by the button': () => page.setInputFiles('#file', pdf()),
  };
  for (const [name, go] of Object.entries(ways)) {
    t.diagnostic(name);
    try {
      await go();
      await answered(page, 'valid', VALID);
    } catch (error) {
      error.message = `${name}: ${error.message}`;
      throw error;
    }
  }
  await page.context().close();
});

test('invalid sounds different, the next scan replaces the answer, and sound can be turned off', async () => {
  const page = await counter();
  await wedge(page, city.licence('revoked').code);
  await page.waitForSelector('#answer[data-outcome=invalid]');
  assert.match(await page.textContent('#reason'), /撤销|吊销|注销/);
  assert.match(await page.textContent('#next-step'), /不得/);
  assert.deepEqual(await page.notes(), INVALID);
  // Somebody scans the next one without looking.
  await wedge(page, city.licence('valid').code);
  await page.waitForSelector('#answer[data-outcome=valid]');
  assert.equal(await page.locator('#answer').count(), 1);
  assert.deepEqual(await page.notes(), VALID);
  await page.keyboard.press('Escape');
  await empty(page);

  await page.click('#sound');
  assert.match(await page.textContent('#sound'), /关/);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'text');
  await wedge(page, city.licence('valid').code);
  await answered(page, 'valid', []);
  await page.reload();
  assert.match(await page.textContent('#sound'), /关/, 'it is remembered');
  await page.click('#sound');
  assert.match(await page.textContent('#sound'), /开/);
  assert.deepEqual(await page.notes(), VALID, 'one hears what was turned on');
  await page.context().close();
});

test('an answer that nobody touches leaves the screen, and an old one is never shown for a new thing', async () => {
  const page = await counter();
  await wedge(page, city.licence('valid').code);
  await page.waitForSelector('#answer');
  await page.clock.fastForward(25_000);
  assert.equal(await page.locator('#answer').count(), 1);
  // Somebody is still reading.
  await page.keyboard.press('ArrowDown');
  await page.clock.fastForward(25_000);
  assert.equal(await page.locator('#answer').count(), 1);
  await page.clock.fastForward(6_000);
  await page.waitForSelector('#answer', { state: 'detached' });
  await empty(page);

  await wedge(page, city.licence('valid').code);
  await page.waitForSelector('#answer');
  await drop(page, { name: 'blank.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await page.waitForSelector('#answer', { state: 'detached' });
  await page.waitForFunction(() => /没有找到二维码/.test(document.getElementById('desk-problem').textContent));
  await page.route('**/desk', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await wedge(page, city.licence('valid').code);
  await page.waitForFunction(() => /没有收到核验结论/.test(document.getElementById('desk-problem').textContent));
  assert.equal(await page.locator('#answer').count(), 0, 'without an answer nothing is valid');
  await page.context().close();
});

test('where WebAssembly may not run, photographs are read all the same', async () => {
  const ways = {
    'no WebAssembly': (context) => context.addInitScript(() => { delete globalThis.WebAssembly; }),
    'the module cannot be fetched': (context) => context.route('**/*.wasm', (route) => route.abort()),
  };
  for (const [name, prepare] of Object.entries(ways)) {
    const page = await counter({ prepare });
    await drop(page, png());
    await page.waitForSelector('#answer');
    assert.equal(await page.getAttribute('#answer', 'data-outcome'), 'valid', name);
    assert.equal(await page.getAttribute('#desk', 'data-engine'), 'jsQR', name);
    await page.context().close();
  }
  const page = await counter();
  await drop(page, png());
  await page.waitForSelector('#answer');
  assert.equal(await page.getAttribute('#desk', 'data-engine'), 'zxing-wasm');
  await page.context().close();
});

test('without scripts a typed code and a PDF are verified, and the page clears itself', async () => {
  const page = await counter({ javaScriptEnabled: false });
  const check = async (send) => {
    const [response] = await Promise.all([page.waitForResponse((one) => one.request().method() === 'POST'), send()]);
    assert.equal(response.headers().refresh, '30; url=/desk');
    assert.equal(await page.getAttribute('#answer', 'data-outcome'), 'valid', await page.textContent('main'));
    assert.match(await page.textContent('#receipt'), /^ver_/);
    await page.click('#next');
    assert.equal(await page.locator('#answer').count(), 0);
  };
  assert.ok(await page.locator('#camera-panel').isHidden() && await page.locator('#sound').isHidden());
  await check(async () => { await page.fill('#text', city.licence('valid').code); await page.click('#verify'); });
  await check(async () => { await page.setInputFiles('#file', pdf()); await page.click('#verify-file'); });
  await page.context().close();
});

test('a receipt is opened again', async () => {
  const page = await counter();
  await wedge(page, city.licence('revoked').code);
  await page.waitForSelector('#answer');
  const number = await page.textContent('#receipt');
  await page.click('#receipt');
  await page.waitForSelector('#receipt-number');
  assert.equal(await page.textContent('#receipt-number'), number);
  assert.equal(await page.getAttribute('#answer', 'data-outcome'), 'invalid');
  assert.match(await page.textContent('#receipt-by'), /卢晓峰/);
  assert.ok(await page.locator('#print').isVisible());
  assert.deepEqual(await lookAt(page, 'desk-receipt'), []);
  await page.click('#again');
  assert.equal(await page.getAttribute('#answer', 'data-outcome'), 'invalid');
  await page.click('#next');
  await page.click('#receipts');
  await page.fill('#number', number.toLowerCase());
  await page.click('#open');
  assert.equal(await page.textContent('#receipt-number'), number);
  await page.goto(`${city.issuer}/desk/receipts?number=nothing`);
  assert.ok(await page.locator('#error').count());
  await picture(page, 'desk-receipt-unknown');
  await page.context().close();
});
