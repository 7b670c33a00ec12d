// Client-side SDKs outside of a browser (http-api.md 5, streaming.md 11.1): the real Node client-side SDK, whose requests are also
// Electron's, and the forms in which phones ask, old and new, over raw sockets.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { dataset, flag } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { quiet } from './lib/node_sdk.mjs';
import { configText, startRelay, temporaryFolder } from './lib/relay.mjs';
import { request } from './lib/request.mjs';
import { openStream } from './lib/sse.mjs';
import { slowness, within } from './lib/wait.mjs';

const { initialize } = createRequire(import.meta.url)('launchdarkly-node-client-sdk');
const alice = { kind: 'user', key: 'alice' };
const bob = { kind: 'user', key: 'bob' };

// `shown` is "a" for everybody but Bob; `web` is for browsers and desktops, `phone` for phones, `server` for neither.
const only = (key, usingMobileKey, usingEnvironmentId) => flag(key, 1, { clientSide: usingEnvironmentId, clientSideAvailability: { usingMobileKey, usingEnvironmentId } });
const data = () => dataset([
  flag('shown', 1, { targets: [{ variation: 1, values: ['bob'] }] }),
  only('web', false, true), only('phone', true, false), only('server', false, false),
]);
const shownAs = (version, variation) => flag('shown', version, { fallthrough: { variation } });

async function startSdk(t, url, id, context, options = {}) {
  const client = initialize(id, context, {
    baseUrl: url, streamUrl: url, eventsUrl: url, sendEvents: false, diagnosticOptOut: true, logger: quiet,
    localStoragePath: temporaryFolder(t), streamReconnectDelay: 100, ...options,
  });
  t.after(() => client.close());
  await within('the SDK to start', client.waitForInitialization(), 20000);
  // Resolves when the flag has the value, now or after a change.
  client.until = (key, value) => within(`${key} to be ${value}`, new Promise(done => {
    const look = () => { if (client.variation(key, 'default') === value) { client.off('change', look); done(); } };
    client.on('change', look);
    look();
  }));
  return client;
}

describe('Node client-side SDK', { concurrency: 4, timeout: 60000 * slowness }, () => {
  for (const useReport of [false, true]) {
    it(`streaming by ${useReport ? 'REPORT' : 'GET'}: first values, a change, a delete, another context`, async t => {
      const { up, relay, key, id } = await startPair(t, data(), { main: { logLevel: 'debug' } });
      const client = await startSdk(t, relay.url, id, alice, { streaming: true, useReport });
      assert.deepEqual(client.allFlags(), { shown: 'a', web: 'a' });
      up.patch(key, 'flags', flag('shown', 2, { targets: [{ variation: 1, values: ['bob'] }], fallthrough: { variation: 2 } }));
      await client.until('shown', 'c');
      await client.identify(bob);
      assert.equal(client.variation('shown'), 'b');
      up.patch(key, 'flags', shownAs(3, 0));
      await client.until('shown', 'a');
      up.remove(key, 'flags', 'shown', 4);
      await client.until('shown', 'default');
      await relay.waitLog(useReport ? /method=REPORT url=\/eval\/\S+ .*\(streaming\)/ : /method=GET url=\/eval\/\S+ .*\(streaming\)/);
    });
  }

  it('without streaming: a change is seen after identify; reasons are there', async t => {
    const { up, relay, key, id } = await startPair(t, data());
    const client = await startSdk(t, relay.url, id, alice, { streaming: false, evaluationReasons: true });
    up.patch(key, 'flags', shownAs(2, 2));
    await relay.waitFlag(key, 'shown', 2);
    await client.identify({ kind: 'multi', user: { key: 'alice' }, org: { key: 'acme' } });
    await client.until('shown', 'c');
    assert.deepEqual(client.variationDetail('shown').reason, { kind: 'FALLTHROUGH' });
  });

  it('secure mode: a right hash opens values and stream, a wrong one is refused', async t => {
    const { up, relay, key, id } = await startPair(t, data(), { environment: { secureMode: true } });
    const hash = crypto.createHmac('sha256', key).update('alice').digest('hex');
    const client = await startSdk(t, relay.url, id, alice, { streaming: true, useReport: true, hash });
    up.patch(key, 'flags', shownAs(2, 1));
    await client.until('shown', 'b');
    await assert.rejects(startSdk(t, relay.url, id, bob, { hash }), /400|fetch/i);
  });

  it('an unknown client-side ID ends the start of the SDK', async t => {
    const { relay } = await startPair(t, data());
    await assert.rejects(startSdk(t, relay.url, 'nobody', alice), /not found/i);
  });

  it('a restart of the relay: it reconnects and sees what changed meanwhile', async t => {
    const { up, relay, key, id } = await startPair(t, data());
    const client = await startSdk(t, relay.url, id, alice, { streaming: true });
    await relay.stop('SIGKILL');
    up.silently(key, all => { all.flags.shown = shownAs(2, 1); });
    await startRelay(t, { port: relay.port, config: configText({ main: { port: relay.port, streamUri: up.uri }, environments: { prod: { sdkKey: key, envId: id } } }) });
    await client.until('shown', 'b');
  });
});

// How SDKs ask that differ from one another in nothing but this: values, then a stream of pings.
const coded = context => Buffer.from(JSON.stringify(context)).toString('base64url');
const json = { 'Content-Type': 'application/json' };
const body = JSON.stringify(alice);
const forms = [
  ['iOS, Android, Flutter', ({ mobile }) => ({ headers: { Authorization: mobile } }), '/msdk/evalx/contexts/', '/meval/'],
  ['iOS and Android with useReport', ({ mobile }) => ({ headers: { Authorization: mobile, ...json }, method: 'REPORT' }), '/msdk/evalx/context', '/meval'],
  ['React Native, lower-case names', ({ mobile }) => ({ headers: { authorization: mobile, 'user-agent': 'ReactNativeClient/10.20.3' } }), '/msdk/evalx/contexts/', '/meval/'],
  ['old phones', ({ mobile }) => ({ headers: { Authorization: `api_key ${mobile}` } }), '/msdk/evalx/users/', '/mping'],
  ['old phones with useReport', ({ mobile }) => ({ headers: { Authorization: mobile, ...json }, method: 'REPORT' }), '/msdk/evalx/user', '/meval'],
  ['React, Vue', () => ({ headers: { Origin: 'https://shop.example' } }), '/sdk/evalx/{id}/contexts/', '/eval/{id}/'],
  ['Electron with useReport', () => ({ headers: json, method: 'REPORT' }), '/sdk/evalx/{id}/context', '/eval/{id}'],
  ['Roku, old browsers', () => ({ headers: { Origin: 'https://shop.example' } }), '/sdk/evalx/{id}/users/', '/ping/{id}'],
];

describe('forms of requests', { concurrency: 4, timeout: 60000 * slowness }, () => {
  for (const [name, how, poll, ping] of forms) {
    it(`33, 43: ${name}: values, a ping, new values`, async t => {
      const pair = await startPair(t, data());
      const options = { ...how(pair), body: '' };
      if (options.method === 'REPORT') options.body = body;
      const full = path => path.replace('{id}', pair.id) + (path.endsWith('/') ? coded(alice) : '');
      const values = async () => {
        const answer = await request(pair.relay.port, { target: full(poll), ...options });
        assert.equal(answer.status, 200, answer.body);
        return Object.fromEntries(Object.entries(JSON.parse(answer.body)).map(([key, { value }]) => [key, value]));
      };
      assert.deepEqual(await values(), poll.startsWith('/msdk') ? { phone: 'a', shown: 'a' } : { shown: 'a', web: 'a' });
      const streams = options.method === 'REPORT' ? { method: 'REPORT', headers: { ...options.headers, 'Content-Length': body.length } } : { headers: options.headers };
      const stream = openStream(t, pair.relay.port, full(ping), undefined, streams);
      if (options.body) stream.socket.write(body);
      assert.equal((await stream.head()).status, 200);
      assert.equal((await stream.next()).name, 'ping');
      pair.up.patch(pair.key, 'flags', shownAs(2, 1));
      assert.equal((await stream.next()).text, 'event: ping\ndata:  \n\n');
      assert.equal((await values()).shown, 'b');
    });
  }
});
