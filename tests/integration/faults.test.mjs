// Everything that can go wrong between the relay and its database (data-store.md 4.6, 6.2, 7): streams that are open go on,
// /status answers, memory and descriptors stay bounded, and all is well again soon after the fault ends.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dataset, flag, sdkKey } from './lib/data.mjs';
import { databaseKinds, redisCli, startDatabase } from './lib/databases.mjs';
import { startProxy } from './lib/proxy.mjs';
import { startRelay } from './lib/relay.mjs';
import { openStream } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { slowness, until } from './lib/wait.mjs';

// Two environments on one database behind a proxy, no cache to hide behind.
async function start(t, name) {
  const keys = [sdkKey(), sdkKey()];
  const up = await startUpstream(t, Object.fromEntries(keys.map(key => [key, dataset([flag('f', 1)])])));
  const db = await startDatabase(t, name);
  const proxy = await startProxy(t, db.port);
  const [[title, options]] = Object.entries(db.section(proxy.port));
  const limits = title === 'Redis' ? { connectTimeout: '1s', readTimeout: '1s' } : {};
  const relay = await startRelay(t, {
    env: db.env,
    config: {
      main: { streamUri: up.uri, baseUri: up.uri },
      environments: { one: { sdkKey: keys[0], prefix: 'one' }, two: { sdkKey: keys[1], prefix: 'two' } },
      [title]: { ...options, ...limits, localTtl: '100ms', healthCheckInterval: '1s' },
    },
  });
  await relay.waitHealthy();
  await until('both data sets to be stored', () => relay.logCount(/DataStore: Initialized/) === 2, 20000);
  for (const prefix of ['one', 'two']) await until('the data to be stored', async () => await db.version('features', 'f', prefix) === 1);
  return { keys, up, db, proxy, relay };
}

const state = document => document.environments.one.dataStoreStatus.state;

for (const name of databaseKinds) {
  describe(`faults between the relay and ${name}`, { concurrency: 2 }, () => {
    for (const fault of ['refuse', 'reset', 'black hole', 'slow', 'half', 'garbage']) {
      test(fault, async t => {
        const { keys, up, db, proxy, relay } = await start(t, name);
        const streams = keys.map(key => openStream(t, relay.port, '/all', key));
        for (const stream of streams) await stream.next();
        const memory = relay.memory();
        await proxy.inject(fault);
        for (let version = 2; version < 12; version++) {
          for (const [i, key] of keys.entries()) {
            const sent = performance.now();
            up.patch(key, 'flags', flag('f', version));
            await streams[i].find(e => e.json.data?.version === version);
            assert.ok(performance.now() - sent < 1000 * slowness, 'a broadcast waits for no database');
          }
          await relay.status();
        }
        if (fault !== 'slow') await relay.waitStatus('the fault is seen', document => state(document) === 'INTERRUPTED', 20000);
        await proxy.inject(null);
        const over = performance.now();
        await relay.waitStatus('the fault is over', document => state(document) === 'VALID', 15000);
        await until('a new SDK to be served', async () => {
          const sdk = openStream(t, relay.port, '/all', keys[0]);
          return (await sdk.head()).status === 200 && (await sdk.next()).json.data.flags.f.version === 11;
        });
        assert.ok(performance.now() - over < 1000 * slowness, 'recovered within a second');
        t.diagnostic(`${name}, ${fault}: served ${Math.round(performance.now() - over)} ms after the end`);
        for (const prefix of ['one', 'two']) await until('the updates to be stored', async () => await db.version('features', 'f', prefix) === 11);
        for (const stream of streams) assert.equal(stream.ended, null);
        assert.ok(relay.memory() - memory < 20 * 1024 * slowness, 'memory is bounded');
        assert.ok(proxy.open < 12, `connections are bounded: ${proxy.open}`);
      });
    }
  });
}

describe('what a Redis says of itself', () => {
  const rows = [
    ['OOM', port => redisCli(port, 'config', 'set', 'maxmemory', '1'), port => redisCli(port, 'config', 'set', 'maxmemory', '0')],
    ['READONLY', port => redisCli(port, 'replicaof', '127.0.0.1', '1'), port => redisCli(port, 'replicaof', 'no', 'one')],
    ['NOPERM', port => redisCli(port, 'acl', 'setuser', 'default', '-hset'), port => redisCli(port, 'acl', 'setuser', 'default', '+hset')],
  ];
  for (const [word, spoil, repair] of rows) {
    test(word, async t => {
      const { keys, up, db, relay } = await start(t, 'redis');
      const stream = openStream(t, relay.port, '/all', keys[0]);
      await stream.next();
      spoil(db.port);
      up.patch(keys[0], 'flags', flag('f', 2));
      await stream.find(e => e.json.data?.version === 2);
      await relay.waitLog(new RegExp(`Data store returned error: ${word}`));
      await relay.waitStatus('the fault is seen', document => state(document) === 'INTERRUPTED');
      repair(db.port);
      await relay.waitStatus('the fault is over', document => state(document) === 'VALID');
      await until('the update to be stored', async () => await db.version('features', 'f', 'one') === 2);
    });
  }

  test('a wrong password is one clear line, and no secret is in it', async t => {
    const db = await startDatabase(t, 'redis');
    redisCli(db.port, 'config', 'set', 'requirepass', 'right-password');
    const key = sdkKey();
    const up = await startUpstream(t, { [key]: dataset([flag('f', 1)]) });
    const relay = await startRelay(t, {
      config: {
        main: { streamUri: up.uri, baseUri: up.uri },
        environments: { prod: { sdkKey: key, prefix: 'prod' } },
        Redis: { url: `redis://:wrong-password@127.0.0.1:${db.port}`, healthCheckInterval: '1s' },
      },
    });
    await relay.waitLog(/Data store returned error: Redis refused the connection: WRONGPASS/);
    assert.equal(relay.logCount(/wrong-password/), 0);
  });
});
