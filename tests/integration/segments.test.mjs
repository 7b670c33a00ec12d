// Big segments are kept in the database as LaunchDarkly has them (big-segments.md 13).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataset, environmentId, flag, mobileKey, sdkKey, segment } from './lib/data.mjs';
import { redisCli, startDatabase } from './lib/databases.mjs';
import { startPair } from './lib/harness.mjs';
import { startRelay, temporaryFolder } from './lib/relay.mjs';
import { hashOf, patch } from './lib/segments.mjs';
import { sqliteRows } from './lib/sqlite.mjs';
import { openStream } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { pause, until } from './lib/wait.mjs';

const big = (key, version = 1, more = {}) => segment(key, version, { unbounded: true, generation: 1, ...more });
const sqlite = { SQLite: { path: 'flags.db' } };

const members = folder => sqliteRows(folder, 'select r.prefix, r.ref, m.hash, m.included from big_segment_member m join big_segment_ref r on r.id = m.ref order by 1, 2, 3');
const cursor = async folder => (await sqliteRows(folder, 'select cursor from big_segment_meta'))[0];
const rowsOf = (...keys) => keys.map(([context, included]) => `prod|vip.g1|${hashOf(context)}|${included}`).sort();

// A relay whose big segment `vip` has these patches; it has asked for the stream, and once more.
async function startSynchronized(t, patches, { up, ...options } = {}) {
  up ??= await startUpstream(t);
  const key = sdkKey();
  const segments = up.segmentsOf(key);
  segments.add(...patches);
  const pair = await startPair(t, dataset([flag('a')], [big('vip')]), { upstream: up, key, config: sqlite, ...options });
  await until(() => `an open stream; ${pair.relay.log}`, () => segments.streams.size === 1);
  await until('the poll after it', () => /revisions/.test(up.segmentRequests(key).at(-1)));
  return { ...pair, segments };
}

describe('big segments', { concurrency: 3 }, () => {
  it('polls, streams and polls, and a patch of the stream is written (lines 8, 9, 11, 36)', async t => {
    const { up, key, relay, segments } = await startSynchronized(t, [patch('vip.g1', '', '1', { add: ['alice'], exclude: ['bob'] })]);
    assert.deepEqual(up.segmentRequests(key), ['/sdk/big-segments/revisions', '/sdk/big-segments/revisions?after=1', '/big-segments', '/sdk/big-segments/revisions?after=1']);
    const stream = up.at(key).find(request => request.url === '/big-segments');
    assert.equal(stream.headers.accept, 'text/event-stream');
    assert.deepEqual(await members(relay.folder), rowsOf(['alice', 1], ['bob', 0]));
    segments.send(patch('vip.g1', '1', '2', { remove: ['alice'], add: ['carol'] }));
    await until('the new cursor', async () => await cursor(relay.folder) === '2');
    assert.deepEqual(await members(relay.folder), rowsOf(['bob', 0], ['carol', 1]));
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });
    assert.equal(relay.logCount(/WARN|ERROR/), 0, relay.log);
  });

  it('begins with the first segment that is unbounded (lines 1, 2, 3)', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    up.segmentsOf(key).add(patch('vip.g1', '', '1', { add: ['alice'] }));
    const { relay } = await startPair(t, dataset([flag('a')], [segment('s')]), { upstream: up, key, config: sqlite });
    up.patch(key, 'segments', segment('t'));
    up.patch(key, 'segments', { key: 'gone', version: 2, deleted: true, unbounded: true });
    up.patch(key, 'flags', flag('b'));
    await until('the last patch', async () => JSON.parse((await relay.get('/sdk/flags', { Authorization: key })).body).b);
    assert.deepEqual(up.segmentRequests(key), []);
    assert.equal((await relay.status()).environments.prod.bigSegmentStatus, undefined);
    up.patch(key, 'segments', big('vip'));
    await until('the members', async () => (await members(relay.folder)).length === 1);
    assert.ok((await relay.status()).environments.prod.bigSegmentStatus);
  });

  it('warns once when no database could hold them, and asks nobody (line 4)', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    up.segmentsOf(key);
    const { relay } = await startPair(t, dataset([], [big('vip')]), { upstream: up, key });
    up.patch(key, 'segments', big('other'));
    up.patch(key, 'flags', flag('b'));
    await until('the last patch', async () => JSON.parse((await relay.get('/sdk/flags', { Authorization: key })).body).b);
    assert.equal(relay.logCount(/WARN: \[env: \S+\] environment uses Big Segments, which need Redis or DynamoDB \(or SQLite for evaluation by the relay only\)$/), 1);
    assert.deepEqual(up.segmentRequests(key), []);
  });

  it('never asks LaunchDarkly for an environment of local files (line 6)', async t => {
    const up = await startUpstream(t);
    const relay = await startRelay(t, {
      config: { main: { streamUri: up.uri, baseUri: up.uri }, environments: { prod: { sdkKey: sdkKey(), dataFile: 'data.json' } }, ...sqlite },
      files: { 'data.json': JSON.stringify(dataset([flag('a')], [big('vip')])) },
    });
    await relay.waitStatus('big segments', document => document.environments.prod.bigSegmentStatus);
    assert.deepEqual(up.requests, []);
  });

  it('goes on from the cursor after a restart, and knows of big segments while LaunchDarkly is away (line 7)', async t => {
    const folder = temporaryFolder(t);
    const first = await startSynchronized(t, [patch('vip.g1', '', '', { add: ['alice'] }), patch('vip.g1', '', 'a+b', { add: ['bob'] })], { folder });
    await first.relay.stop();
    await first.up.stop();
    const environment = { sdkKey: first.key, mobileKey: first.mobile, envId: first.id };
    const config = { main: { streamUri: first.up.uri, baseUri: first.up.uri, initTimeout: '10ms', logLevel: 'debug' }, environments: { prod: environment }, ...sqlite };
    const second = await startRelay(t, { config, folder });
    await second.waitStatus('big segments', document => document.environments.prod.bigSegmentStatus);
    await second.waitLog(/BigSegmentSynchronizer: Will retry/);
    await second.stop();
    first.up.requests.length = 0;
    await first.up.start();
    const third = await startRelay(t, { config: { ...config, main: { ...config.main, baseUri: `${first.up.uri}/` } }, folder }); // line 10
    await until('a poll', () => first.up.segmentRequests(first.key).length >= 1);
    assert.equal(first.up.segmentRequests(first.key)[0], '/sdk/big-segments/revisions?after=a%2Bb');
    assert.deepEqual(await members(folder), rowsOf(['alice', 1], ['bob', 1]));
    assert.equal(third.logCount(new RegExp(hashOf('alice').replaceAll('+', '\\+'))), 0); // line 50
  });

  it('takes a page that is slow in coming (line 13)', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    const segments = up.segmentsOf(key);
    segments.add(patch('vip.g1', '', '1', { add: ['alice', 'bob'] }), patch('vip.g1', '1', '2', { add: ['carol'] }));
    const text = JSON.stringify(segments.log);
    segments.script({
      write: async res => {
        for (let at = 0; at < text.length; at += 40) { res.write(text.slice(at, at + 40)); await pause(300); }
        res.end();
      },
    });
    const { relay } = await startPair(t, dataset([], [big('vip')]), { upstream: up, key, config: sqlite });
    await until('all members', async () => (await members(relay.folder)).length === 3, 20000);
    assert.equal(relay.logCount(/WARN|ERROR/), 0, relay.log);
  });

  it('writes what it was asked to show, and only then, with members (lines 48, 50)', async t => {
    const { relay } = await startSynchronized(t, [patch('vip.g1', '', '1', { add: ['alice'] })], { main: { logLevel: 'debug' }, env: { LD_TRACE_LOG_BIG_SEGMENTS: 'true' } });
    await relay.waitLog(/DEBUG: \[env: \S+\] BigSegmentSynchronizer: Received patch: \{.*"segmentId":"vip\.g1".*\}/);
    assert.equal(relay.logCount(/INFO: \[env: \S+\] BigSegmentSynchronizer: Applied 1 update$/), 1);
  });
});

describe('big segments in Redis', () => {
  it('are restored when the database was emptied, and shared by two relays (lines 16, 27, 28, 45)', async t => {
    const db = await startDatabase(t, 'redis');
    const up = await startUpstream(t);
    const key = sdkKey();
    const other = sdkKey();
    const segments = up.segmentsOf(key);
    segments.add(patch('vip.g1', '', '1', { add: ['alice'] }));
    up.segmentsOf(other).add(patch('vip.g1', '', 'x', { add: ['zoe'] }));
    const asking = flag('a', 1, { rules: [{ id: 'r', variation: 1, clauses: [{ attribute: '', op: 'segmentMatch', values: ['vip'] }] }] }); // or nobody is pinged
    for (const one of [key, other]) up.environments[one] = dataset([asking], [big('vip')]);
    const mobile = mobileKey();
    const config = {
      main: { streamUri: up.uri, baseUri: up.uri },
      environments: { prod: { sdkKey: key, mobileKey: mobile, envId: environmentId(), prefix: 'prod' }, test: { sdkKey: other, prefix: 'test' } },
      ...db.section(),
    };
    const relays = [await startRelay(t, { config }), await startRelay(t, { config })];
    const included = (context, prefix = 'prod') => redisCli(db.port, '--raw', 'smembers', `${prefix}:big_segment_include:${hashOf(context)}`);
    await until('two streams', () => segments.streams.size === 2);
    await until('the members', () => included('alice') === 'vip.g1' && included('zoe', 'test') === 'vip.g1');
    assert.equal(included('zoe'), '');
    const pings = [];
    for (const relay of relays) {
      const stream = openStream(t, relay.port, '/mping', mobile);
      await stream.next();
      pings.push(stream.next());
    }
    await pause(1100); // the pings of the start
    const before = Number(redisCli(db.port, 'get', 'prod:big_segments_synchronized_on'));
    for (let i = 1; i <= 20; i++) segments.send(patch('vip.g1', String(i), String(i + 1), { add: [`user-${i}`] }));
    for (const ping of pings) assert.equal((await ping).name, 'ping');
    await until('the last cursor', () => redisCli(db.port, 'get', 'prod:big_segments_cursor') === '21');
    assert.equal(included('user-20'), 'vip.g1');
    await until('a new time', () => Number(redisCli(db.port, 'get', 'prod:big_segments_synchronized_on')) > before);
    for (const relay of relays) assert.equal(relay.logCount(/WARN: .*BigSegment|ERROR/), 0, relay.log);
    const fromTheStart = () => up.segmentRequests(key).filter(url => url.endsWith('/revisions')).length;
    const polls = fromTheStart();
    redisCli(db.port, 'flushall');
    segments.send(patch('vip.g1', '21', '22', { add: ['late'] }));
    await until('everything again', () => included('alice') === 'vip.g1' && included('user-7') === 'vip.g1' && included('late') === 'vip.g1');
    assert.equal(redisCli(db.port, 'get', 'prod:big_segments_cursor'), '22');
    assert.ok(fromTheStart() > polls);
  });
});
