// What the relay answers for a context is what LaunchDarkly's own server SDK makes of the same flags (evaluation.md 4 to 9).
// FLAGRELAY_SEED chooses other rules and contexts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openConnections } from './lib/connection.mjs';
import { environmentId, mobileKey, sdkKey } from './lib/data.mjs';
import { startNodeSdk } from './lib/node_sdk.mjs';
import { Random } from './lib/random.mjs';
import { randomContexts, randomData } from './lib/random-rules.mjs';
import { startRelay } from './lib/relay.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { slowness } from './lib/wait.mjs';

const seed = Number(process.env.FLAGRELAY_SEED ?? 20261125);
const count = slowness > 1 ? 1000 : 10000;
const sets = 8; // of flags and segments
const batch = 100;

// The members of a reason, and of a flag's answer, stand in this order (evaluation.md 8, 9.3).
const reasonOrder = ['kind', 'ruleIndex', 'ruleId', 'inExperiment', 'prerequisiteKey', 'errorKind', 'bigSegmentsStatus'];
const inOrder = (object, order) => Object.fromEntries(order.filter(name => object[name] !== undefined).map(name => [name, object[name]]));

function wanted(values, facts, visible, reasons) {
  const answer = {};
  for (const name of visible) {
    const { variation, version, trackEvents, trackReason, reason, debugEventsUntilDate, prerequisites } = facts[name];
    answer[name] = {
      value: values[name] ?? null, variation: variation ?? null, version,
      ...(trackEvents && { trackEvents }), ...(trackReason && { trackReason }), ...((reasons || trackReason) && { reason: inOrder(reason, reasonOrder) }),
      ...(debugEventsUntilDate && { debugEventsUntilDate }), ...(prerequisites && { prerequisites }),
    };
  }
  return answer;
}

// Text in a path may be escaped in JSON, so that characters beyond U+FFFF are two escapes.
const escaped = text => text.replace(/[^ -~]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

// The ways to ask, and who may see a flag.
const ways = ({ sdkKey: key, mobileKey: mobile, envId: id }) => [
  { sees: () => true, request: json => ({ target: `/sdk/evalx/contexts/${Buffer.from(json).toString('base64url')}`, headers: { Authorization: key } }) },
  { sees: () => true, request: json => ({ method: 'REPORT', target: '/sdk/evalx/user', headers: { Authorization: key, 'Content-Type': 'application/json' }, body: json }) },
  { sees: f => f.clientSideAvailability.usingMobileKey, request: json => ({ method: 'REPORT', target: '/msdk/evalx/context', headers: { Authorization: mobile, 'Content-Type': 'application/json' }, body: json }) },
  { sees: f => f.clientSideAvailability.usingEnvironmentId, request: json => ({ target: `/sdk/evalx/${id}/users/${Buffer.from(escaped(json)).toString('base64url')}`, headers: {} }) },
];

function compare(answer, want, told) {
  assert.equal(answer.status, 200, `${told}: ${answer.body}`);
  if (answer.body === JSON.stringify(want)) return;
  const got = JSON.parse(answer.body);
  for (const name of Object.keys({ ...want, ...got })) assert.deepEqual(got[name], want[name], `${told}, flag ${name}`);
  assert.equal(answer.body, JSON.stringify(want), `${told}: the same, in another order`);
}

// One environment of the relay, with the SDK that evaluates the same data.
async function startWorld(t, up, name, facts, data) {
  const client = await startNodeSdk(t, up.uri, facts.sdkKey);
  const all = ways(facts).map(way => ({ ...way, visible: Object.keys(data.flags).filter(key => way.sees(data.flags[key])).sort() }));
  return { name, client, all };
}

async function startWorlds(t) {
  const names = [...Array(sets).keys()].map(n => `seed ${seed + n}`);
  const data = names.map((_, n) => randomData(seed + n));
  const environments = Object.fromEntries(names.map(name => [name, { sdkKey: sdkKey(), mobileKey: mobileKey(), envId: environmentId() }]));
  const up = await startUpstream(t, Object.fromEntries(names.map((name, n) => [environments[name].sdkKey, data[n]])));
  const relay = await startRelay(t, { config: { main: { streamUri: up.uri, baseUri: up.uri }, environments } });
  await relay.waitHealthy();
  return { relay, worlds: await Promise.all(names.map((name, n) => startWorld(t, up, name, environments[name], data[n]))) };
}

test(`${count} random contexts come out as they do in the Node server SDK`, { timeout: 60000 * slowness }, async t => {
  const { relay, worlds } = await startWorlds(t);
  const connections = await openConnections(t, relay.port, 4);
  const contexts = randomContexts(seed, count);
  const r = new Random(seed);
  const kinds = {};
  const began = performance.now();
  for (let at = 0; at < count; at += batch) {
    const asked = contexts.slice(at, at + batch).map(context => {
      const [world, reasons, json] = [r.one(worlds), r.chance(0.8), JSON.stringify(context)];
      const way = r.one(world.all);
      const { target, ...rest } = way.request(json);
      return { context, world, way, reasons, json, answer: connections.ask({ target: target + (reasons ? '?withReasons=true' : ''), ...rest }) };
    });
    for (const { context, world, way, reasons, json, answer } of asked) {
      const state = await world.client.allFlagsState(context, { withReasons: true });
      const { $flagsState: facts, $valid: valid, ...values } = state.toJSON();
      assert.ok(valid, json);
      compare(await answer, wanted(values, facts, way.visible, reasons), `${world.name}, context ${json}`);
      for (const { reason } of Object.values(facts)) kinds[reason.kind] = (kinds[reason.kind] ?? 0) + 1;
    }
  }
  t.diagnostic(`${((performance.now() - began) / 1000).toFixed(1)} s: ${JSON.stringify(kinds)}`);
  for (const kind of ['OFF', 'FALLTHROUGH', 'TARGET_MATCH', 'RULE_MATCH', 'PREREQUISITE_FAILED', 'ERROR']) assert.ok(kinds[kind] > count / 2, `${kind} came up`);
});
