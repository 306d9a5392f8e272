// The demonstration city as a process of its own, and a Chromium that sees what we show it.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

import { chromium } from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.env.GUOSUO ?? join(root, 'target/debug/guosuo');
const readyMax = 120_000;

/** Starts a city; `city.facts` is what demo.json says. */
export async function startCity() {
  const folder = mkdtempSync(join(tmpdir(), 'guosuo-browser-'));
  const log = join(folder, 'output.log');
  const out = openSync(log, 'a');
  const port = String(await freePort());
  const child = spawn(program, ['demo', '--data', folder, '--port', port], { stdio: ['ignore', out, out] });
  let ended = false;
  const gone = new Promise((done) => child.once('exit', () => { ended = true; done(); }));
  const ready = join(folder, 'demo.json');
  const until = Date.now() + readyMax;
  let facts;
  while (!facts) {
    if (ended || Date.now() > until) {
      child.kill('SIGKILL');
      throw new Error(`the city did not start:\n${readFileSync(log, 'utf8')}`);
    }
    if (existsSync(ready)) {
      try { facts = JSON.parse(readFileSync(ready, 'utf8')); } catch { /* half written */ }
    }
    await sleep(100);
  }
  return {
    facts,
    folder,
    issuer: facts.issuer,
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
    log: () => readFileSync(log, 'utf8'),
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([gone, sleep(20_000)]);
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
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

function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
