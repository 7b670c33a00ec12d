// What a context can cost is bounded whatever the flags are like, and one request does not keep others waiting
// (evaluation.md 13.3, 13.4, 13.6; checklist 98, 99).
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clause, fell, flag, inSegment, malformed, matched, when } from './cases/suite.mjs';
import { openConnection } from './lib/connection.mjs';
import { dataset } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { least, pause, slowness, until } from './lib/wait.mjs';

const numbers = count => [...Array(count).keys()];
const has = pattern => when(clause('a', 'matches', [pattern]));
const letters = count => 'a'.repeat(count);

// Flags (or segments) 0 to count-1, each of which needs the next one `times` times; the last one needs what `end` names.
const needing = (name, count, times, end) => numbers(count).map(n => {
  const next = n < count - 1 ? `${name}-${n + 1}` : end;
  return flag(`${name}-${n}`, { prerequisites: next ? Array(times).fill({ key: next, variation: 0 }) : [] });
});
const within = (name, count, times, end) => numbers(count).map(n => {
  const next = n < count - 1 ? `${name}-${n + 1}` : end;
  return { key: `${name}-${n}`, version: 1, ...(next ? { rules: [{ clauses: Array(times).fill(inSegment(next)) }] } : { included: ['u'] }) };
});

const patterns = ['(a+)+$', '(a|aa)+$', '(.*)(.*)(.*)(.*)x$', '[a-z]+@corp\\.com$', 'a*a*a*c', '([a-z]{1,64}){1,9}[0-9]'];
const flags = [
  ...patterns.map((pattern, n) => flag(`pattern-${n}`, has(pattern))),
  ...needing('chain', 100, 1), ...needing('ring', 100, 1, 'ring-0'), ...needing('twice', 100, 2), ...needing('deep', 10000, 1),
  ...['chain', 'ring', 'twice', 'deep'].map(name => flag(`in-${name}`, when(inSegment(`${name}-0`)))),
];
// Flags that look at all elements of an array.
const lists = numbers(100).map(n => flag(`list-${n}`, when(clause('groups', n % 2 ? 'in' : 'contains', [`x${n}`, 'y']))));
const segments = [...within('chain', 100, 1), ...within('ring', 100, 1, 'ring-0'), ...within('twice', 100, 2), ...within('deep', 10000, 1)];
const world = t => startPair(t, dataset(flags, segments), { main: { threads: 1 } });

const asking = (key, target, context) => ({ method: 'REPORT', target, headers: { Authorization: key, 'Content-Type': 'application/json' }, body: JSON.stringify(context) });
const evalx = (key, more = {}) => asking(key, '/sdk/evalx/context?withReasons=true', { kind: 'user', key: 'u', ...more });
const openFeature = (key, more = {}) => ({ ...asking(key, '/ofrep/v1/evaluate/flags', { context: { targetingKey: 'u', ...more } }), method: 'POST' });

// Contexts with which patterns take long, and how the patterns come out: 1 where one matches.
const contexts = [
  { name: 'a text of 30', a: `${letters(30)}!`, matching: [] },
  { name: 'a text of 30 that matches', a: letters(30), matching: [0, 1] },
  { name: 'a text of 1,000', a: `${letters(1000)}m`, matching: [] },
  { name: 'a text of 30,000', a: `${letters(30000)}m`, matching: [] },
  { name: 'an array of 100 texts', a: numbers(100).map(() => `${letters(40)}!`), matching: [] },
  { name: 'a text of 4 MB', a: `${letters(4e6)}!` },
  { name: 'an array of 100,000 texts', a: numbers(100000).map(() => `${letters(35)}!`) },
];

// Processor time of the relay, in ms, which does not depend on what else the machine does.
async function cost(relay, action) {
  const before = relay.processorTime();
  await action();
  return Math.round((relay.processorTime() - before) * 1000);
}

const outcome = ({ variation, reason }) => ({ variation: variation < 0 ? null : variation, reason });
const told = ({ variation, reason }) => ({ variation, reason });

describe('bounded work', { concurrency: false }, () => {
  test('99 regular expressions', { timeout: 60000 * slowness }, async t => {
    const { relay, key } = await world(t);
    const connection = await openConnection(t, relay.port);
    for (const { name, a, matching } of contexts) {
      let answer;
      const ms = await cost(relay, async () => { answer = JSON.parse((await connection.ask(evalx(key, { a }))).body); });
      t.diagnostic(`${name}: ${ms} ms`);
      assert.ok(ms < 500 * slowness, `${name} took ${ms} ms`);
      if (!matching) continue;
      for (const n of patterns.keys()) assert.deepEqual(told(answer[`pattern-${n}`]), outcome(matching.includes(n) ? matched() : fell()), `${name}: ${patterns[n]}`);
    }
    await relay.waitLog(/Regular expressions of flags took too many steps and count as not matching; simplify them/);
  });

  test('98 chains and rings of prerequisites and segments', { timeout: 60000 * slowness }, async t => {
    const { relay, key } = await world(t);
    const connection = await openConnection(t, relay.port);
    let answer;
    const ms = await cost(relay, async () => { answer = JSON.parse((await connection.ask(evalx(key))).body); });
    t.diagnostic(`${Object.keys(answer).length} flags: ${ms} ms`);
    assert.ok(ms < 300 * slowness, `it took ${ms} ms`);
    const want = {
      'chain-0': fell(), 'chain-99': fell(), 'ring-0': malformed(), 'ring-50': malformed(), 'twice-0': fell(), 'deep-9999': fell(), 'deep-9900': fell(),
      'in-chain': matched(), 'in-ring': malformed(), 'in-twice': matched(),
    };
    for (const [name, one] of Object.entries(want)) assert.deepEqual(told(answer[name]), outcome(one), name);
    for (const name of ['deep-0', 'in-deep']) assert.ok(['FALLTHROUGH', 'RULE_MATCH', 'ERROR'].includes(answer[name].reason.kind), name);
    assert.deepEqual(answer['twice-0'].prerequisites, ['twice-1', 'twice-1']);
  });

  test('others on the same thread are answered meanwhile', { timeout: 60000 * slowness }, async t => {
    const { relay, key } = await startPair(t, dataset([...flags.slice(0, patterns.length), ...lists]), { main: { threads: 1 } });
    const probe = await openConnection(t, relay.port);
    const groups = numbers(100000).map(n => `g${n}`);
    const heavy = [
      evalx(key, { a: contexts.at(-1).a }), evalx(key, { a: contexts.at(-2).a }), evalx(key, { groups }), evalx(key, { groups: [...groups, 'x1'] }), openFeature(key, { groups: [...groups, 'x1'] }),
    ];
    const busy = await Promise.all(heavy.map(() => openConnection(t, relay.port)));
    const longest = await least(3, 200, async () => {
      let left = heavy.length;
      let worst = 0;
      const all = Promise.all(busy.map((connection, n) => connection.ask(heavy[n]).finally(() => { left--; })));
      while (left > 0) {
        const began = performance.now();
        assert.equal((await probe.ask({ target: '/livez' })).status, 200);
        worst = Math.max(worst, performance.now() - began);
      }
      const answers = (await all).map(({ status, body }) => { assert.equal(status, 200); return JSON.parse(body); });
      assert.deepEqual(told(answers[2]['list-1']), outcome(fell()));
      assert.deepEqual(told(answers[3]['list-1']), outcome(matched()));
      assert.deepEqual(told(answers[3]['list-0']), outcome(fell()));
      const variants = Object.fromEntries(answers[4].flags.map(one => [one.key, one.variant]));
      assert.deepEqual([variants['list-0'], variants['list-1'], answers[4].flags.length], ['0', '1', Object.keys(answers[3]).length]);
      return worst;
    });
    t.diagnostic(`the longest wait: ${longest.toFixed(0)} ms`);
    assert.ok(longest < 1000 * slowness, `somebody waited ${longest.toFixed(0)} ms`);
  });

  test('a client that leaves in the middle of a long evaluation', { timeout: 60000 * slowness }, async t => {
    const { relay, key } = await startPair(t, dataset(lists), { main: { threads: 1 } });
    const groups = numbers(Math.floor(400000 / slowness)).map(n => `g${n}`);
    const used = () => relay.processorTime();
    for (const long of [evalx(key, { groups }), openFeature(key, { groups })]) {
      const leaver = await openConnection(t, relay.port);
      const before = used();
      const answer = leaver.ask(long);
      answer.catch(() => {});
      await until('the evaluation to begin', () => used() - before > 0.1);
      leaver.socket.resetAndDestroy();
      await assert.rejects(answer);
      await until('the evaluation to end', async () => {
        const was = used();
        await pause(200);
        return used() - was < 0.05;
      });
    }
    const connection = await openConnection(t, relay.port);
    assert.equal((await connection.ask(evalx(key))).status, 200);
    connection.ask(evalx(key, { groups })).catch(() => {});
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });
  });
});
