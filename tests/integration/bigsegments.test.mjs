// Flags of contexts that are members of big segments: what the relay says itself, what real SDKs make of what it wrote into the
// database, and how clients hear of a change (big-segments.md 7, 8, 9; checklist 34, 38-47).
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { RedisBigSegmentStore } from '@launchdarkly/node-server-sdk-redis';
import { dataset, flag, sdkKey, segment } from './lib/data.mjs';
import { redisCli, startDatabase } from './lib/databases.mjs';
import { startPair } from './lib/harness.mjs';
import { quiet, startNodeSdk } from './lib/node_sdk.mjs';
import { startPython } from './lib/python.mjs';
import { temporaryFolder } from './lib/relay.mjs';
import { patch } from './lib/segments.mjs';
import { openStream } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { pause, slowness, until, within } from './lib/wait.mjs';

const { initialize } = createRequire(import.meta.url)('launchdarkly-node-client-sdk');
const PING = 'event: ping\ndata:  \n\n';

const big = (key, generation, more) => segment(key, 1, { unbounded: true, generation, ...more });
const isIn = (key, negate = false) => ({ attribute: '', op: 'segmentMatch', values: [key], negate });
const by = (key, ...clauses) => flag(key, 1, { rules: [{ id: `by-${key}`, variation: 1, clauses }] });

// Members by user, by organization, by rule; twice asked for, turned around, behind a prerequisite; of no generation.
const data = () => dataset([
  by('vip', isIn('vip')), by('not-vip', isIn('vip', true)), by('buyers', isIn('buyers')), by('any', isIn('outer')), by('broken', isIn('no-generation')),
  flag('behind', 1, { prerequisites: [{ key: 'vip', variation: 1 }] }), flag('plain'),
], [
  big('vip', 2, { rules: [{ clauses: [{ attribute: 'plan', op: 'in', values: ['gold'], negate: false }] }] }),
  big('buyers', 1, { unboundedContextKind: 'org' }), segment('no-generation', 1, { unbounded: true }),
  segment('outer', 1, { rules: [{ clauses: [isIn('vip')] }] }),
]);

// In and out: every fourth is included, excluded, both or unknown; some have what the rule asks for.
const user = i => ({ kind: 'user', key: `user-${i}`, ...(i % 3 === 0 ? { plan: 'gold' } : {}) });
const org = i => ({ kind: 'org', key: `org-${i}` });
const contexts = [...[...Array(700).keys()].map(user), ...[...Array(300).keys()].map(org)];
const keysOf = (...rest) => contexts.map(c => c.key).filter(key => rest.includes(Number(key.split('-')[1]) % 4));
const members = () => [
  patch('vip.g2', '', '', { add: keysOf(0, 2), exclude: keysOf(1, 2) }),
  patch('vip.g1', '', '', { add: keysOf(3) }), // of an older generation
  patch('buyers.g1', '', 'v1', { add: keysOf(0, 2), exclude: keysOf(1, 2) }),
];

const coded = context => Buffer.from(JSON.stringify(context)).toString('base64url');
async function evaluate(relay, key, context) {
  const answer = await fetch(`${relay.url}/sdk/evalx/contexts/${coded(context)}?withReasons=true`, { headers: { Authorization: key } });
  assert.equal(answer.status, 200);
  return answer.json();
}

// A relay with this database and members, synchronised.
async function startSynchronized(t, config, { flags = data(), patches = members(), ...options } = {}) {
  const up = await startUpstream(t);
  const key = sdkKey();
  const segments = up.segmentsOf(key);
  segments.add(...patches);
  const pair = await startPair(t, flags, { upstream: up, key, config, environment: { prefix: 'prod' }, ...options, main: { bigSegmentsCacheTime: '100ms', bigSegmentsStatusPollInterval: '100ms', ...options.main } });
  await pair.relay.waitStatus('synchronised', document => document.environments.prod.bigSegmentStatus?.lastSynchronizedOn > 0);
  return { ...pair, segments };
}

async function startNode(t, relay, key, db) {
  let over = false; // its Redis may be gone for good: a client that is closed must not go on trying
  const redisOpts = { host: '127.0.0.1', port: db.port, maxRetriesPerRequest: 1, retryStrategy: () => over ? null : 50 };
  t.after(() => { over = true; });
  return startNodeSdk(t, relay.url, key, { bigSegments: { store: RedisBigSegmentStore({ redisOpts, prefix: 'prod' }), userCacheTime: 0.1, statusPollInterval: 0.1 } });
}

const shown = answer => [answer.value, answer.variation, answer.reason];
const alice = { kind: 'user', key: 'user-0' };

describe('big segments', { concurrency: 4, timeout: 120000 * slowness }, () => {
  it('Redis: a Node and a Python SDK agree with the relay about 1,000 contexts (34)', async t => {
    const db = await startDatabase(t, 'redis');
    const { relay, key } = await startSynchronized(t, db.section());
    const names = Object.keys(data().flags);
    const node = await startNode(t, relay, key, db);
    const python = await startPython(t);
    await python.ask({ do: 'open', name: 'py', mode: 'stream', uri: relay.url, key, segments: true, database: 'redis', port: db.port, prefix: 'prod' });
    const theirs = await python.ask({ do: 'evaluate', name: 'py', flags: names, contexts });
    const both = [...Array(100).keys()].map(i => ({ kind: 'multi', user: { key: `user-${i}` }, org: { key: `org-${i + 1}` } }));
    const values = { in: 0, out: 0 };
    for (const context of [...contexts, ...both]) {
      const ours = await evaluate(relay, key, context);
      for (const name of names) {
        if (name === 'broken' && context.kind === 'org') continue; // Node looks for the kind before the generation; Python and Go do not
        const detail = await node.variationDetail(name, context, 'fallback');
        assert.deepEqual(shown(ours[name]), [detail.value, detail.variationIndex, detail.reason], `${name} for ${JSON.stringify(context)}`);
        if (context.kind !== 'multi') assert.deepEqual(shown(ours[name]), theirs[`${name} ${context.key}`], `${name} for ${context.key}`);
      }
      values[ours.vip.value === 'b' || ours.buyers.value === 'b' ? 'in' : 'out']++;
    }
    assert.ok(values.in > 400 && values.out > 400, JSON.stringify(values));
    assert.equal(node.bigSegmentStoreStatusProvider.getStatus()?.available, true);
    assert.equal(node.bigSegmentStoreStatusProvider.getStatus()?.stale, false);
  });

  it('DynamoDB: a Python SDK agrees with the relay about 1,000 contexts (34)', async t => {
    const db = await startDatabase(t, 'dynamodb');
    const { relay, key } = await startSynchronized(t, db.section(), { env: db.env });
    const names = Object.keys(data().flags);
    const python = await startPython(t);
    await python.ask({ do: 'open', name: 'py', mode: 'stream', uri: relay.url, key, segments: true, database: 'dynamodb', port: db.port, prefix: 'prod' });
    const theirs = await python.ask({ do: 'evaluate', name: 'py', flags: names, contexts });
    for (const context of contexts) {
      const ours = await evaluate(relay, key, context);
      for (const name of names) assert.deepEqual(shown(ours[name]), theirs[`${name} ${context.key}`], `${name} for ${context.key}`);
    }
  });

  it('Redis: reasons and /status say what the database is worth (38-41, 43)', async t => {
    const db = await startDatabase(t, 'redis');
    const { relay, key, segments } = await startSynchronized(t, db.section(), { main: { bigSegmentsStaleThreshold: '1m', bigSegmentsStaleAsDegraded: true } });
    const node = await startNode(t, relay, key, db);
    const says = async status => {
      const ours = (await evaluate(relay, key, alice)).vip;
      const theirs = await node.variationDetail('vip', alice, 'fallback');
      return ours.reason.bigSegmentsStatus === status && theirs.reason.bigSegmentsStatus === status && ours.value === theirs.value && ours.value;
    };
    assert.equal(await says('HEALTHY'), 'b');
    segments.script(...Array(100).fill(503));
    segments.cut(); // nobody writes the time any more
    redisCli(db.port, 'set', 'prod:big_segments_synchronized_on', String(Date.now() - 119000));
    const stale = await relay.waitStatus('stale', document => document.environments.prod.bigSegmentStatus.potentiallyStale);
    assert.equal(stale.status, 'degraded');
    assert.equal(await says('HEALTHY'), 'b');
    await until('STALE', async () => await says('STALE') === 'b');
    redisCli(db.port, 'set', 'prod:big_segments_synchronized_on', String(Date.now()));
    await relay.waitHealthy();
    await until('HEALTHY', async () => await says('HEALTHY') === 'b');

    db.child.kill('SIGSTOP'); // it hangs
    try {
      const asked = relay.waitStatus('not available', document => !document.environments.prod.bigSegmentStatus.available);
      const waits = evaluate(relay, key, { kind: 'user', key: 'somebody' });
      const times = [];
      for (let i = 0; i < 20; i++) { const begin = performance.now(); await relay.status(); times.push(performance.now() - begin); await pause(20); }
      times.sort((a, b) => a - b);
      assert.ok(times[18] < 100 * slowness, `/status took ${times.at(-1)} ms`);
      const hung = (await asked).environments.prod.bigSegmentStatus;
      assert.deepEqual(hung, { available: false, potentiallyStale: false, lastSynchronizedOn: 0 });
      db.child.kill('SIGCONT');
      assert.match((await waits).vip.reason.bigSegmentsStatus, /^(HEALTHY|STORE_ERROR)$/);
    } finally { db.child?.kill('SIGCONT'); }
    await relay.waitHealthy();
    await db.kill();
    const down = await relay.waitStatus('degraded', document => document.status === 'degraded');
    assert.deepEqual(down.environments.prod.bigSegmentStatus, { available: false, potentiallyStale: false, lastSynchronizedOn: 0 });
    await until('STORE_ERROR', async () => await says('STORE_ERROR') === 'a');
    assert.equal((await evaluate(relay, key, user(3))).vip.value, 'b'); // by rule
    assert.equal(relay.logCount(/INFO.*[A-Za-z0-9+/]{43}=/), 0, 'no hash is shown');
  });

  it('SQLite: what a patch changes is seen at once, by everybody (44, 45, 46)', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    const segments = up.segmentsOf(key);
    segments.pageSize = 1;
    const { relay, mobile, id } = await startPair(t, dataset([by('vip', isIn('vip'))], []), {
      upstream: up, key, config: { SQLite: { path: 'flags.db' } }, main: { logLevel: 'debug', bigSegmentsCacheTime: '1h' },
    });
    assert.equal((await relay.status()).environments.prod.bigSegmentStatus, undefined);
    const phone = openStream(t, relay.port, '/mping', mobile);
    const browser = openStream(t, relay.port, `/ping/${id}`);
    const server = openStream(t, relay.port, '/all', key);
    for (const stream of [phone, browser]) assert.equal((await stream.next()).text, PING);
    await server.next();
    await pause(150); // pings of the first data would be one with the next
    segments.add(patch('vip.g2', '', 'a', { add: ['user-0'] }), patch('vip.g2', 'a', 'b', { add: ['user-1'] }), patch('vip.g2', 'b', 'v1', { exclude: ['user-2'] }));
    up.patch(key, 'segments', big('vip', 2)); // from now on there are big segments
    for (const stream of [phone, browser]) assert.equal((await stream.next()).text, PING, 'for the segment');
    for (const stream of [phone, browser]) assert.equal((await stream.next()).text, PING, 'for all three pages');
    assert.match((await server.next()).text, /^event: patch\ndata: \{"path":"\/segments\/vip"/);
    const queries = () => relay.logCount(/querying Big Segment state/);
    assert.equal((await evaluate(relay, key, alice)).vip.value, 'b');
    assert.equal((await evaluate(relay, key, alice)).vip.value, 'b');
    await pause(1100); // that ping's second is over
    const before = queries();
    segments.send(patch('vip.g2', 'v1', 'v2', { remove: ['user-0'] }));
    for (const stream of [phone, browser]) assert.equal((await stream.next()).text, PING);
    assert.equal((await evaluate(relay, key, alice)).vip.value, 'a');
    assert.equal(queries(), before + 1);
    assert.equal(phone.events.length, 4);
    assert.equal(browser.events.length, 4);
    assert.equal(server.events.length, 2);
  });

  it('members of a segment that no browser or phone can see the effect of are no ping', async t => {
    const hidden = { clientSide: false, clientSideAvailability: { usingMobileKey: false, usingEnvironmentId: false } };
    const flags = dataset([
      { ...by('inner', isIn('outer')), ...hidden }, { ...by('internal', isIn('secret')), ...hidden },
      flag('seen', 1, { prerequisites: [{ key: 'inner', variation: 1 }] }),
    ], [big('vip', 1), big('secret', 1), segment('outer', 1, { rules: [{ clauses: [isIn('vip')] }] })]);
    const { relay, key, mobile, id, segments } = await startSynchronized(t, { SQLite: { path: 'flags.db' } }, { flags, patches: [patch('secret.g1', '', 'v1', { add: ['user-0'] })] });
    const clients = [openStream(t, relay.port, '/mping', mobile), openStream(t, relay.port, `/ping/${id}`)];
    for (const stream of clients) assert.equal((await stream.next()).text, PING);
    assert.equal((await evaluate(relay, key, alice)).internal.value, 'b');
    segments.send(patch('secret.g1', 'v1', 'v2', { remove: ['user-0'] }));
    await until('what servers get', async () => (await evaluate(relay, key, alice)).internal.value === 'a');
    segments.send(patch('vip.g1', 'v2', 'v3', { add: ['user-0'] })); // through a segment, and a prerequisite
    for (const stream of clients) assert.equal((await stream.next()).text, PING);
    assert.deepEqual(clients.map(stream => stream.events.length), [2, 2]);
    const seen = await fetch(`${relay.url}/sdk/evalx/${id}/contexts/${coded(alice)}?withReasons=true`);
    assert.deepEqual((await seen.json()).seen.reason, { kind: 'FALLTHROUGH', bigSegmentsStatus: 'HEALTHY' });
  });

  it('1,000 patches within a second are few pings (47)', async t => {
    const { relay, key, id, segments } = await startSynchronized(t, { SQLite: { path: 'flags.db' } });
    const browser = openStream(t, relay.port, `/ping/${id}`);
    await browser.next();
    await pause(1100);
    const before = browser.events.length;
    for (let i = 1; i <= 1000; i++) segments.send(patch('vip.g2', `v${i}`, `v${i + 1}`, { add: [`more-${i}`] }));
    const begun = performance.now();
    await until('the last one', async () => (await evaluate(relay, key, { kind: 'user', key: 'more-1000' })).vip.value === 'b', 30000);
    const seconds = Math.ceil((performance.now() - begun) / 1000);
    await pause(1100);
    const pings = browser.events.length - before;
    assert.ok(pings >= 2 && pings <= 1 + seconds, `${pings} pings in ${seconds} s`);
  });

  it('a client-side SDK sees that its user has become a member', async t => {
    const { relay, id, segments } = await startSynchronized(t, { SQLite: { path: 'flags.db' } });
    const client = initialize(id, { kind: 'user', key: 'newcomer' }, {
      baseUrl: relay.url, streamUrl: relay.url, eventsUrl: relay.url, sendEvents: false, diagnosticOptOut: true, logger: quiet, localStoragePath: temporaryFolder(t), streaming: true, evaluationReasons: true,
    });
    t.after(() => client.close());
    await within('the SDK to start', client.waitForInitialization(), 20000);
    assert.equal(client.variation('vip'), 'a');
    const changed = within('a change', new Promise(done => client.on('change:vip', done)));
    segments.send(patch('vip.g2', 'v1', 'v2', { add: ['newcomer'] }));
    await changed;
    assert.equal(client.variation('vip'), 'b');
    assert.deepEqual(client.variationDetail('vip').reason, { kind: 'RULE_MATCH', ruleIndex: 0, ruleId: 'by-vip', bigSegmentsStatus: 'HEALTHY' });
  });

  it('a long evaluation keeps nobody waiting, and knows its members to its end', async t => {
    const lists = [...Array(100).keys()].map(n => flag(`list-${n}`, 1, { rules: [{ id: 'r', variation: 1, clauses: [{ attribute: 'groups', op: 'contains', values: [`x${n}`, 'y'], negate: false }] }] }));
    const last = flag('z-last', 1, { rules: [{ id: 'r', variation: 1, clauses: [isIn('vip')] }] });
    const { relay, key, segments } = await startSynchronized(t, { SQLite: { path: 'flags.db' } }, {
      flags: dataset([flag('a-first', 1, { rules: last.rules }), ...lists, last], [big('vip', 2)]), main: { threads: 1 },
    });
    const send = (target, body) => fetch(`${relay.url}${target}`, { method: target.startsWith('/ofrep') ? 'POST' : 'REPORT', headers: { Authorization: key, 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    const long = { ...alice, groups: [...Array(100000).keys()].map(n => `group-${n}`) };
    await send('/sdk/evalx/context', { kind: 'user', key: 'first' });
    let over = 0;
    const answers = [
      send('/sdk/evalx/context?withReasons=true', long).then(answer => answer.json()).then(answer => [answer['a-first'].value, answer['z-last'].value]),
      send('/ofrep/v1/evaluate/flags', { context: { ...long, kind: undefined, key: undefined, targetingKey: alice.key } }).then(answer => answer.json())
        .then(({ flags }) => ['a-first', 'z-last'].map(name => flags.find(one => one.key === name).value)),
    ].map(answer => answer.finally(() => { over++; }));
    let meanwhile = 0;
    while (over === 0) { await relay.get('/livez'); meanwhile++; if (meanwhile === 2) segments.send(patch('vip.g2', 'v1', 'v2', { remove: [alice.key] })); }
    for (const [first, second] of await Promise.all(answers)) assert.equal(first, second);
    assert.ok(meanwhile > 2, `${meanwhile} requests were answered meanwhile`);
  });

  for (const name of ['no database', 'Consul']) it(`${name}: it cannot hold them, so they are not configured, and the log says so once (4)`, async t => {
    const database = name === 'Consul' ? { config: (await startDatabase(t, 'consul')).section(), environment: { prefix: 'prod' } } : {};
    const { relay, key, up } = await startPair(t, data(), database);
    const reason = async name => (await evaluate(relay, key, user(3)))[name].reason;
    assert.deepEqual(await reason('vip'), { kind: 'RULE_MATCH', ruleIndex: 0, ruleId: 'by-vip', bigSegmentsStatus: 'NOT_CONFIGURED' });
    assert.deepEqual(await reason('broken'), { kind: 'FALLTHROUGH', bigSegmentsStatus: 'NOT_CONFIGURED' });
    assert.deepEqual(await reason('plain'), { kind: 'FALLTHROUGH' });
    up.patch(key, 'segments', { ...big('vip', 3), version: 2 });
    await relay.waitFlag(key, 'plain', 1);
    assert.equal((await relay.status()).environments.prod.bigSegmentStatus, undefined);
    assert.equal(relay.logCount(/WARN: .*environment uses Big Segments, which need Redis or DynamoDB \(or SQLite for evaluation by the relay only\)$/), 1);
  });
});
