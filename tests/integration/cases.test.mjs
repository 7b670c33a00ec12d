// Cases of evaluation, asked over HTTP in every way there is, as contexts and as legacy users (evaluation.md 11.2, checklist 86).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as clauses from './cases/clauses.mjs';
import * as flags from './cases/flags.mjs';
import * as operators from './cases/operators.mjs';
import * as rollouts from './cases/rollouts.mjs';
import { officialSuites } from './cases/suite.mjs';
import { openConnections } from './lib/connection.mjs';
import { environmentId, mobileKey, sdkKey } from './lib/data.mjs';
import { startRelay } from './lib/relay.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { slowness } from './lib/wait.mjs';

const base64 = context => Buffer.from(JSON.stringify(context)).toString('base64url');
const json = { 'Content-Type': 'application/json' };

// A context as OpenFeature sends it (evaluation.md 12.2); undefined for a legacy user.
const part = ({ key, _meta, ...others }) => ({ targetingKey: key, ..._meta, ...others });
const openFeature = context => (context.kind !== 'multi' ? context.kind && part(context)
  : Object.fromEntries(Object.entries(context).map(([kind, one]) => [kind, kind === 'kind' ? one : part(one)])));

// What OpenFeature is told, in the words of evalx (12.3): without trackEvents and prerequisites, errors without a big segments' status.
function inOurWords({ value, variant, errorDetails, metadata: { ldReason, version, ...reason } = {} }) {
  if (errorDetails) return { value: null, variation: null, reason: { kind: 'ERROR', errorKind: errorDetails } };
  return { value: value ?? null, variation: variant === undefined ? null : Number(variant), reason: { kind: ldReason, ...reason } };
}

const evalx = { read: ({ status, body }) => (status === 200 ? JSON.parse(body) : undefined), tells: want => want };
const ofrep = {
  of: ({ sdkKey: key }, context) => openFeature(context) && {
    method: 'POST', target: '/ofrep/v1/evaluate/flags', headers: { Authorization: `Bearer ${key}`, ...json }, body: JSON.stringify({ context: openFeature(context) }),
  },
  tells: ({ value, variation, reason }) => ({ value, variation, reason: reason.kind === 'ERROR' ? { kind: 'ERROR', errorKind: reason.errorKind } : reason }),
};

// of() is a request for one context, or undefined; read() is { flag key: what it came to }, or undefined.
const ways = [
  { ...evalx, name: 'GET, server', of: ({ sdkKey: key }, context) => ({ target: `/sdk/evalx/contexts/${base64(context)}?withReasons=true`, headers: { Authorization: key } }) },
  { ...evalx, name: 'REPORT, browser', of: ({ envId }, context) => ({ method: 'REPORT', target: `/sdk/evalx/${envId}/context?withReasons=true`, headers: json, body: JSON.stringify(context) }) },
  { ...evalx, name: 'GET, mobile', of: ({ mobileKey: key }, context) => ({ target: `/msdk/evalx/users/${base64(context)}?withReasons=true`, headers: { Authorization: key } }) },
  { ...ofrep, name: 'OpenFeature', read: ({ status, body }) => (status === 200 ? Object.fromEntries(JSON.parse(body).flags.map(one => [one.key, inOurWords(one)])) : undefined) },
  {
    ...ofrep, name: 'OpenFeature, one flag', each: true,
    of: (environment, context, flag) => { const all = ofrep.of(environment, context); return all && { ...all, target: `${all.target}/${flag}` }; },
    read: ({ status, body }) => { const { key, errorCode, ...one } = JSON.parse(body); return errorCode === 'FLAG_NOT_FOUND' && status === 404 ? {} : { [key]: inOurWords(one) }; },
  },
];

// An environment per data set, with all flags for everybody.
async function startWorld(t, suites) {
  const environments = suites.map(() => ({ sdkKey: sdkKey(), mobileKey: mobileKey(), envId: environmentId() }));
  const visible = items => Object.fromEntries(Object.entries(items).map(([key, item]) => [key, { clientSide: true, ...item }]));
  const up = await startUpstream(t, Object.fromEntries(suites.map((suite, n) => [environments[n].sdkKey, { flags: visible(suite.flags), segments: suite.segments }])));
  const relay = await startRelay(t, { config: { main: { streamUri: up.uri, baseUri: up.uri }, environments: Object.fromEntries(environments.map((one, n) => [`suite ${n}`, one])) } });
  await relay.waitHealthy(30000);
  return { environments, relay: await openConnections(t, relay.port, 8) };
}

// What is wrong with what was told of a flag; undefined when nothing is.
function wrong(way, { value, variation, reason, more }, told) {
  if (reason === null) return told === undefined ? undefined : 'a flag that does not exist is told of';
  if (!told) return 'the flag is missing';
  const want = way.tells({ value, variation: variation < 0 ? null : variation, reason, ...more });
  const got = Object.fromEntries(Object.keys(want).map(name => [name, told[name]]));
  try { assert.deepEqual(got, want); } catch { return `${JSON.stringify(got)} instead of ${JSON.stringify(want)}`; }
}

async function ask(way, request, { suite, context, cases }, relay, tally) {
  const answer = await relay.ask(request);
  const flags = way.read(answer);
  for (const one of cases) {
    const problem = flags ? wrong(way, one, flags[one.flag]) : `${answer.status} ${answer.body}`;
    if (problem) tally.problems.push(`${suite.name}: ${one.name}; ${way.name} ${JSON.stringify(context)}: ${problem}`);
    tally.answers++;
  }
}

// Each context of a suite, with all cases that are about it.
function questionsOf(suite) {
  const questions = new Map();
  for (const one of suite.cases) {
    for (const context of one.contexts) {
      const text = JSON.stringify(context);
      if (!questions.has(text)) questions.set(text, { suite, context, cases: [] });
      questions.get(text).cases.push(one);
    }
  }
  return [...questions.values()];
}

async function check(suite, environment, relay, tally) {
  const asked = [];
  for (const question of questionsOf(suite)) {
    for (const way of ways) {
      for (const cases of way.each ? question.cases.map(one => [one]) : [question.cases]) {
        const request = way.of(environment, question.context, cases[0].flag);
        if (request) asked.push(ask(way, request, { ...question, cases }, relay, tally));
      }
    }
  }
  await Promise.all(asked);
  tally.cases += suite.cases.length;
}

async function checkAll(t, suites) {
  const { environments, relay } = await startWorld(t, suites);
  const tally = { cases: 0, answers: 0, problems: [] };
  for (const [n, suite] of suites.entries()) await check(suite, environments[n], relay, tally);
  t.diagnostic(`${tally.cases} cases, ${tally.answers} answers`);
  assert.deepEqual(tally.problems, []);
  return tally;
}

test('86 the official cases', { timeout: 60000 * slowness }, async t => {
  const { cases, answers } = await checkAll(t, officialSuites());
  assert.ok(cases >= 509, `${cases} cases`);
  assert.ok(answers >= 3000, `${answers} answers`);
});

for (const [name, { suites }] of Object.entries({ clauses, operators, flags, rollouts })) {
  test(`cases of ${name}`, { timeout: 60000 * slowness }, async t => { await checkAll(t, suites); });
}
