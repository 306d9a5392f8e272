// The demonstration city as a process of its own, and a Chromium that sees what we show it.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const program = process.env.GUOSUO ?? join(root, 'target/debug/guosuo');
const readyMax = 120_000;
const stopMax = 20_000;

/** The city and the browser of a file of tests that begins with `inSharedCity()`. */
export let city;
export let browser;

/** Brings the city and a browser before the first test of a file, and then does what the file needs; takes both away after
    the last. One hook, because several of one file do not wait for each other. */
export function inSharedCity(then = async () => {}) {
  before(async () => {
    city = await sharedCity();
    browser = await startBrowser();
    await then();
  });
  after(async () => {
    await browser?.close();
    await city?.stop();
  });
}

/** The city that the test command started for everybody: each test takes people of its own there. A city of one's own
    where nobody started one. */
export async function sharedCity() {
  const folder = process.env.CITY;
  return folder ? asItIs(folder, { stop: async () => {} }) : startCity();
}

/** Starts a city; `city.facts` is what demo.json says. */
export async function startCity() {
  const folder = mkdtempSync(join(tmpdir(), 'guosuo-browser-'));
  const log = join(folder, 'output.log');
  const child = spawn(program, ['demo', '--data', folder, '--port', '0'], { stdio: ['ignore', 'pipe', openSync(log, 'a')] });
  const gone = new Promise((done) => child.once('exit', done));
  // It prints what to open when everything is there, and nothing before.
  const ready = new Promise((done) => child.stdout.on('data', () => done(true)));
  if (!(await Promise.race([ready, gone.then(() => false), late(readyMax)]))) {
    child.kill('SIGKILL');
    throw new Error(`the city did not start:\n${readFileSync(log, 'utf8')}`);
  }
  return asItIs(folder, {
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([gone, late(stopMax)]);
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

function asItIs(folder, { stop }) {
  const facts = JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8'));
  return {
    facts,
    folder,
    issuer: facts.issuer,
    stop,
    /** Somebody with this role; a citizen when it is empty. */
    account(role, place = 0) {
      const fits = facts.accounts.filter((account) => (role ? account.roles.includes(role) : account.roles.length === 0));
      if (!fits[place]) throw new Error(`nobody is ${role || 'a citizen'} number ${place}`);
      return fits[place];
    },
    client(fits) {
      const client = facts.clients.find(fits);
      if (!client) throw new Error('no such client');
      return client;
    },
    licence(status) {
      const licence = facts.licences.find((one) => one.status === status);
      if (!licence) throw new Error(`no ${status} licence`);
      return licence;
    },
  };
}

/** Says after this long that it is too late; keeps nobody from ending before. */
function late(length) {
  return new Promise((done) => { setTimeout(() => done(false), length).unref(); });
}

/** Looks again and again until something is there; the one place where a browser test waits for no event. */
export async function until(what, most, look) {
  const end = Date.now() + most;
  for (;;) {
    const inTime = Date.now() < end;
    const seen = await look();
    if (seen) return seen;
    if (!inTime) throw new Error(`${what}: not within ${most} ms`);
    await new Promise((done) => { setTimeout(done, 50); });
  }
}

/** A browser; `video` is a file that its camera shows. */
export function startBrowser({ video } = {}) {
  const args = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ];
  if (video) {
    args.push('--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${video}`);
  }
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell', args });
}

/** Signs in at the sign-in page that stands before us. */
export async function signIn(page, account) {
  await page.fill('#username', account.username);
  await page.fill('#password', account.password);
  await page.click('#sign-in');
}

/** Agrees if the provider asks; says whether it asked. */
export async function allowIfAsked(page) {
  const asked = (await page.locator('#allow').count()) > 0;
  if (asked) await page.click('#allow');
  return asked;
}

/** Keeps a picture of the page in two widths for people to look at. */
export const picture = (page, name) => inBothWidths(page, name, async () => {}, async () => {});

/** What keeps somebody from using the page on a phone, or from having it read aloud, one line each: what reaches beyond
    the edge or leaves its box, what a thumb misses, what axe-core finds. Keeps a picture of it in two widths. */
export async function lookAt(page, name) {
  const wrong = [];
  await inBothWidths(
    page, name, async () => wrong.push(...await page.evaluate(onAPhone)), async () => wrong.push(...await accessibilityFaults(page)),
  );
  return wrong;
}

/** Does something with the page as it is on a phone and as it is on a desk. */
async function inBothWidths(page, name, narrow, wide) {
  const folder = process.env.SCREENSHOTS ?? join(root, 'target/screenshots');
  mkdirSync(folder, { recursive: true });
  const before = page.viewportSize();
  for (const [size, act] of [[{ width: 390, height: 844 }, narrow], [{ width: 1280, height: 900 }, wide]]) {
    await page.setViewportSize(size);
    await act();
    // A JPEG is made in half of the time of a PNG, and there are hundreds.
    await page.screenshot({ path: join(folder, `${name}-${size.width}.jpg`), type: 'jpeg', quality: 85, fullPage: true });
  }
  if (before) await page.setViewportSize(before);
}

/** Runs within the page, which is 390 pixels wide. */
function onAPhone() {
  const wrong = [];
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth + 1) wrong.push('wider than a phone');
  // A status is read whole, in whatever language.
  for (const tag of [...document.querySelectorAll('.tag')].filter((tag) => tag.offsetParent)) {
    const box = tag.parentElement.getBoundingClientRect();
    const own = tag.getBoundingClientRect();
    const leaves = own.right > box.right + 1 || own.left < box.left - 1 || tag.scrollWidth > tag.clientWidth + 1;
    if (leaves) wrong.push(`a tag leaves its box: ${tag.innerText}`);
  }
  // A thumb needs 44 pixels of height. Links within a sentence are read, not aimed at.
  for (const target of document.querySelectorAll('a, button, input, select, textarea, summary')) {
    const box = target.getBoundingClientRect();
    if (!box.width || !box.height || target.matches('.skip, [type=checkbox], [type=radio]')) continue;
    const around = target.parentElement;
    const isInSentence = target.matches('a') && around.matches('p, li, dd, span') && around.textContent.trim() !== target.textContent.trim();
    // The whole card is the target of its heading's link.
    const reach = target.closest('.licence-card') ? target.closest('.licence-card').getBoundingClientRect() : box;
    if (!isInSentence && reach.height < 43.5) wrong.push(`${target.outerHTML.slice(0, 100)} is ${Math.round(box.height)} pixels high`);
  }
  return wrong;
}

const axe = readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'node_modules/axe-core/axe.min.js'), 'utf8');

/** What axe-core says is wrong with the page, one line each. */
async function accessibilityFaults(page) {
  // Evaluated by the browser's own debugger, so the page's content security policy does not matter.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // What is not wrong is much, and stays where it is.
    const { violations } = await globalThis.axe.run(document, {
      resultTypes: ['violations'],
      runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
    });
    return violations.flatMap((violation) => violation.nodes.map(
      (node) => `${violation.id}: ${node.target.join(' ')} ${node.html.slice(0, 160)}`,
    ));
  });
}
