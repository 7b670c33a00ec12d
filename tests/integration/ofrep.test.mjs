// OpenFeature's OFREP providers against the relay, without an SDK of LaunchDarkly (http-api.md 9, evaluation.md 12): the one for
// servers here, the one for browsers in Chromium, from another origin than the relay's.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { startBrowser } from './lib/browser.mjs';
import { dataset, flag, sdkKey, segment } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { request } from './lib/request.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { slowness, until, within } from './lib/wait.mjs';

const goldRule = { id: 'r1', variation: 1, clauses: [{ attribute: 'plan', op: 'in', values: ['gold'], negate: false }] };
const data = () => dataset([
  flag('bool', 3, { variations: [true, false] }),
  flag('text', 1, { rules: [goldRule] }),
  flag('number', 1, { variations: [1.5, 2] }),
  flag('object', 1, { variations: [{ a: [1, { b: null }] }] }),
  flag('staff', 1, { rules: [{ id: 's', variation: 1, clauses: [{ attribute: '', op: 'segmentMatch', values: ['team'], negate: false }] }] }),
  flag('org', 1, { rules: [{ id: 'o', variation: 1, clauses: [{ contextKind: 'org', attribute: 'key', op: 'in', values: ['acme'], negate: false }] }] }),
  flag('off', 1, { on: false, offVariation: null }),
  flag('broken', 1, { fallthrough: { variation: 9 } }),
  flag('server-only', 1, { clientSide: false, clientSideAvailability: { usingMobileKey: false, usingEnvironmentId: false } }),
], [segment('team', 1, { included: ['sam'] })]);

let domains = 0;
// A client of the server SDK of its own, whose provider has these headers.
async function startClient(relay, headers) {
  const domain = `test-${++domains}`;
  await OpenFeature.setProviderAndWait(domain, new OFREPProvider({ baseUrl: relay.url, headers }));
  return OpenFeature.getClient(domain);
}
const bearer = key => [['Authorization', `Bearer ${key}`]];
const user = { targetingKey: 'alice' };

describe('OFREP provider for servers', { concurrency: 4, timeout: 60000 * slowness }, () => {
  after(() => OpenFeature.close());

  it('values of every type, with variant, reason and what LaunchDarkly calls it', async t => {
    const { relay, key } = await startPair(t, data());
    const client = await startClient(relay, bearer(key));
    const { value, variant, reason, flagMetadata } = await client.getBooleanDetails('bool', false, user);
    assert.deepEqual({ value, variant, reason, flagMetadata },
      { value: true, variant: '0', reason: 'STATIC', flagMetadata: { ldReason: 'FALLTHROUGH', version: 3 } });
    assert.equal(await client.getStringValue('text', 'default', user), 'a');
    assert.equal(await client.getNumberValue('number', 0, user), 1.5);
    assert.deepEqual(await client.getObjectValue('object', {}, user), { a: [1, { b: null }] });
    assert.equal(await client.getStringValue('server-only', 'default', user), 'a');
  });

  it('targeting: attributes, segments, other kinds, several kinds', async t => {
    const { relay, key } = await startPair(t, data());
    const client = await startClient(relay, bearer(key));
    const details = await client.getStringDetails('text', 'default', { ...user, plan: 'gold' });
    assert.deepEqual([details.value, details.variant, details.reason, details.flagMetadata.ruleId], ['b', '1', 'TARGETING_MATCH', 'r1']);
    assert.equal(await client.getStringValue('staff', 'default', { targetingKey: 'sam' }), 'b');
    assert.equal(await client.getStringValue('staff', 'default', user), 'a');
    assert.equal(await client.getStringValue('org', 'default', { kind: 'org', targetingKey: 'acme' }), 'b');
    assert.equal(await client.getStringValue('org', 'default', { kind: 'multi', user: { key: 'alice' }, org: { targetingKey: 'acme' } }), 'b');
    assert.equal(await client.getStringValue('org', 'default', { targetingKey: 'acme' }), 'a');
  });

  it('the default, and why: unknown, malformed, without value, another type, without key', async t => {
    const { relay, key } = await startPair(t, data());
    const client = await startClient(relay, bearer(key));
    for (const [name, context, errorCode] of [
      ['nope', user, 'FLAG_NOT_FOUND'], ['broken', user, 'PARSE_ERROR'], ['bool', user, 'TYPE_MISMATCH'], ['off', user, 'GENERAL'],
      ['text', {}, 'TARGETING_KEY_MISSING'], ['text', { targetingKey: '' }, 'INVALID_CONTEXT'], ['text', { kind: 'o g', targetingKey: 'x' }, 'INVALID_CONTEXT'],
    ]) {
      const details = await client.getStringDetails(name, 'default', context);
      assert.deepEqual([name, details.value, details.errorCode], [name, 'default', errorCode]);
    }
  });

  it('a mobile key and a client-side ID see what phones and browsers may see; an unknown key nothing', async t => {
    const { relay, mobile, id } = await startPair(t, data());
    for (const headers of [[['X-API-Key', mobile]], [['Authorization', id]]]) {
      const client = await startClient(relay, headers);
      assert.equal(await client.getStringValue('text', 'default', user), 'a');
      assert.equal((await client.getStringDetails('server-only', 'default', user)).errorCode, 'FLAG_NOT_FOUND');
    }
    const stranger = await startClient(relay, bearer('sdk-unknown'));
    const { value, errorCode } = await stranger.getStringDetails('text', 'default', user);
    assert.deepEqual([value, errorCode], ['default', 'GENERAL']);
  });

  it('not ready yet; then ready; then a change', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    up.script(key, { events: [] });
    const { relay } = await startPair(t, null, { upstream: up, key, wait: false });
    const client = await startClient(relay, bearer(key));
    const early = await client.getStringDetails('text', 'default', user);
    assert.deepEqual([early.value, early.errorCode], ['default', 'GENERAL'], 'this version of the provider has no word for it');
    await until('the stream upstream', () => up.requests.length > 0);
    up.put(key, data());
    await until('data', async () => await client.getStringValue('text', 'default', user) === 'a');
    up.patch(key, 'flags', flag('text', 2, { fallthrough: { variation: 2 } }));
    await until('the change', async () => await client.getStringValue('text', 'default', user) === 'c');
  });
});

describe('OFREP provider for browsers', { concurrency: 4, timeout: 60000 * slowness }, () => {
  let browser;
  const suite = { afters: [], after(work) { this.afters.push(work); } };
  before(async () => { browser = await startBrowser(suite); });
  after(async () => { for (const work of suite.afters.reverse()) await work(); });

  // In the page: `window.client`, and `window.changes`, the keys of each event about a change. The hash makes the provider's URLs
  // end in it. Resolves to the problem, or null.
  const open = (page, ...words) => page.run(async (baseUrl, key, context, options, hash) => {
    const { OpenFeature, ProviderEvents } = await import('@openfeature/web-sdk');
    const { OFREPWebProvider } = await import('@openfeature/ofrep-web-provider');
    window.changes = [];
    OpenFeature.addHandler(ProviderEvents.ConfigurationChanged, ({ flagsChanged }) => window.changes.push(flagsChanged));
    window.OpenFeature = OpenFeature;
    await OpenFeature.setContext(context);
    const fetchImplementation = async asked => fetch(`${asked.url}?h=${hash}`, { method: asked.method, headers: asked.headers, body: await asked.text() });
    const provider = new OFREPWebProvider({ baseUrl, headers: [['X-API-Key', key]], cacheMode: 'disabled', ...options, ...(hash ? { fetchImplementation } : {}) });
    try { await OpenFeature.setProviderAndWait(provider); } catch (problem) { return problem.message; }
    window.client = OpenFeature.getClient();
    return null;
  }, ...words);
  const text = page => page.run(() => window.client.getStringValue('text', 'default'));

  it('values, and another context', async t => {
    const { relay, id } = await startPair(t, data());
    const page = await browser.open(t, relay.port);
    assert.equal(await open(page, relay.url, id, user, {}), null);
    assert.deepEqual(await page.run(() => [
      window.client.getBooleanValue('bool', false), window.client.getStringValue('text', 'default'), window.client.getNumberValue('number', 0),
      window.client.getObjectValue('object', {}), window.client.getStringDetails('off', 'default').value,
      window.client.getStringDetails('nope', 'default').errorCode, window.client.getStringDetails('server-only', 'default').errorCode,
      window.client.getStringDetails('broken', 'default').errorCode, window.client.getBooleanDetails('bool', false).flagMetadata.ldReason,
    ]), [true, 'a', 1.5, { a: [1, { b: null }] }, 'default', 'FLAG_NOT_FOUND', 'FLAG_NOT_FOUND', 'PARSE_ERROR', 'FALLTHROUGH']);
    await page.run(context => window.OpenFeature.setContext(context), { ...user, plan: 'gold' });
    assert.equal(await text(page), 'b');
    assert.ok(page.requests.some(({ method, preflight }) => method === 'OPTIONS' || preflight), 'it came through a preflight');
  });

  it('polling: 304 while nothing changes, and a change is seen on the page', async t => {
    const { up, relay, key, id } = await startPair(t, data());
    const page = await browser.open(t, relay.port);
    assert.equal(await open(page, relay.url, id, user, { pollInterval: 100, changeDetection: 'polling' }), null);
    const posts = () => page.requests.filter(({ method }) => method === 'POST').map(({ status }) => status).filter(Boolean);
    await until('three polls', () => posts().length >= 4);
    assert.deepEqual(posts().slice(0, 4), [200, 304, 304, 304]);
    up.patch(key, 'flags', flag('text', 2, { fallthrough: { variation: 2 } }));
    await until('the change on the page', async () => await text(page) === 'c');
    assert.deepEqual(await page.run(() => window.changes.at(-1)), ['text']);
    assert.ok(posts().includes(200));
  });

  it('secure mode: only with the hash of the context', async t => {
    const { relay, key, id } = await startPair(t, data(), { environment: { secureMode: true } });
    const page = await browser.open(t, relay.port);
    assert.ok(await open(page, relay.url, id, user, {}));
    assert.equal((await page.request(({ method }) => method === 'POST')).status, 403);
    const hash = crypto.createHmac('sha256', key).update('alice').digest('hex');
    assert.equal(await open(page, relay.url, id, user, {}, hash), null);
    assert.equal(await text(page), 'a');
  });

  it('an unknown key is told as such, and not as a failed network', async t => {
    const { relay } = await startPair(t, data());
    const page = await browser.open(t, relay.port);
    assert.ok(await open(page, relay.url, 'nope', user, {}));
    const { status, failed } = await page.request(({ method }) => method === 'POST');
    assert.deepEqual([status, failed], [401, undefined]);
  });
});

it('enableOfrep = false: there is nothing', async t => {
  const { relay, key } = await startPair(t, data(), { config: { Http: { enableOfrep: false } } });
  const answer = await within('an answer', request(relay.port, { method: 'POST', target: '/ofrep/v1/evaluate/flags', headers: { 'X-API-Key': key, 'Content-Type': 'application/json' }, body: '{"context":{"targetingKey":"a"}}' }));
  assert.deepEqual([answer.status, answer.body], [404, '404 page not found\n']);
});
