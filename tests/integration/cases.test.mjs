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

// Each answers { flag key: what it came to }.
const ways = [
  { name: 'GET, server', of: ({ sdkKey: key }, context) => ({ target: `/sdk/evalx/contexts/${base64(context)}?withReasons=true`, headers: { Authorization: key } }) },
  { name: 'REPORT, browser', of: ({ envId }, context) => ({ method: 'REPORT', target: `/sdk/evalx/${envId}/context?withReasons=true`, headers: json, body: JSON.stringify(context) }) },
  { name: 'GET, mobile', of: ({ mobileKey: key }, context) => ({ target: `/msdk/evalx/users/${base64(context)}?withReasons=true`, headers: { Authorization: key } }) },
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

// What is wrong with an answer; undefined when nothing is.
function wrong({ flag, value, variation, reason, more }, answer) {
  if (reason === null || reason.errorKind === 'FLAG_NOT_FOUND') return answer[flag] === undefined ? undefined : 'a flag that does not exist is told of';
  const told = answer[flag];
  const want = { value, variation: variation < 0 ? null : variation, reason, ...more };
  if (!told) return 'the flag is missing';
  const got = Object.fromEntries(Object.keys(want).map(name => [name, told[name]]));
  try { assert.deepEqual(got, want); } catch { return `${JSON.stringify(got)} instead of ${JSON.stringify(want)}`; }
}

// Asks once for each context of a suite and looks at all cases of it.
async function check(suite, environment, relay, tally) {
  const questions = new Map();
  for (const one of suite.cases) {
    for (const context of one.contexts) {
      const text = JSON.stringify(context);
      if (!questions.has(text)) questions.set(text, { context, cases: [] });
      questions.get(text).cases.push(one);
    }
  }
  await Promise.all([...questions.values()].flatMap(({ context, cases }) => ways.map(async way => {
    const { status, body } = await relay.ask(way.of(environment, context));
    const answer = status === 200 ? JSON.parse(body) : {};
    for (const one of cases) {
      const problem = status === 200 ? wrong(one, answer) : `${status} ${body}`;
      if (problem) tally.problems.push(`${suite.name}: ${one.name}; ${way.name} ${JSON.stringify(context)}: ${problem}`);
      tally.answers++;
    }
  })));
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
