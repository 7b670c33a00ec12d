// What the relay makes of the events of an SDK that cannot summarise is what the Node SDK's own event processor makes of the same
// evaluations (events.md 7, 10).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataset, flag, segment } from './lib/data.mjs';
import { post, startEventsService } from './lib/events.mjs';
import { startPair } from './lib/harness.mjs';
import { startNodeSdk } from './lib/node_sdk.mjs';

const late = 99999999999999;
const rule = (id, variation, clause, more) => ({ id, variation, clauses: [{ negate: false, ...clause }], ...more });

const data = dataset([
  flag('plain', 3),
  flag('values', 4, { variations: [{ b: 1.5, a: [2] }, null, 'x'], fallthrough: { variation: 0 } }),
  flag('off', 5, { on: false }),
  flag('off-without-variation', 6, { on: false, offVariation: null }),
  flag('tracked', 7, { trackEvents: true }),
  flag('debugged', 8, { debugEventsUntilDate: late }),
  flag('debugged-before', 9, { debugEventsUntilDate: 1000 }),
  flag('by-rule', 10, { rules: [rule('r', 1, { contextKind: 'org', attribute: 'key', op: 'in', values: ['o1'] }, { trackEvents: true })] }),
  flag('by-segment', 11, { rules: [rule('s', 2, { attribute: '', op: 'segmentMatch', values: ['staff'] })] }),
  flag('malformed', 12, { fallthrough: { variation: 99 } }),
  flag('not-counted', 13, { excludeFromSummaries: true }),
  flag('outer', 14, { prerequisites: [{ key: 'plain', variation: 0 }] }),
  flag('__proto__ "ä"', 15),
], [segment('staff', 1, { included: ['u2'] })]);

const user = key => ({ kind: 'user', key });
const contexts = [user('u1'), user('u2'), { kind: 'org', key: 'o1' }, { kind: 'multi', user: { key: 'u1' }, org: { key: 'o1' } }, user('u1'), { kind: 'user', key: 'a:b%' }];
const keys = [...Object.keys(data.flags), 'unknown'];

// One evaluation as PHP reports it: everything that it knows of the flag, nothing counted. `detail` is the Node SDK's.
function phpEvents(key, context, detail, fallback) {
  const of = data.flags[key];
  const event = (name, value, variation, more) => ({
    kind: 'feature', creationDate: Date.now(), key: name, context, value, default: fallback, version: data.flags[name]?.version ?? null,
    variation, ...(data.flags[name]?.debugEventsUntilDate ? { debugEventsUntilDate: data.flags[name].debugEventsUntilDate } : {}),
    ...(data.flags[name]?.trackEvents ? { trackEvents: true } : {}), ...more });
  const inner = (of?.prerequisites ?? []).map(p => event(p.key, 'a', 0, { default: null, prereqOf: key }));
  const byRule = key === 'by-rule' && detail.reason.kind === 'RULE_MATCH'; // its rule has trackEvents
  return [...inner, event(key, detail.value, detail.variationIndex ?? null, {
    reason: detail.reason, ...(byRule ? { trackEvents: true } : {}), ...(of?.excludeFromSummaries ? { excludeFromSummaries: true } : {}) })];
}

const sortedBy = (list, text) => [...list].sort((a, b) => (text(a) < text(b) ? -1 : 1));
// Text that does not depend on the order of properties.
const json = value => JSON.stringify(value, (_, v) => (v && typeof v === 'object' && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v));

// The summaries without their dates, in one order.
function summaries(events) {
  return events.filter(event => event.kind === 'summary').map(({ startDate, endDate, features, ...rest }) => {
    assert.ok(startDate > 1.7e12 && endDate >= startDate);
    return { ...rest, features: sortedBy(Object.entries(features), ([key]) => key).map(([key, of]) => [key, {
      ...of, counters: sortedBy(of.counters.map(({ variation, version, value, count, unknown }) => ({ variation, version, value, count, unknown })), json),
      contextKinds: [...of.contextKinds].sort() }]) };
  });
}

// Which single events there are of a kind, and what they say of the flag.
const single = (events, kind) => sortedBy(events.filter(event => event.kind === kind).map(
  ({ key, version, variation, value, default: fallback, context, reason }) => ({ key, version, variation, value, fallback, context, reason })), json);

const startSdk = (t, { url, key, service }) => startNodeSdk(t, url, key, { eventsUri: service.uri, sendEvents: true, flushInterval: 3600 });

async function startBoth(t) {
  const direct = await startEventsService(t);
  const through = await startEventsService(t);
  const pair = await startPair(t, data, { config: { Events: { sendEvents: true, eventsUri: through.uri, flushInterval: '1h' } } });
  const client = await startSdk(t, { url: pair.relay.url, key: pair.key, service: direct });
  return { direct, through, client, ...pair };
}

// Posts as PHP does, a request's events at a time, and ends the relay, which delivers.
async function deliver({ relay, key, through }, posts) {
  for (const body of posts)
    assert.equal(await post(relay.port, '/bulk', { key, body, headers: { 'X-LaunchDarkly-Unsummarized': 'true' } }), 202);
  await relay.stop();
  assert.equal(through.at('/bulk').length, 1);
  assert.equal(through.requests[0].headers['x-launchdarkly-event-schema'], '4');
}

describe('summaries', () => {
  it('are those of the Node SDK', async t => {
    const world = await startBoth(t);
    const posts = [];
    for (const round of [0, 1])
      for (const context of contexts)
        posts.push((await Promise.all(keys.map(async key => {
          const fallback = key === 'values' ? { n: round } : `default-${round}`;
          return phpEvents(key, context, await world.client.variationDetail(key, context, fallback), fallback);
        }))).flat());
    await world.client.flush();
    world.client.close();
    await deliver(world, posts);
    const own = world.direct.events;
    const made = world.through.events;
    assert.equal(summaries(own).length, 1);
    assert.deepEqual(summaries(made), summaries(own));
    for (const kind of ['feature', 'debug', 'index']) {
      assert.ok(single(own, kind).length > 3, `${kind} events`);
      assert.deepEqual(single(made, kind), single(own, kind), kind);
    }
  });
});
