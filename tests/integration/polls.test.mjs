// Polls of whole data sets, of single items and for a context, against the real program: what SDKs get, and what they get while
// the database is away (data-store.md 6.2, http-api.md 5.4, 6.1).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { init } from '@launchdarkly/node-server-sdk';
import { dataset, environmentId, flag, mobileKey, sdkKey, segment } from './lib/data.mjs';
import { databaseKinds, startDatabase } from './lib/databases.mjs';
import { startPair } from './lib/harness.mjs';
import { quiet } from './lib/node_sdk.mjs';
import { startPython } from './lib/python.mjs';
import { startRelay } from './lib/relay.mjs';
import { request } from './lib/request.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { pause, slowness, until, within } from './lib/wait.mjs';

const data = () => dataset([flag('f', 3)], [segment('s', 1)]);
const alice = Buffer.from('{"kind":"user","key":"alice"}').toString('base64url');

describe('polls', { concurrency: 2 }, () => {
  // Both SDKs ask every 30 s at the least; here they are made to ask sooner.
  const sooner = 0.2;
  const polled = relay => relay.waitLog(/url=\/sdk\/latest-all \S+ status=304/);

  test('69 a Node server-side SDK that polls: starts, is told 304, sees a change and a delete', async t => {
    const { up, relay, key } = await startPair(t, data(), { main: { logLevel: 'debug' } });
    const options = { baseUri: relay.url, streamUri: relay.url, eventsUri: relay.url, stream: false, sendEvents: false, diagnosticOptOut: true, logger: quiet };
    const client = init(key, options);
    client._updateProcessor._pollInterval = sooner;
    t.after(() => client.close());
    const changed = () => within('a change', new Promise(done => client.once('update:f', done)));
    await within('the SDK to start', client.waitForInitialization({ timeout: 20 }), 20000);
    assert.equal(await client.variation('f', { kind: 'user', key: 'alice' }, 'default'), 'a');
    await polled(relay);
    for (const [change, value] of [[() => up.patch(key, 'flags', flag('f', 4, { fallthrough: { variation: 1 } })), 'b'], [() => up.remove(key, 'flags', 'f', 5), 'default']]) {
      const seen = changed();
      change();
      await seen;
      assert.equal(await client.variation('f', { kind: 'user', key: 'alice' }, 'default'), value);
    }
  });

  test('69 a Python server-side SDK that polls: the same', async t => {
    const { up, relay, key } = await startPair(t, data(), { main: { logLevel: 'debug' } });
    const python = await startPython(t);
    await python.ask({ do: 'open', name: 'p', mode: 'poll', uri: relay.url, key, interval: sooner });
    const all = () => python.ask({ do: 'all', name: 'p', context: { kind: 'user', key: 'alice' } });
    assert.deepEqual(await all(), { f: 'a' });
    await polled(relay);
    up.patch(key, 'flags', flag('f', 4, { rules: [{ id: 'r', variation: 1, clauses: [{ attribute: '', op: 'segmentMatch', values: ['s'], negate: false }] }] }));
    up.patch(key, 'segments', segment('s', 2, { included: ['alice'] }));
    await until('the change', async () => (await all()).f === 'b');
    up.remove(key, 'flags', 'f', 5);
    await until('the delete', async () => !('f' in await all()));
  });

  for (const name of databaseKinds.slice(0, 1)) {
    test(`52 expired data on ${name}: read once more, refused while it is away, served again`, { timeout: 120000 * slowness }, async t => {
      const ttl = 1000 * slowness;
      const [key, mobile, id] = [sdkKey(), mobileKey(), environmentId()];
      const up = await startUpstream(t, { [key]: data() });
      const db = await startDatabase(t, name);
      const [[title, options]] = Object.entries(db.section(db.port));
      const relay = await startRelay(t, { env: db.env, config: {
        main: { streamUri: up.uri, baseUri: up.uri }, environments: { prod: { sdkKey: key, mobileKey: mobile, envId: id, prefix: 'prod' } },
        [title]: { ...options, localTtl: `${ttl}ms`, healthCheckInterval: '0' },
      } });
      await relay.waitHealthy();
      await until('the database to hold the flag', async () => await db.version('features', 'f') === 3);
      const headers = { Authorization: key };
      const json = { 'Content-Type': 'application/json' };
      const polls = {
        flags: { target: '/sdk/flags', headers },
        flag: { target: '/sdk/flags/f', headers },
        segment: { target: '/sdk/segments/s', headers },
        all: { target: '/sdk/latest-all', headers },
      };
      const evaluations = {
        server: { target: `/sdk/evalx/contexts/${alice}`, headers },
        mobile: { method: 'REPORT', target: '/msdk/evalx/context', headers: { ...json, Authorization: mobile }, body: '{"kind":"user","key":"alice"}' },
        browser: { method: 'REPORT', target: `/sdk/evalx/${id}/user`, headers: json, body: '{"key":"alice"}' },
      };
      const everybody = { ...polls, ...evaluations };
      const statuses = async requests => Object.fromEntries(await Promise.all(Object.entries(requests).map(async ([who, one]) => [who, (await request(relay.port, one)).status])));
      const all = (requests, status) => Object.fromEntries(Object.keys(requests).map(who => [who, status]));
      await pause(ttl + 300);
      assert.deepEqual(await statuses(everybody), all(everybody, 200), 'expired: the database is asked');
      await db.kill();
      await pause(ttl + 300);
      for (const [who, one] of Object.entries(polls)) {
        const answer = await request(relay.port, one);
        assert.deepEqual([who, answer.status, answer.body], [who, 500, '']);
      }
      for (const [who, one] of Object.entries(evaluations)) {
        const answer = await request(relay.port, one);
        assert.equal(answer.status, 500, who);
        assert.match(answer.body, /^\{"message":"Error fetching flags from feature store: .+"\}$/);
      }
      assert.equal((await request(relay.port, { target: '/sdk/evalx/contexts/e30', headers })).status, 400, 'a wrong context is told first');
      await db.start();
      await until('everybody to be served again', async () => Object.values(await statuses(everybody)).every(status => status === 200));
    });
  }
});
