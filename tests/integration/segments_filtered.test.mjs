// Environments that differ in their payload filter alone: big segments come over one stream, and over one poll where their
// cursors agree, into a prefix for each (big-segments.md 2).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataset, environmentId, flag, mobileKey, sdkKey, segment } from './lib/data.mjs';
import { redisCli, startDatabase } from './lib/databases.mjs';
import { startRelay, temporaryFolder } from './lib/relay.mjs';
import { hashOf, patch } from './lib/segments.mjs';
import { sqliteChange, sqliteRows } from './lib/sqlite.mjs';
import { openStream } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { slowness, until } from './lib/wait.mjs';

const PREFIXES = ['prod', 'prod/web'];
const revisions = after => `/sdk/big-segments/revisions${after ? `?after=${after}` : ''}`;
const data = () => dataset(
  [flag('vip', 1, { rules: [{ id: 'r', variation: 1, clauses: [{ attribute: '', op: 'segmentMatch', values: ['vip'] }] }] })],
  [segment('vip', 1, { unbounded: true, generation: 1 })],
);

const CONTEXTS = ['alice', 'bob', 'carol', 'dave'];

// `look`: "PREFIX CURSOR: members", for both.
const databases = {
  Redis: async t => {
    const db = await startDatabase(t, 'redis');
    const ask = (...words) => redisCli(db.port, '--raw', ...words);
    const isIn = (prefix, context) => ask('smembers', `${prefix}:big_segment_include:${hashOf(context)}`) === 'vip.g1';
    return {
      config: db.section(),
      look: () => PREFIXES.map(prefix => `${prefix} ${ask('get', `${prefix}:big_segments_cursor`)}: ${CONTEXTS.filter(context => isIn(prefix, context)).join(' ')}`),
      empty: prefix => ask('eval', "for _, key in ipairs(redis.call('keys', ARGV[1])) do redis.call('del', key) end", '0', `${prefix}:big_segment*`),
    };
  },
  SQLite: async (t, folder) => {
    const names = CONTEXTS.map(context => `when '${hashOf(context)}' then '${context}'`).join(' ');
    const query = `select t.prefix, t.cursor, coalesce((select group_concat(name, ' ') from (select case m.hash ${names} end name from big_segment_member m
      join big_segment_ref r on r.id = m.ref where r.prefix = t.prefix and r.ref = 'vip.g1' and m.included = 1 order by 1)), '') from big_segment_meta t order by 1`;
    return {
      config: { SQLite: { path: 'flags.db' } },
      look: async () => (await sqliteRows(folder, query)).map(row => row.split('|')).map(([prefix, cursor, members]) => `${prefix} ${cursor}: ${members}`),
      empty: prefix => sqliteChange(folder, `delete from big_segment_member where ref in (select id from big_segment_ref where prefix = '${prefix}')`, `delete from big_segment_meta where prefix = '${prefix}'`),
    };
  },
};

describe('big segments of filtered environments', { concurrency: 2, timeout: 60000 * slowness }, () => {
  for (const [kind, open] of Object.entries(databases)) it(`${kind}: one poll and one stream fill both prefixes, each from its own cursor`, async t => {
    const folder = temporaryFolder(t);
    const db = await open(t, folder);
    const up = await startUpstream(t);
    const key = sdkKey();
    const id = environmentId();
    for (const one of [key, `${key}?web`]) up.environments[one] = data();
    const segments = up.segmentsOf(key);
    segments.latency = 250 * slowness; // as far away as LaunchDarkly: both ask within that time
    const asked = () => up.segmentRequests(key).splice(0);
    const forget = () => { up.requests.length = 0; };
    const complete = async state => {
      let seen;
      await until(() => `${state}; there is ${seen}`, async () => { seen = await db.look(); return PREFIXES.every((prefix, i) => seen[i] === `${prefix} ${state}`); });
    };
    const start = () => startRelay(t, {
      folder,
      config: {
        main: { streamUri: up.uri, baseUri: up.uri },
        environments: { prod: { sdkKey: key, mobileKey: mobileKey(), envId: id, projKey: 'shop', prefix: 'prod' } },
        'Filters "shop"': { keys: 'web' }, ...db.config,
      },
    });
    const synchronized = relay => relay.waitStatus('synchronised', document => PREFIXES.every(name => document.environments[name].bigSegmentStatus?.lastSynchronizedOn > 0));

    segments.add(patch('vip.g1', '', '1', { add: ['alice'] }));
    const relay = await start();
    const status = await synchronized(relay);
    assert.deepEqual(asked(), [revisions(), revisions('1'), '/big-segments', revisions('1')]);
    await complete('1: alice');
    for (const name of PREFIXES) assert.equal(status.environments[name].bigSegmentStatus.available, true);

    const pings = ['', '?filter=web'].map(filter => openStream(t, relay.port, `/ping/${id}${filter}`));
    for (const stream of pings) await stream.next();
    forget();
    segments.send(patch('vip.g1', '1', '2', { add: ['bob'] }));
    for (const stream of pings) assert.equal((await stream.next()).name, 'ping');
    for (const stream of pings) stream.close();
    await complete('2: alice bob');
    assert.deepEqual(asked(), []);

    await db.empty('prod/web');
    segments.send(patch('vip.g1', '2', '3', { add: ['carol'] }));
    await until('the undisturbed one', async () => (await db.look())[0] === 'prod 3: alice bob carol');
    await complete('3: alice bob carol');
    await until('the last poll', () => asked().length === 2);
    assert.deepEqual(asked(), [revisions(), revisions('3')]);
    segments.send(patch('vip.g1', '3', '4', { remove: ['bob'] }));
    await complete('4: alice carol');
    assert.equal(segments.streams.size, 1);
    assert.equal(relay.logCount(/WARN|ERROR/), 0, relay.log);
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });

    await db.empty('prod/web');
    segments.add(patch('vip.g1', '4', '5', { add: ['dave'] }));
    forget();
    const second = await start();
    await synchronized(second);
    await complete('5: alice carol dave');
    const all = asked();
    assert.deepEqual(all.slice(0, 2).sort(), [revisions(), revisions('4')]);
    assert.equal(all.filter(url => url === '/big-segments').length, 1);
    assert.equal(second.logCount(/WARN|ERROR/), 0, second.log);
  });
});
