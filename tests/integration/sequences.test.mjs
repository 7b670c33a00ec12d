// The documented sequences (data-store.md 6) with real databases: what an SDK sees, what the database is asked, what the log
// and the status say. Lifetimes are scaled down: 30 s become TTL.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dataset, flag, segment, sdkKey } from './lib/data.mjs';
import { databaseKinds, startDatabase } from './lib/databases.mjs';
import { startProxy, waitQuiet } from './lib/proxy.mjs';
import { startRelay } from './lib/relay.mjs';
import { openStream } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { pause, slowness, until } from './lib/wait.mjs';

const TTL = 2000 * slowness;
const data = () => dataset([flag('f', 3)], [segment('s', 1)]);

// A relay with one environment "prod" on a database behind a proxy. Options: ttl (ms), main, section, key, upstream.
async function start(t, name, { ttl = TTL, main = {}, more = {}, upstream, wait = true, db, key = sdkKey() } = {}) {
  const up = upstream ?? await startUpstream(t);
  up.environments[key] ??= data();
  db ??= await startDatabase(t, name);
  const proxy = await startProxy(t, db.port);
  const [[title, options]] = Object.entries(db.section(proxy.port));
  const relay = await startRelay(t, {
    env: db.env,
    config: {
      main: { streamUri: up.uri, baseUri: up.uri, initTimeout: '2s', ...main },
      environments: { prod: { sdkKey: key, prefix: 'prod' } },
      [title]: { ...options, localTtl: `${ttl}ms`, healthCheckInterval: '0', ...more },
    },
  });
  if (wait) await relay.waitHealthy();
  if (wait) await relay.waitLog(/DataStore: Initialized/, { ms: 20000 }); // the marker is written last
  if (wait) await until('the database to hold the flag', async () => await db.version('features', 'f') === 3);
  const open = () => openStream(t, relay.port, '/all', key);
  return { key, up, db, proxy, relay, open };
}

// The first event of a new stream.
const put = async stream => { const event = await stream.next(); assert.equal(event.name, 'put'); return event.json.data; };

// A stream that is answered 200; requests until then are refused.
const accepted = open => until('200', async () => { const stream = open(); return (await stream.head()).status === 200 && stream; });

async function refused(stream) {
  const head = await stream.head();
  assert.equal(head.status, 503);
  await until('the body', () => stream.raw.toString().endsWith('data store is unavailable'));
}

for (const name of databaseKinds) {
  describe(`sequences on ${name}`, { concurrency: 2 }, () => {
    test('31-35 A: memory within the lifetime, one read per kind after it', async t => {
      const { up, key, db, proxy, open } = await start(t, name);
      await waitQuiet(proxy);
      proxy.forget();
      const sdk1 = open();
      assert.equal((await put(sdk1)).flags.f.version, 3);
      assert.equal(proxy.requests, '', 'served from memory without a read');
      await pause(TTL + 300);
      assert.equal(proxy.requests, '', 'nothing happens by itself');
      const crowd = [...Array(50)].map(open);
      for (const sdk of crowd) assert.equal((await put(sdk)).flags.f.version, 3);
      assert.deepEqual([proxy.count(db.reads.features), proxy.count(db.reads.segments)], [1, 1], 'fifty share one read');
      proxy.forget();
      up.patch(key, 'flags', flag('f', 4));
      assert.equal((await sdk1.next()).json.data.version, 4);
      await until('the database to have the patch', async () => await db.version('features', 'f') === 4);
      await waitQuiet(proxy);
      proxy.forget();
      assert.equal((await put(open())).flags.f.version, 4);
      assert.deepEqual([proxy.count(db.reads.features), proxy.count(db.reads.segments)], [1, 0], 'only flags are read again');
    });

    test('36-44 B: the database is killed; denied after the lifetime; back and empty: filled with what came meanwhile', async t => {
      const { up, key, db, relay, open } = await start(t, name);
      const sdk1 = open();
      await put(sdk1);
      await db.kill();
      assert.equal((await put(open())).flags.f.version, 3, 'an outage shorter than the lifetime is invisible');
      assert.equal(relay.logCount(/Data store returned error/), 0);
      await pause(TTL + 300);
      await refused(open());
      await relay.waitLog(/WARN: \[env: \.\.\.\w{4}\] Detected persistent store unavailability; updates will be cached until it recovers/, { ms: 30000 });
      const status = await relay.status();
      assert.equal(status.environments.prod.dataStoreStatus.state, 'INTERRUPTED');
      assert.equal(status.environments.prod.status, 'connected');
      assert.equal(status.status, 'healthy');
      await refused(open());
      assert.equal(relay.logCount(/Detected persistent store unavailability/), 1, 'once per outage');
      up.patch(key, 'flags', flag('f', 4));
      assert.equal((await sdk1.next()).json.data.version, 4, 'an open stream goes on');
      await relay.waitLog(/Failed to store streaming update of f in data store; will try again once data store is working/, { ms: 30000 });
      const streams = up.at(key).length;
      await db.start();
      const back = performance.now();
      await relay.waitLog(/Persistent store is available again/, { ms: 5000 });
      const served = await put(await accepted(open));
      assert.ok(performance.now() - back < 5000 * slowness, 'served within 5 s');
      assert.equal(served.flags.f.version, 4);
      await until('the database to have the patch', async () => await db.version('features', 'f') === 4);
      await relay.waitLog(/Restarting stream to refresh data after data store outage/);
      await up.waitRequests(key, streams + 1);
      await relay.waitStatus('VALID again', document => document.environments.prod.dataStoreStatus.state === 'VALID');
      await pause(1500);
      assert.equal(up.at(key).length, streams + 1, 'LaunchDarkly is asked once');
      assert.equal(sdk1.ended, null);
    });

    test('45 Bneg: served and updated through the outage, written back after it, no restart', async t => {
      const { up, key, db, relay, open } = await start(t, name, { ttl: -1 });
      await db.kill();
      await pause(TTL);
      up.patch(key, 'flags', flag('f', 4));
      await relay.waitLog(/Detected persistent store unavailability/, { ms: 30000 });
      assert.equal((await put(open())).flags.f.version, 4);
      await db.start();
      await relay.waitLog(/Successfully updated persistent store from cached data/, { ms: 30000 });
      await until('the database to have the patch', async () => await db.version('features', 'f') === 4);
      await pause(700);
      assert.equal(up.at(key).length, 1, 'LaunchDarkly is not asked');
      assert.equal((await put(open())).flags.f.version, 4);
    });

    test('47 B0: without a cache a new SDK is denied at once, and served again when the database is back', async t => {
      const { db, relay, open } = await start(t, name, { ttl: 0 });
      assert.equal((await put(open())).flags.f.version, 3);
      await db.kill();
      await refused(open());
      await db.start();
      await relay.waitLog(/Persistent store is available again/, { ms: 30000 });
      assert.equal((await put(await accepted(open))).flags.f.version, 3);
    });

    test('49-53 C: LaunchDarkly is down at the start; 503 until initTimeout, then the stored data, then its return', async t => {
      const first = await start(t, name);
      await first.relay.stop();
      await first.up.stop();
      first.proxy.forget();
      const initTimeout = 1500 * slowness;
      const [[title, options]] = Object.entries(first.db.section(first.proxy.port));
      const relay = await startRelay(t, {
        env: first.db.env,
        config: {
          main: { streamUri: first.up.uri, baseUri: first.up.uri, initTimeout: `${initTimeout}ms` },
          environments: { prod: { sdkKey: first.key, prefix: 'prod' } },
          [title]: { ...options, localTtl: `${TTL}ms`, healthCheckInterval: '0' },
        },
      });
      const early = openStream(t, relay.port, '/all', first.key);
      assert.equal((await early.head()).status, 503);
      await until('its text', () => early.raw.toString().endsWith('client was not initialized'));
      assert.equal(first.proxy.count(first.db.reads.features), 0, 'the database is not read before');
      await relay.waitLog(/Timeout encountered waiting for LaunchDarkly client initialization/);
      const sdk1 = await accepted(() => openStream(t, relay.port, '/all', first.key));
      assert.equal((await put(sdk1)).flags.f.version, 3);
      const status = await relay.status();
      assert.equal(status.environments.prod.status, 'disconnected');
      assert.equal(status.environments.prod.connectionStatus.state, 'INITIALIZING');
      assert.equal(status.status, 'degraded');
      first.up.environments[first.key].flags.f = flag('f', 5);
      await first.up.start();
      await sdk1.find(e => e.json.data?.version === 5 || e.json.data?.flags?.f.version === 5, 40000);
      await relay.waitHealthy();
      await until('the database to be rewritten', async () => await first.db.version('features', 'f') === 5);
    });

    test('54 Cempty, Cdown: nothing stored, or no database either; what comes later reaches open streams', async t => {
      const { up, key, db, relay, open } = await (async () => {
        const upstream = await startUpstream(t);
        await upstream.stop();
        const db = await startDatabase(t, name);
        await db.kill();
        return start(t, name, { upstream, db, wait: false, main: { initTimeout: '500ms' } });
      })();
      await relay.waitLog(/Timeout encountered waiting for LaunchDarkly client initialization/);
      const sdk1 = await accepted(open);
      assert.equal(sdk1.events.length, 0);
      await db.start();
      await up.start();
      assert.equal((await put(sdk1)).flags.f.version, 3);
      await until('the database to be filled', async () => await db.version('features', 'f') === 3);
    });

    test('57 an emptied database is filled again within one health check, and no SDK hears of it', async t => {
      const { db, relay, open } = await start(t, name, { more: { healthCheckInterval: '1s' } });
      const sdk1 = open();
      await put(sdk1);
      await db.clear();
      await relay.waitLog(/WARN: .*Data store lost initialization data, possible store restart detected/);
      await relay.waitLog(/INFO: .*Successfully repopulated data store from snapshot/);
      assert.equal(await db.version('features', 'f'), 3);
      await pause(200);
      assert.equal(sdk1.events.length, 1);
    });

    test('78, 79 two relays on one database: each update is broadcast by both; one without LaunchDarkly follows the other', async t => {
      const one = await start(t, name);
      const key = sdkKey(); // LaunchDarkly does not serve it
      one.up.script(key, ...Array(50).fill(503));
      const two = await start(t, name, { upstream: one.up, db: one.db, wait: false, key, main: { initTimeout: '1s' } });
      await two.relay.waitLog(/Timeout encountered/);
      const follower = await accepted(two.open);
      await put(follower);
      one.up.patch(one.key, 'flags', flag('f', 6));
      // As a patch, or, where most of a small data set changed, as a put (streaming.md 13.6).
      await follower.find(e => e.json.data?.version === 6 || e.json.data?.flags?.f.version === 6, 15000);
    });
  });
}
