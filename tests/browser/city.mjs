// The demonstration city as a process of its own, and a Chromium that sees what we show it.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.env.GUOSUO ?? join(root, 'target/debug/guosuo');
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
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
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
export async function picture(page, name) {
  const folder = process.env.SCREENSHOTS ?? join(root, 'target/screenshots');
  mkdirSync(folder, { recursive: true });
  const before = page.viewportSize();
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
    await page.screenshot({ path: join(folder, `${name}-${width}.png`), fullPage: true });
  }
  if (before) await page.setViewportSize(before);
}

/** Whether anything reaches beyond the right edge at 390 pixels. */
export async function widerThanPhone(page) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1);
  if (before) await page.setViewportSize(before);
  return wide;
}

/** Tags that leave their box at 390 pixels, one line each: a status is read whole, in whatever language. */
export async function tagsThatLeaveTheirBox(page) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  const found = await page.evaluate(() => [...document.querySelectorAll('.tag')].filter((tag) => tag.offsetParent).filter((tag) => {
    const box = tag.parentElement.getBoundingClientRect();
    const own = tag.getBoundingClientRect();
    return own.right > box.right + 1 || own.left < box.left - 1 || tag.scrollWidth > tag.clientWidth + 1;
  }).map((tag) => `a tag leaves its box: ${tag.innerText}`));
  if (before) await page.setViewportSize(before);
  return found;
}

const axe = readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'node_modules/axe-core/axe.min.js'), 'utf8');

/** What axe-core says is wrong with the page, one line each. */
export async function accessibilityFaults(page) {
  // Evaluated by the browser's own debugger, so the page's content security policy does not matter.
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  }));
  return result.violations.flatMap((violation) => violation.nodes.map(
    (node) => `${violation.id}: ${node.target.join(' ')} ${node.html.slice(0, 160)}`,
  ));
}

/** What a thumb on a phone would miss: less than 44 pixels high. Links within a sentence are read, not aimed at. */
export async function smallTargets(page) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  const small = await page.evaluate(() => [...document.querySelectorAll('a, button, input, select, textarea, summary')].filter((target) => {
    const box = target.getBoundingClientRect();
    if (!box.width || !box.height || target.matches('.skip, [type=checkbox], [type=radio]')) return false;
    const around = target.parentElement;
    const isInSentence = target.matches('a') && around.matches('p, li, dd, span') && around.textContent.trim() !== target.textContent.trim();
    // The whole card is the target of its heading's link.
    const reach = target.closest('.licence-card') ? target.closest('.licence-card').getBoundingClientRect() : box;
    return !isInSentence && reach.height < 43.5;
  }).map((target) => `${target.outerHTML.slice(0, 100)} is ${Math.round(target.getBoundingClientRect().height)} pixels high`));
  if (before) await page.setViewportSize(before);
  return small;
}
