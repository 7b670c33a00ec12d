// The real Node server-side SDK against the relay (streaming.md 16, line 76).
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { dataset, flag, sdkKey, segment } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { startNodeSdk } from './lib/node_sdk.mjs';
import { configText, startRelay, temporaryFolder } from './lib/relay.mjs';
import { freePort } from './lib/ports.mjs';
import { root } from './lib/secrets.mjs';
import { putFrame, startUpstream } from './lib/upstream.mjs';
import { least, slowness, until, within } from './lib/wait.mjs';

const user = { kind: 'user', key: 'alice' };

const startSdk = (t, url, key, options) => startNodeSdk(t, url, key, { streamInitialReconnectDelay: 0.1, ...options });
const changed = (client, key) => within(`a change of ${key}`, new Promise(done => client.once(`update:${key}`, () => done(performance.now()))));

describe('Node SDK', { concurrency: 4 }, () => {
  it('gets flags from the example file', async t => {
    const relay = await startRelay(t, { args: ['--data-file', path.join(root, 'examples/flags.yaml')] });
    await relay.waitHealthy();
    const client = await startSdk(t, relay.url, 'sdk-local');
    const state = await client.allFlagsState(user);
    assert.ok(state.valid);
    assert.ok(Object.keys(state.allValues()).length > 0);
  });

  it('gets flags and segments, and sees changes and deletes within 100 ms', async t => {
    const { up, relay, key } = await startPair(t, dataset(
      [flag('shown', 1), flag('by-segment', 1, { rules: [{ id: 'r', variation: 1, clauses: [{ attribute: '', op: 'segmentMatch', values: ['staff'], negate: false }] }] })],
      [segment('staff', 1)]));
    const client = await startSdk(t, relay.url, key);
    assert.equal(await client.variation('shown', user, 'default'), 'a');
    assert.equal(await client.variation('by-segment', user, 'default'), 'a');
    assert.equal(await client.variation('unknown', user, 'default'), 'default');
    let version = 1;
    const longest = await least(5, 100, async () => {
      const times = [];
      for (let i = 0; i < 10; i++) {
        const seen = changed(client, 'shown');
        const sent = performance.now();
        up.patch(key, 'flags', flag('shown', ++version, { fallthrough: { variation: version % 3 } }));
        times.push(await seen - sent);
        assert.equal(await client.variation('shown', user, 'default'), 'abc'[version % 3]);
      }
      times.sort((a, b) => a - b);
      t.diagnostic(`upstream to SDK: median ${times[5].toFixed(1)} ms, longest ${times.at(-1).toFixed(1)} ms`);
      return times.at(-1);
    });
    assert.ok(longest < 100 * slowness, `a change took ${longest.toFixed(1)} ms`);
    const bySegment = changed(client, 'by-segment');
    up.patch(key, 'segments', segment('staff', 2, { included: ['alice'] }));
    await bySegment;
    assert.equal(await client.variation('by-segment', user, 'default'), 'b');
    const removed = changed(client, 'shown');
    up.remove(key, 'flags', 'shown', ++version);
    await removed;
    assert.equal(await client.variation('shown', user, 'default'), 'default');
  });

  for (const how of ['SIGTERM', 'SIGKILL']) {
    it(`survives a restart of the relay (${how}) and sees what changed meanwhile`, { timeout: 60000 * slowness }, async t => {
      const port = await freePort();
      const folder = temporaryFolder(t);
      const { up, relay, key } = await startPair(t, dataset([flag('shown')]), { port, folder, main: { gracefulShutdownTimeout: '1s' } });
      const client = await startSdk(t, relay.url, key);
      await relay.stop(how);
      assert.equal(await client.variation('shown', user, 'default'), 'a');
      up.silently(key, data => { data.flags.shown = flag('shown', 2, { fallthrough: { variation: 1 } }); });
      await startRelay(t, { port, folder, config: configText({ main: { port, streamUri: up.uri }, environments: { prod: { sdkKey: key } } }) });
      await until('the new value', async () => await client.variation('shown', user, 'default') === 'b', 40000);
    });
  }

  it('is answered 503 while the relay has no data yet, and starts when it has', { timeout: 60000 * slowness }, async t => {
    const key = sdkKey();
    const up = await startUpstream(t);
    up.script(key, { write: res => { up.late = res; } });
    const { relay } = await startPair(t, null, { upstream: up, key, wait: false });
    const starting = startSdk(t, relay.url, key);
    await relay.waitStatus('starting', document => document.environments.prod.connectionStatus.state === 'INITIALIZING');
    await until('the request upstream', () => up.late);
    up.late.write(putFrame(dataset([flag('late')])));
    assert.equal(await (await starting).variation('late', user, 'default'), 'a');
  });

  it('a refused key ends the start of the SDK at once', async t => {
    const { relay } = await startPair(t, dataset());
    await assert.rejects(startSdk(t, relay.url, 'sdk-unknown'), /401|failed|Initialization/i);
  });
});
