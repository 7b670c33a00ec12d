// SDKs that read the database themselves, and databases that SDKs have written (data-store.md 3.4, 11; checklist 7, 17, 18):
// the real Node SDK with Redis, the real Python SDK with every database.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { init } from '@launchdarkly/node-server-sdk';
import { RedisFeatureStore } from '@launchdarkly/node-server-sdk-redis';
import { dataset, flag, sdkKey, segment } from './lib/data.mjs';
import { databaseKinds, startDatabase } from './lib/databases.mjs';
import { startPair } from './lib/harness.mjs';
import { quiet } from './lib/node_sdk.mjs';
import { startPython } from './lib/python.mjs';
import { openStream } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { slowness, until, within } from './lib/wait.mjs';

const clause = (attribute, op, ...values) => ({ attribute, op, values, negate: false });
const inSegment = (key, variation, id = `in-${key}`) => ({ id, variation, clauses: [clause('', 'segmentMatch', key)] });

// Every kind of answer a flag can give: see `names`.
const example = () => dataset([
  flag('off', 3, { on: false }),
  flag('targets', 1, { targets: [{ variation: 1, values: ['alice'] }], contextTargets: [{ contextKind: 'org', variation: 2, values: ['acme'] }] }),
  flag('rules', 7, { rules: [{ id: 'mail', variation: 1, trackEvents: true, clauses: [clause('email', 'endsWith', '@example.com')] }, { id: 'age', variation: 2, clauses: [clause('age', 'greaterThan', 40)] }] }),
  flag('by-segment', 2, { rules: [inSegment('staff', 1), inSegment('all-staff', 2)] }),
  flag('base', 2, { fallthrough: { variation: 1 } }),
  flag('with-prerequisite', 4, { prerequisites: [{ key: 'base', variation: 1 }] }),
  flag('prerequisite-fails', 4, { prerequisites: [{ key: 'off', variation: 0 }] }),
  flag('prerequisite-missing', 4, { prerequisites: [{ key: 'nowhere', variation: 0 }] }),
  flag('rollout', 1, { fallthrough: { rollout: { variations: [{ variation: 0, weight: 30000 }, { variation: 1, weight: 30000 }, { variation: 2, weight: 40000 }] } } }),
  flag('experiment', 1, { fallthrough: { rollout: { kind: 'experiment', seed: 61, variations: [{ variation: 0, weight: 50000 }, { variation: 1, weight: 50000 }] } } }),
  flag('values', 1, { variations: [{ deep: [1, 2.5, null, 'ü"\\\n<>&'] }, 12345678901234, true] }),
  flag('malformed', 1, { fallthrough: { variation: 9 } }),
  flag('removed', 1), flag('changed', 1),
], [
  segment('staff', 3, { included: ['alice'], excluded: ['bob'] }),
  segment('all-staff', 1, { rules: [{ clauses: [clause('', 'segmentMatch', 'staff')] }, { clauses: [clause('email', 'contains', 'example')], weight: 50000 }] }),
  segment('old', 1),
]);
const names = [...Object.keys(example().flags), 'unknown'];
const contexts = [
  { kind: 'user', key: 'alice', email: 'alice@example.com', age: 30 },
  { kind: 'user', key: 'bob', email: 'bob@example.org', age: 41 },
  { kind: 'org', key: 'acme' },
  ...[...Array(10)].map((_, i) => ({ kind: 'user', key: `user-${i}`, email: `user-${i}@example.net` })),
];

// Everything above, with changes and deletions that arrive after the first data.
async function change(up, key) {
  up.patch(key, 'flags', flag('changed', 2, { fallthrough: { variation: 2 } }));
  up.remove(key, 'segments', 'old', 5);
  up.remove(key, 'flags', 'removed', 9);
}
const tombstone = async (db, kind, key) => { const text = await db.item(kind, key); return text !== null && JSON.parse(text).deleted === true && text; };
const changesStored = db => until('the last deletion in the database', () => tombstone(db, 'features', 'removed'));

// The Node SDK with the commands of lib/python_sdk.py.
class Node {
  #clients = {};
  #watches = {};

  async ask(command) { return this[command.do](command); }

  async open({ name, mode, port, prefix, uri, key = 'sdk-daemon' }) {
    const client = init(key, {
      sendEvents: false, diagnosticOptOut: true, logger: quiet, streamInitialReconnectDelay: 0.1,
      ...(mode === 'stream' ? {} : { featureStore: RedisFeatureStore({ redisOpts: { host: '127.0.0.1', port }, prefix, cacheTTL: 0 }) }),
      ...(mode === 'daemon' ? { useLdd: true } : { baseUri: uri, streamUri: uri, eventsUri: uri }),
    });
    this.#clients[name] = client;
    await within('the Node SDK to start', client.waitForInitialization({ timeout: 20 }), 20000);
  }

  async #result(client, name, context) {
    const { value, variationIndex, reason } = await client.variationDetail(name, context, 'fallback');
    return [value, variationIndex ?? null, reason];
  }

  async evaluate({ name, flags, contexts: all }) {
    const results = {};
    for (const one of flags) for (const context of all) results[`${one} ${context.key}`] = await this.#result(this.#clients[name], one, context);
    return JSON.parse(JSON.stringify(results));
  }

  async all({ name, context }) {
    const state = await this.#clients[name].allFlagsState(context);
    return state.valid ? state.allValues() : null;
  }

  watch({ name, flag: one, context }) {
    const watch = { counts: [0, 0, 0, 0], results: {}, over: false };
    watch.end = Promise.all(watch.counts.map(async (_, i) => {
      while (!watch.over) {
        const seen = JSON.stringify(await this.#result(this.#clients[name], one, context));
        watch.results[seen] = (watch.results[seen] ?? 0) + 1;
        watch.counts[i]++;
      }
    }));
    this.#watches[name] = watch;
  }

  counts({ name }) { return [...this.#watches[name].counts]; }

  async seen({ name }) {
    const watch = this.#watches[name];
    watch.over = true;
    await watch.end;
    return { count: watch.counts.reduce((sum, count) => sum + count), results: watch.results };
  }

  close({ name } = {}) { for (const one of name ? [name] : Object.keys(this.#clients)) { this.#clients[one].close(); delete this.#clients[one]; } }
}
async function startNode(t) {
  const node = new Node();
  t.after(() => node.close());
  return node;
}

const relayOn = (t, db, data, more = {}) => {
  const { config, ...others } = more;
  return startPair(t, data, { env: db.env, environment: { prefix: 'prod' }, config: { ...db.section(), ...config }, ...others });
};
const isStored = db => until('the first data in the database', async () => await db.item('features', 'changed') !== null);

const pairs = [['Node', startNode, 'redis'], ...databaseKinds.map(name => ['Python', startPython, name])];
for (const [language, startSdk, name] of pairs) {
  describe(`${language} SDK and ${name}`, { concurrency: 1, timeout: 300000 * slowness }, () => {
    it('18 reads what the relay wrote: the same values and reasons as by streaming', async t => {
      const db = await startDatabase(t, name);
      const { up, relay, key } = await relayOn(t, db, example());
      await isStored(db);
      await change(up, key);
      await changesStored(db);
      const sdk = await startSdk(t);
      await sdk.ask({ do: 'open', name: 'daemon', mode: 'daemon', database: name, port: db.port, prefix: 'prod' });
      await sdk.ask({ do: 'open', name: 'stream', mode: 'stream', uri: relay.url, key });
      const direct = await sdk.ask({ do: 'evaluate', name: 'daemon', flags: names, contexts });
      assert.deepEqual(direct, await sdk.ask({ do: 'evaluate', name: 'stream', flags: names, contexts }));
      assert.equal(direct['by-segment alice'][2].kind, 'RULE_MATCH');
      assert.equal(direct['with-prerequisite alice'][0], 'a');
      assert.equal(direct['changed alice'][0], 'c');
      assert.equal(direct['removed alice'][2].errorKind, 'FLAG_NOT_FOUND');
      assert.equal(new Set(contexts.map(context => direct[`rollout ${context.key}`][0])).size, 3);
      for (const context of contexts) {
        const all = await sdk.ask({ do: 'all', name: 'daemon', context });
        assert.deepEqual(all, await sdk.ask({ do: 'all', name: 'stream', context }));
        assert.ok(!('removed' in all) && Object.keys(all).length === names.length - 2);
      }
      await relay.stop();
      await up.stop();
      assert.deepEqual(await sdk.ask({ do: 'evaluate', name: 'daemon', flags: names, contexts }), direct, 'the relay is not needed for that');
    });

    it('11 sees a complete data set at each moment of 200 data sets and updates', async t => {
      const rounds = Number(process.env.FLAGRELAY_DAEMON_ROUNDS ?? (slowness > 1 ? 40 : 200));
      // Round n needs the flag base-n and the segment s-n, which are made with it. Who has read `top` asks for them a moment
      // later, so they are kept for longer than any evaluation takes: every reader ends one within ten rounds.
      const kept = 25;
      const base = n => flag(`base-${n}`, n, { rules: [inSegment(`s-${n}`, 1, 'rule')], fallthrough: { variation: 0 }, offVariation: 0 });
      const top = n => flag('top', n, { prerequisites: [{ key: `base-${n}`, variation: 1 }], rules: [inSegment(`s-${n}`, 1, 'rule')], fallthrough: { variation: 0 } });
      const needed = n => segment(`s-${n}`, n, { included: ['alice'] });
      const last = n => [...Array(Math.min(kept, n))].map((_, i) => n - i);
      // What else changes keeps what belongs together out of one transaction, one batch.
      const others = (n, make) => [...Array(70)].map((_, i) => make(`other-${i}`, n));
      const round = n => dataset([top(n), ...others(n, flag), ...last(n).map(base)], [...others(n, segment), ...last(n).map(needed)]);
      const db = await startDatabase(t, name);
      const { up, key } = await relayOn(t, db, round(1));
      const written = n => until(`round ${n} in the database`, async () => await db.version('features', 'top') === n);
      await written(1);
      const sdk = await startSdk(t);
      await sdk.ask({ do: 'open', name: 'daemon', mode: 'daemon', database: name, port: db.port, prefix: 'prod' });
      await sdk.ask({ do: 'watch', name: 'daemon', flag: 'top', context: contexts[0] });
      let counts = await sdk.ask({ do: 'counts', name: 'daemon' });
      const allEvaluated = async () => {
        const before = counts;
        counts = await until('every reader to end an evaluation', async () => {
          const now = await sdk.ask({ do: 'counts', name: 'daemon' });
          return now.every((count, i) => count > before[i]) && now;
        }, 30000);
      };
      for (let n = 2; n <= rounds; n++) {
        if (n % 10 === 0) await allEvaluated();
        if (n % 2 === 0) up.put(key, round(n));
        else {
          up.patch(key, 'segments', needed(n));
          up.patch(key, 'flags', base(n));
          up.patch(key, 'flags', top(n));
        }
        await written(n);
      }
      await allEvaluated();
      const { count, results } = await sdk.ask({ do: 'seen', name: 'daemon' });
      t.diagnostic(`${rounds} rounds, ${count} evaluations`);
      assert.deepEqual(Object.keys(results).map(text => JSON.parse(text)), [['b', 1, { kind: 'RULE_MATCH', ruleIndex: 0, ruleId: 'rule' }]]);
    });

    it('7, 17 what the SDK wrote is served by the relay, LaunchDarkly being down', async t => {
      const db = await startDatabase(t, name);
      const key = sdkKey();
      const up = await startUpstream(t, { [key]: example() });
      const sdk = await startSdk(t);
      await sdk.ask({ do: 'open', name: 'writer', mode: 'writer', database: name, port: db.port, prefix: 'prod', uri: up.uri, key });
      await isStored(db);
      await change(up, key);
      const removed = await changesStored(db);
      assert.deepEqual(JSON.parse(removed), { version: 9, deleted: true, ...(language === 'Python' ? { key: 'removed' } : {}) });
      const wanted = await sdk.ask({ do: 'evaluate', name: 'writer', flags: names, contexts });
      await sdk.ask({ do: 'close', name: 'writer' });
      await up.stop();
      const { relay } = await relayOn(t, db, null, { upstream: up, key, wait: false, main: { initTimeout: '300ms' } });
      await relay.waitLog(/Timeout encountered waiting for LaunchDarkly client initialization/);
      const { flags, segments } = (await openStream(t, relay.port, '/all', key).next()).json.data;
      const served = { flags, segments };
      for (const kind of ['flags', 'segments']) {
        assert.deepEqual(Object.keys(served[kind]).sort(), Object.keys(up.environments[key][kind]).sort());
        for (const [one, item] of Object.entries(up.environments[key][kind])) {
          assert.equal(served[kind][one].version, item.version, one);
          if (kind === 'flags') assert.deepEqual([served.flags[one].variations, served.flags[one].prerequisites], [item.variations, item.prerequisites], one);
        }
      }
      await sdk.ask({ do: 'open', name: 'stream', mode: 'stream', uri: relay.url, key });
      assert.deepEqual(await sdk.ask({ do: 'evaluate', name: 'stream', flags: names, contexts }), wanted);
    });
  });
}
