// openid-client, unmodified, signs in against the demonstration city.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as client from 'openid-client';

import { allowIfAsked, browser, city, inSharedCity, signIn, until } from './city.mjs';

inSharedCity();

const insecure = { execute: [client.allowInsecureRequests] };

/** Walks the browser to the redirect URI, where nobody listens, and gives the address to which the provider sent it. */
async function answer(page, url, account) {
  let landed;
  page.on('response', (response) => {
    const to = response.headers().location;
    if (to?.startsWith('http://127.0.0.1:9/')) landed = new URL(to);
  });
  await page.goto(url.href);
  await signIn(page, account);
  return until('the redirect URI', 30_000, async () => {
    if (!landed) await allowIfAsked(page);
    return landed;
  });
}

for (const [name, authentication] of [
  ['client_secret_basic', (secret) => client.ClientSecretBasic(secret)],
  ['client_secret_post', (secret) => client.ClientSecretPost(secret)],
]) {
  test(`openid-client signs in with ${name}, reads userinfo and refreshes`, async () => {
    const facts = city.client((one) => one.redirect_uris?.includes('http://127.0.0.1:9/cb'));
    const config = await client.discovery(
      new URL(city.issuer), facts.client_id, undefined, authentication(facts.client_secret), insecure,
    );
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const nonce = client.randomNonce();
    const offline = facts.grants?.includes('refresh_token') && facts.scopes.includes('offline_access');
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: 'http://127.0.0.1:9/cb',
      scope: offline ? 'openid profile offline_access' : 'openid profile',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    const context = await browser.newContext();
    const account = city.account('', 12);
    const landed = await answer(await context.newPage(), url, account);
    const tokens = await client.authorizationCodeGrant(config, landed, {
      pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
    });
    const claims = tokens.claims();
    assert.equal(claims.iss, city.issuer);
    const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.equal(person.name, account.name);
    if (tokens.refresh_token) {
      const again = await client.refreshTokenGrant(config, tokens.refresh_token);
      assert.notEqual(again.access_token, tokens.access_token);
    }
    await context.close();
  });
}

test('openid-client refuses an answer that names another issuer', async () => {
  const facts = city.client((one) => one.redirect_uris?.includes('http://127.0.0.1:9/cb'));
  const config = await client.discovery(
    new URL(city.issuer), facts.client_id, undefined, client.ClientSecretBasic(facts.client_secret), insecure,
  );
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: 'http://127.0.0.1:9/cb', scope: 'openid', state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  });
  const context = await browser.newContext();
  const landed = await answer(await context.newPage(), url, city.account('', 12));
  assert.equal(landed.searchParams.get('iss'), city.issuer);
  landed.searchParams.set('iss', 'http://evil.example');
  await assert.rejects(client.authorizationCodeGrant(config, landed, { pkceCodeVerifier: verifier, expectedState: state }));
  await context.close();
});

test('openid-client gets a token with client_credentials and checks a licence with it', async () => {
  const facts = city.client((one) => one.scopes?.includes('licence:verify') && one.grants?.includes('client_credentials'));
  const config = await client.discovery(
    new URL(city.issuer), facts.client_id, undefined, client.ClientSecretBasic(facts.client_secret), insecure,
  );
  const tokens = await client.clientCredentialsGrant(config, { scope: 'licence:verify' });
  const response = await client.fetchProtectedResource(
    config, tokens.access_token, new URL('/api/v1/verifications', city.issuer), 'POST',
    JSON.stringify({ code: city.licence('valid').code }), new Headers({ 'content-type': 'application/json' }),
  );
  const verdict = await response.json();
  assert.equal(verdict.outcome, 'valid', JSON.stringify(verdict));
});
