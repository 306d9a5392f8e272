// An application of another origin opens the sign-in in a window of its own, and hears from it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { test } from 'node:test';

import * as client from 'openid-client';

import { allowIfAsked, browser, city, inSharedCity, program, signIn, until } from './city.mjs';

inSharedCity();

const OPENER = `<!doctype html><title>opener</title><script>
  window.heard = [];
  addEventListener('message', (event) => heard.push(event.data));
  window.begin = (url) => { window.popup = open(url, 'sign-in', 'width=500,height=700'); };
</script>`;
const CALLBACK = `<!doctype html><title>callback</title><script>
  if (opener) opener.postMessage(location.search, '*');
</script>`;

test('a sign-in in a window of its own leaves the application its handle, through every page of it', async () => {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(request.url.startsWith('/cb') ? CALLBACK : OPENER);
  });
  await new Promise((listens) => { server.listen(0, '127.0.0.1', listens); });
  const app = `http://127.0.0.1:${server.address().port}`;
  const registered = JSON.parse(execFileSync(program, [
    'client', 'add', `popup-${server.address().port}`, '--name', '小窗', '--name-en', 'Popup', '--purpose', '测试', '--purpose-en', 'a test',
    '--organisation-code', city.facts.licences[0].identifier.split('.')[6], '--redirect-uri', `${app}/cb`, '--json',
    '--set', `data_folder=${city.folder}`,
  ]));
  const context = await browser.newContext();
  const verifier = client.randomPKCECodeVerifier();
  const url = new URL('/authorize', city.issuer);
  url.search = new URLSearchParams({
    client_id: registered.client_id, response_type: 'code', scope: 'openid profile', redirect_uri: `${app}/cb`,
    state: 'from-the-window', prompt: 'login consent', code_challenge_method: 'S256',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
  });
  const page = await context.newPage();
  await page.goto(`${app}/`);
  const [popup] = await Promise.all([context.waitForEvent('page'), page.evaluate((to) => window.begin(to), url.href)]);
  await popup.waitForURL(/\/sign-in/);
  // A switch of language leads through an answer of its own.
  await popup.click('a[href^="/language"]');
  await popup.waitForURL(/\/sign-in/);
  assert.equal(await page.evaluate(() => window.popup.closed), false, 'the window was cut off');
  await signIn(popup, city.account('', 14));
  const heard = await until('the window’s word', 30_000, async () => {
    await allowIfAsked(popup).catch(() => {});
    return page.evaluate(() => window.heard[0]);
  });
  const answer = new URLSearchParams(heard);
  assert.equal(answer.get('state'), 'from-the-window');
  assert.ok(answer.get('code'), heard);
  await context.close();
  server.close();
});
