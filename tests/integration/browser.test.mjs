// The two browser SDKs in a real Chromium against the relay (http-api.md 4, 5; streaming.md 7, 16 line 76). The page comes from
// another origin than the relay, so everything here passes the browser's own CORS checks.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startBrowser } from './lib/browser.mjs';
import { dataset, environmentId, flag, sdkKey } from './lib/data.mjs';
import { blocksOf } from './lib/documents.mjs';
import { startEventsService } from './lib/events.mjs';
import { startPair } from './lib/harness.mjs';
import { configText, startRelay, temporaryFolder } from './lib/relay.mjs';
import { root } from './lib/secrets.mjs';
import { putFrame, startUpstream } from './lib/upstream.mjs';
import { slowness, until } from './lib/wait.mjs';

const alice = { kind: 'user', key: 'alice' };
const bob = { kind: 'user', key: 'bob' };
const coded = context => Buffer.from(JSON.stringify(context)).toString('base64url');

// `shown` is "a" for everybody but Bob; a browser may not see `hidden`.
const data = () => dataset([
  flag('shown', 1, { targets: [{ variation: 1, values: ['bob'] }] }),
  flag('hidden', 1, { clientSide: false, clientSideAvailability: { usingMobileKey: true, usingEnvironmentId: false } }),
]);
const shownAs = (version, variation) => flag('shown', version, { fallthrough: { variation } });

const open = (page, ...words) => page.run(async (...all) => (await import('/sdk.mjs')).open(...all), ...words);
const seen = (page, key, value) => page.run((...all) => window.sdk.until(...all), key, value);
const value = (page, key) => page.run(name => window.sdk.client.variation(name, 'default'), key);
const identify = (page, ...words) => page.run(async (...all) => { await window.sdk.identify(...all); }, ...words);
// Resolve when the page has asked so and been told 200, or another status.
const answeredWith = (page, wanted, line) => page.request(({ method, url, status }) => `${method} ${url}` === line && status === wanted);
const answered = (page, line) => answeredWith(page, 200, line);

// Resolves when such an event has come to the service on that path.
const posted = (service, path, fits) => until(() => `an event on ${path}; there are ${JSON.stringify(service.requests)}`,
  () => service.at(path).some(({ text }) => [JSON.parse(text)].flat().some(fits)));

let browser;
const suite = { afters: [], after(work) { this.afters.push(work); } };
before(async () => { browser = await startBrowser(suite); });
after(async () => { for (const work of suite.afters.reverse()) await work(); });

for (const [generation, name] of [[3, 'launchdarkly-js-client-sdk'], [4, '@launchdarkly/js-client-sdk']]) {
  describe(`${name} in Chromium`, { concurrency: 4, timeout: 180000 * slowness }, () => {
    const start = async (t, options) => {
      const pair = await startPair(t, data(), options);
      return { ...pair, page: await browser.open(t, pair.relay.port) };
    };

    it('streaming: a change, a delete and a new flag are seen on the page', async t => {
      const { up, relay, key, id, page } = await start(t);
      assert.deepEqual(await open(page, generation, id, alice, { relay: relay.url, streaming: true }), { shown: 'a' });
      up.patch(key, 'flags', shownAs(2, 1));
      await seen(page, 'shown', 'b');
      up.patch(key, 'flags', flag('late', 1, { fallthrough: { variation: 2 } }));
      await seen(page, 'late', 'c');
      up.remove(key, 'flags', 'shown', 3);
      await seen(page, 'shown', 'default');
      await answered(page, `GET /sdk/evalx/${id}/contexts/${coded(alice)}`);
      await answered(page, `GET /eval/${id}/${coded(alice)}`);
    });

    it('identify while streaming: the other context\'s values, and its changes', async t => {
      const { up, relay, key, id, page } = await start(t);
      await open(page, generation, id, alice, { relay: relay.url, streaming: true });
      await identify(page, bob);
      assert.equal(await value(page, 'shown'), 'b');
      up.patch(key, 'flags', shownAs(2, 2));
      await seen(page, 'shown', 'c');
      await answered(page, `GET /eval/${id}/${coded(bob)}`);
    });

    it('without streaming: a change is seen after identify, and no stream is opened', async t => {
      const { up, relay, key, id, page } = await start(t);
      assert.deepEqual(await open(page, generation, id, alice, { relay: relay.url, streaming: false }), { shown: 'a' });
      up.patch(key, 'flags', shownAs(2, 2));
      await relay.waitFlag(key, 'shown', 2);
      await identify(page, { kind: 'multi', user: { key: 'alice' }, org: { key: 'acme' } });
      await seen(page, 'shown', 'c');
      await page.request(({ url, preflight }) => !preflight && url.startsWith('/sdk/evalx/'), 2);
      assert.ok(page.requests.every(({ url }) => url.startsWith('/sdk/evalx/')), page.story());
    });

    it('useReport: the context travels in a body; changes are seen over /ping', async t => {
      const { up, relay, key, id, page } = await start(t);
      assert.deepEqual(await open(page, generation, id, bob, { relay: relay.url, streaming: true, useReport: true }), { shown: 'b' });
      up.patch(key, 'flags', shownAs(2, 2));
      await seen(page, 'shown', 'c');
      await answered(page, `REPORT /sdk/evalx/${id}/context`);
      await answered(page, `GET /ping/${id}`);
      assert.ok(page.requests.every(({ url }) => !url.includes(coded(bob))), page.story());
    });

    it('secure mode: a right hash opens values and stream, identify brings its own, a wrong one is refused', async t => {
      const { up, relay, key, id, page } = await start(t, { environment: { secureMode: true } });
      const hash = context => crypto.createHmac('sha256', key).update(context.key).digest('hex');
      assert.deepEqual(await open(page, generation, id, alice, { relay: relay.url, streaming: true, hash: hash(alice) }), { shown: 'a' });
      up.patch(key, 'flags', flag('shown', 2, { targets: [{ variation: 1, values: ['bob'] }], fallthrough: { variation: 2 } }));
      await seen(page, 'shown', 'c');
      await identify(page, bob, hash(bob));
      assert.equal(await value(page, 'shown'), 'b');
      await answered(page, `GET /eval/${id}/${coded(bob)}?h=${hash(bob)}`);
      const other = await browser.open(t, relay.port);
      await assert.rejects(open(other, generation, id, alice, { relay: relay.url, hash: hash(bob) }));
      await other.request(({ status }) => status === 400);
    });

    it('allowedOrigin: a page of a listed origin is served, the browser keeps the answer from others', async t => {
      const listed = await start(t, { environment: { allowedOrigin: ['https://shop.example', browser.origin] } });
      assert.deepEqual(await open(listed.page, generation, listed.id, alice, { relay: listed.relay.url, streaming: true }), { shown: 'a' });
      listed.up.patch(listed.key, 'flags', shownAs(2, 1));
      await seen(listed.page, 'shown', 'b');
      const other = await start(t, { environment: { allowedOrigin: 'https://shop.example' } });
      await assert.rejects(open(other.page, generation, other.id, alice, { relay: other.relay.url }));
      await other.page.request(({ failed }) => /AllowOrigin|ERR_FAILED/.test(failed));
    });

    it('evaluation reasons', async t => {
      const { relay, id, page } = await start(t);
      await open(page, generation, id, bob, { relay: relay.url, streaming: true, reasons: true });
      assert.deepEqual(await page.run(() => window.sdk.client.variationDetail('shown')), { value: 'b', variationIndex: 1, reason: { kind: 'TARGET_MATCH' } });
    });

    it('what the SDK does by itself: goals, events and diagnostic events find their way through the relay', async t => {
      const events = await startEventsService(t);
      const { relay, id, page } = await start(t, { config: { Events: { sendEvents: true, eventsUri: events.uri, flushInterval: '100ms' } } });
      assert.deepEqual(await open(page, generation, id, bob, { relay: relay.url, sendEvents: true, fetchGoals: true, diagnosticOptOut: false }), { shown: 'b' });
      await page.run(() => { window.sdk.client.track('bought', { pieces: 3 }); return window.sdk.client.flush(); });
      await page.request(({ url }) => url === `/sdk/goals/${id}`);
      await answeredWith(page, 202, `POST /events/bulk/${id}`);
      await answeredWith(page, 202, `POST /events/diagnostic/${id}`);
      await posted(events, `/events/bulk/${id}`, ({ kind, key, data: what }) => kind === 'custom' && key === 'bought' && what.pieces === 3);
      await posted(events, `/events/diagnostic/${id}`, ({ kind }) => kind.startsWith('diagnostic'));
    });

    it('a restart of the relay: the page reconnects and sees what changed meanwhile', async t => {
      const { up, relay, key, id, page } = await start(t);
      await open(page, generation, id, alice, { relay: relay.url, streaming: true });
      await page.request(({ url }) => url.startsWith('/eval/'));
      await relay.stop('SIGKILL');
      up.silently(key, all => { all.flags.shown = shownAs(2, 1); });
      await startRelay(t, { port: relay.port, config: configText({ main: { port: relay.port, streamUri: up.uri }, environments: { prod: { sdkKey: key, envId: id } } }) });
      await seen(page, 'shown', 'b');
    });
  });
}

describe('what a page is shown', { concurrency: 4, timeout: 180000 * slowness }, () => {
  const ask = (page, url, headers) => page.run(async (target, more) => {
    const answer = await fetch(target, { headers: more });
    return [answer.status, await answer.text()];
  }, url, headers);

  it('17: an unknown client-side ID is a 404 that the page may read, not a network error', async t => {
    const { relay } = await startPair(t, data());
    const page = await browser.open(t, relay.port);
    assert.deepEqual(await ask(page, `${relay.url}/sdk/evalx/nobody/contexts/${coded(alice)}`, {}), [404, 'URL did not contain an environment ID']);
    await assert.rejects(open(page, 3, 'nobody', alice, { relay: relay.url, sendLDHeaders: false }), /environment not found/i);
  });

  it('27: allowedHeader opens the relay for headers of one\'s own, others stay shut', async t => {
    const { relay, id } = await startPair(t, data(), { environment: { allowedHeader: 'X-Shop' } });
    const page = await browser.open(t, relay.port);
    const url = `${relay.url}/sdk/evalx/${id}/contexts/${coded(alice)}`;
    assert.equal((await ask(page, url, { 'X-Shop': '1', 'X-LaunchDarkly-Wrapper': 'React/3' }))[0], 200);
    await assert.rejects(ask(page, `${url}=`, { 'X-Other': '1' }), /Failed to fetch/);
    await page.request(({ failed }) => failed === 'HeaderDisallowedByPreflightResponse');
  });

  it('21, 4.4: while the environment is starting the page is told 503, and the new SDK starts when it is there', async t => {
    const key = sdkKey();
    const up = await startUpstream(t);
    up.script(key, { write: res => { up.late = res; } });
    const { relay, id } = await startPair(t, null, { upstream: up, key, wait: false });
    await until('the request upstream', () => up.late);
    const page = await browser.open(t, relay.port);
    const headers = { 'X-LaunchDarkly-User-Agent': 'JSClient/4.10.3' };
    assert.deepEqual(await ask(page, `${relay.url}/sdk/evalx/${id}/contexts/${coded(alice)}`, headers), [503, 'client was not initialized']);
    const started = open(page, 4, id, alice, { relay: relay.url });
    await page.request(({ status }) => status === 503, page.requests.length);
    up.late.write(putFrame(data()));
    assert.deepEqual(await started, { shown: 'a' });
  });
});

describe('over TLS', { timeout: 180000 * slowness }, () => {
  it('values, and a change while streaming', async t => {
    const [key, id, folder] = [sdkKey(), environmentId(), temporaryFolder(t)];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=relay', '-keyout', 'key.pem', '-out', 'cert.pem'], { cwd: folder, stdio: 'ignore' });
    const up = await startUpstream(t, { [key]: data() });
    const relay = await startRelay(t, { folder, ready: false, config: {
      main: { streamUri: up.uri, tlsEnabled: true, tlsCert: 'cert.pem', tlsKey: 'key.pem' }, environments: { prod: { sdkKey: key, envId: id } },
    } });
    await relay.waitLog(/TLS enabled for server/);
    await up.waitOpen(key);
    const page = await browser.open(t, relay.port);
    const start = () => open(page, 3, id, alice, { relay: `https://127.0.0.1:${relay.port}`, streaming: true, sendLDHeaders: false });
    assert.deepEqual(await start(), { shown: 'a' });
    up.patch(key, 'flags', shownAs(2, 1));
    await seen(page, 'shown', 'b');
    t.diagnostic(`the browser speaks ${page.requests.find(({ protocol }) => protocol).protocol}`);
  });
});

describe('documents', { concurrency: 2, timeout: 180000 * slowness }, () => {
  const blocks = blocksOf('docs/sdks.md');
  for (const [i, { words, text, line }] of blocks.entries()) {
    if (words[0] !== 'browser') continue;
    it(`the page at docs/sdks.md:${line} prints what is said there, and sees a change`, async t => {
      const flags = fs.readFileSync(path.join(root, 'examples/flags.yaml'), 'utf8');
      const relay = await startRelay(t, { args: ['--data-file', 'flags.yaml'], files: { 'flags.yaml': flags } });
      await relay.waitHealthy();
      const page = await browser.open(t, relay.port);
      await page.script(text.replaceAll('8030', String(relay.port)));
      const printed = wanted => until(() => `the page to print ${wanted}\n${page.story()}`, () => page.console.includes(wanted));
      await printed(blocks[i + 1].text.trimEnd());
      await page.request(({ url, status }) => url.startsWith('/eval/') && status === 200);
      const off = flags.replaceAll('on: true', 'on: false');
      fs.writeFileSync(path.join(relay.folder, 'flags.yaml'), off);
      const [, key] = /change:([a-z-]+)/.exec(text);
      await until(() => `the change of ${key}\n${page.story()}`, () => page.console.some(said => new RegExp(`^${key} is .* now$`).test(said)));
    });
  }
});
