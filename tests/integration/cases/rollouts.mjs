// Rollouts, experiments and segments (evaluation.md 4.5, 6, 7).
import { clause, experiment, fell, inSegment, malformed, matched, not, of, rollout, suitesOf, when } from './suite.mjs';

const user = (key = 'userKeyA', more = {}) => ({ kind: 'user', key, ...more });
const org = (key = 'o', more = {}) => ({ kind: 'org', key, ...more });
const inExperiment = { inExperiment: true };

// The key and the salt for which evaluation.md 7 tells where contexts come to lie.
const known = { key: 'hashKey', salt: 'saltyA' };
// Variation n+1 for the n-th window of one in 100,000 that begins at these places, 0 for everything between.
function windows(...places) {
  const weights = [];
  let at = 0;
  places.forEach((place, n) => { weights.push([0, place - at], [n + 1, 1]); at = place + 1; });
  return [...weights, [0, 100000 - at]];
}
const byKey = windows(10343, 42157, 67084);   // userKeyC, userKeyA, userKeyB
const bySeed = windows(9801, 14483, 92426);   // userKeyA, userKeyB, userKeyC with seed 61
const byNumber = windows(54771, 73096);       // 33333, 99999
const bySecondary = windows(23385);           // userKeyA with some-secondary-key
const tenths = [...Array(10).keys()].map(n => [n, 10000]);
const through = (weights, more) => ({ ...known, fallthrough: rollout(weights, more) });
const legacy = (key, more) => ({ key, ...more });

const buckets = [
  ['55 userKeyA', through(byKey), user(), fell(2)],
  ['55 userKeyB', through(byKey), user('userKeyB'), fell(3)],
  ['55 userKeyC', through(byKey), user('userKeyC'), fell(1)],
  ['55 in an experiment', through(byKey, experiment), user(), fell(2, inExperiment)],
  ['55 one of several kinds', through(byKey), { kind: 'multi', user: { key: 'userKeyB' }, org: { key: 'userKeyA' } }, fell(3)],
  ['55 by another kind', through(byKey, of('org')), { kind: 'multi', user: { key: 'userKeyB' }, org: { key: 'userKeyA' } }, fell(2)],
  ['55 the key of an org alone', through(byKey, of('org')), org('userKeyC'), fell(1)],
  ['55 in a rule', { ...known, rules: [{ id: 'r0', clauses: [], ...rollout(byKey) }] }, user(), matched(2)],
  ['55 an experiment in a rule', { ...known, rules: [{ id: 'r0', clauses: [], ...rollout(byKey, experiment) }] }, user('userKeyC'), matched(1, 0, inExperiment)],
  ['55 f32: 0.900000036', through(tenths), user('user-5854849'), fell(8)],
  ['55 f32: 0.5', through(tenths), user('user-8202402'), fell(5)],
  ['55 f32: 0.900000036 again', through(tenths), user('user-10662889'), fell(8)],
  ['56 a seed: userKeyA', through(bySeed, { seed: 61 }), user(), fell(1)],
  ['56 a seed: userKeyB', through(bySeed, { seed: 61 }), user('userKeyB'), fell(2)],
  ['56 a seed: userKeyC', through(bySeed, { seed: 61 }), user('userKeyC'), fell(3)],
  ['56 a seed in an experiment', through(bySeed, { seed: 61, ...experiment }), user(), fell(1, inExperiment)],
  ['56 fractions of a seed are cut off', through(bySeed, { seed: 61.9 }), user(), fell(1)],
  ['56 with a seed key and salt do not matter', { ...through(bySeed, { seed: 61 }), key: 'other', salt: 'x' }, user(), fell(1)],
  ['56 null is no seed', through(byKey, { seed: null }), user(), fell(2)],
  ['57 bucketBy', through(byKey, { bucketBy: 'a' }), user('x', { a: 'userKeyB' }), fell(3)],
  ['57 bucketBy by reference', through(byKey, { bucketBy: '/a/b', ...of('user') }), user('x', { a: { b: 'userKeyB' } }), fell(3)],
  ['57 bucketBy of another kind', through(byKey, { bucketBy: 'a', ...of('org') }), org('x', { a: 'userKeyC' }), fell(1)],
  ['57 bucketBy without a kind is a name', through(byKey, { bucketBy: '/a' }), user('x', { '/a': 'userKeyC' }), fell(1)],
  ['57 bucketBy empty is the key', through(byKey, { bucketBy: '' }), user(), fell(2)],
  ['57 bucketBy null is the key', through(byKey, { bucketBy: null }), user(), fell(2)],
  ['57 an experiment goes by the key', through(byKey, { bucketBy: 'a', ...experiment }), user('userKeyA', { a: 'userKeyB' }), fell(2, inExperiment)],
  ['58 secondary', through(bySecondary), legacy('userKeyA', { secondary: 'some-secondary-key' }), fell(1)],
  ['58 secondary null is none', through(byKey), legacy('userKeyA', { secondary: null }), fell(2)],
  ['58 secondary in an experiment', through(byKey, experiment), legacy('userKeyA', { secondary: 'some-secondary-key' }), fell(2, inExperiment)],
  ['58 custom secondary is an attribute', through(byKey), legacy('userKeyA', { custom: { secondary: 'some-secondary-key' } }), fell(2)],
  ['58 secondary of a context is an attribute', through(byKey), { kind: 'user', key: 'userKeyA', secondary: 'some-secondary-key' }, fell(2)],
  ['59 a number', through(byNumber, { bucketBy: 'n' }), user('x', { n: 33333 }), fell(1)],
  ['59 the same number as a text', through(byNumber, { bucketBy: 'n' }), user('x', { n: '33333' }), fell(1)],
  ['59 another number', through(byNumber, { bucketBy: 'n' }), user('x', { n: 99999 }), fell(2)],
  ...[33333.5, true, ['33333'], { n: 33333 }, null, undefined, 1e19].map(n => [`59 ${JSON.stringify(n)} comes first`, through([[0, 0], [5, 1], [0, 99999]], { bucketBy: 'n' }), user('x', { n }), fell(5)]),
  ['60 an experiment by a kind that the context has not', through([[0, 0], [5, 1], [0, 99999]], { ...of('org'), ...experiment }), user(), fell(5)],
  ['60 the same, with no weight at all', through([[0, 0], [5, 0]], { ...of('org'), ...experiment }), user(), fell(5, inExperiment)],
  ['a rollout by a kind that the context has not', through([[0, 0], [5, 1], [0, 99999]], of('org')), user(), fell(5)],
  ['61 untracked', through([[5, 100000, true]], experiment), user(), fell(5)],
  ['61 untracked in a plain rollout', through([[5, 100000, true]]), user(), fell(5)],
  ['61 another one is untracked', through([[4, 10000, true], [5, 90000]], experiment), user(), fell(5, inExperiment)],
  ['62 too little weight', through([[4, 1], [5, 1]]), user(), fell(5)],
  ['62 too little weight in an experiment', through([[4, 1], [5, 1]], experiment), user(), fell(5, inExperiment)],
  ['62 too little weight, the last one untracked', through([[4, 1], [5, 1, true]], experiment), user(), fell(5)],
  ['too much weight', through([[4, 200000], [5, 1]]), user(), fell(4)],
  ['another kind of rollout', through([[5, 100000]], { kind: 'Experiment' }), user(), fell(5)],
  ...['/', '//', '/a/', '/a~2'].flatMap(bucketBy => [
    [`63 bucketBy ${bucketBy}`, through([[5, 100000]], { bucketBy, ...of('user') }), user(), malformed()],
    [`63 bucketBy ${bucketBy} of a kind that the context has not`, through([[5, 100000]], { bucketBy, ...of('org') }), user(), malformed()],
    [`63 bucketBy ${bucketBy} in an experiment`, through([[5, 100000]], { bucketBy, ...of('user'), ...experiment }), user(), fell(5, inExperiment)],
  ]),
];

const segments = [
  { key: 'included', included: ['u', 'both'], excluded: ['both', 'x'], rules: [{ id: 's', clauses: [] }] },
  { key: 'empty' }, { key: 'gone', included: ['u'], deleted: true },
  { key: 'ruled', excluded: ['x'], rules: [{ clauses: [clause('a', 'in', [1]), clause('b', 'in', [2])] }, { clauses: [clause('a', 'in', [3])] }] },
  { key: 'orgs', includedContexts: [{ contextKind: 'org', values: ['o', 'both'] }], excludedContexts: [{ contextKind: 'org', values: ['both', 'x'] }], rules: [{ clauses: [] }] },
  { key: 'users', includedContexts: [{ contextKind: 'user', values: ['u'] }, { values: ['w'] }] },
  { key: 'no-users', excludedContexts: [{ contextKind: 'user', values: ['u'] }], rules: [{ clauses: [] }] },
  { key: 'many', included: [...Array(500).keys()].map(n => `k${n}`) },
  { key: 'outer', rules: [{ clauses: [inSegment('included')] }] }, { key: 'twice', rules: [{ clauses: [inSegment('outer'), inSegment('included', 'outer')] }] },
  { key: 'self', rules: [{ clauses: [inSegment('self')] }] }, { key: 'self-included', included: ['u'], rules: [{ clauses: [inSegment('self-included')] }] },
  { key: 'loop-a', rules: [{ clauses: [inSegment('loop-b')] }] }, { key: 'loop-b', rules: [{ clauses: [inSegment('loop-a')] }] },
  { key: 'to-loop', rules: [{ clauses: [inSegment('loop-a')] }] }, { key: 'bad-clause', rules: [{ clauses: [clause('', 'in', ['u'])] }] },
  { key: 'bad-reference', rules: [{ clauses: [clause('/a/', 'in', ['u'], of('org'))] }] }, { key: 'outer-bad', rules: [{ clauses: [inSegment('bad-clause')] }] },
  { key: 'bad-bucket', rules: [{ clauses: [], weight: 1, bucketBy: '//', rolloutContextKind: 'user' }] },
  { key: 'no-clauses', rules: [{}] }, { key: 'nulls', included: null, excluded: null, includedContexts: null, excludedContexts: null, rules: null },
  { key: 'negated', rules: [{ clauses: [{ ...inSegment('included'), ...not }] }] },
  { key: 'weight-0', rules: [{ clauses: [], weight: 0, bucketBy: 'none' }] }, { key: 'weight-1', rules: [{ clauses: [], weight: 1, bucketBy: 'none' }] },
  { key: 'weight-all', rules: [{ clauses: [], weight: 100000 }] }, { key: 'weight-null', rules: [{ clauses: [], weight: null, bucketBy: null }] },
  { key: 'by-org', rules: [{ clauses: [], weight: 100000, rolloutContextKind: 'org' }] },
];
const inOne = (...keys) => when(inSegment(...keys));
const outOf = (...keys) => when({ ...inSegment(...keys), ...not });
const several = (u, o) => ({ kind: 'multi', user: { key: u }, org: { key: o } });
const memberships = [
  ['48 included', inOne('included'), user('u'), matched()],
  ['48 included and excluded', inOne('included'), user('both'), matched()],
  ['48 excluded, although a rule matches', inOne('included'), user('x'), fell()],
  ['48 by a rule', inOne('included'), user('y'), matched()],
  ['48 the key of an org is none of a user', inOne('many'), org('k1'), fell()],
  ['one of many', inOne('many'), user('k499'), matched()],
  ['nobody', inOne('empty'), user('u'), fell()],
  ['rules: all clauses', inOne('ruled'), user('u', { a: 1, b: 2 }), matched()],
  ['rules: not all clauses', inOne('ruled'), user('u', { a: 1 }), fell()],
  ['rules: the second', inOne('ruled'), user('u', { a: 3 }), matched()],
  ['rules: excluded', inOne('ruled'), user('x', { a: 3 }), fell()],
  ['includedContexts', inOne('orgs'), org('o'), matched()],
  ['includedContexts and excludedContexts', inOne('orgs'), org('both'), matched()],
  ['excludedContexts, although a rule matches', inOne('orgs'), org('x'), fell()],
  ['excludedContexts do not concern the user', inOne('orgs'), user('x'), matched()],
  ['49 includedContexts of users, a plain user', inOne('users'), user('u'), fell()],
  ['49 the same for a legacy user', inOne('users'), { key: 'u' }, fell()],
  ['49 includedContexts of users, several kinds', inOne('users'), several('u', 'o'), matched()],
  ['49 without a kind, several kinds', inOne('users'), several('w', 'o'), matched()],
  ['49 excludedContexts of users, a plain user', inOne('no-users'), user('u'), matched()],
  ['49 excludedContexts of users, several kinds', inOne('no-users'), several('u', 'o'), fell()],
  ['50 unknown', inOne('none'), user('u'), fell()],
  ['50 deleted', inOne('gone'), user('u'), fell()],
  ['50 no texts', when(clause('', 'segmentMatch', [1, null, true, ['included'], 'included'])), user('u'), matched()],
  ['50 none at all', inOne(), user('u'), fell()],
  ['50 any of several', inOne('none', 'empty', 'included'), user('u'), matched()],
  ['50 negated, a member', outOf('included'), user('u'), fell()],
  ['50 negated, not a member', outOf('included'), user('x'), matched()],
  ['50 negated, unknown', outOf('none'), user('u'), matched()],
  ['50 negated, none at all', outOf(), user('u'), matched()],
  ['50 attribute and kind do not matter', when({ ...inSegment('included'), attribute: '/', contextKind: 'org' }), user('u'), matched()],
  ['51 weight 1, no such attribute', inOne('weight-1'), user('u'), matched()],
  ['51 weight 0, no such attribute', inOne('weight-0'), user('u'), fell()],
  ['51 full weight', inOne('weight-all'), user('u'), matched()],
  ['51 full weight, another kind', inOne('weight-all'), org('o'), fell()],
  ['51 by the org', inOne('by-org'), several('u', 'o'), matched()],
  ['51 by the org, which is not there', inOne('by-org'), user('u'), fell()],
  ['51 null is no weight', inOne('weight-null'), org('o'), matched()],
  ['52 itself', inOne('self'), user('u'), malformed()],
  ['52 itself, but included', inOne('self-included'), user('u'), matched()],
  ['52 itself, not included', inOne('self-included'), user('x'), malformed()],
  ['52 a loop of two', inOne('loop-a'), user('u'), malformed()],
  ['52 to a loop of two', inOne('to-loop'), user('u'), malformed()],
  ['52 a loop behind a match', inOne('included', 'loop-a'), user('u'), matched()],
  ['52 a loop before a match', inOne('loop-a', 'included'), user('u'), malformed()],
  ['52 a loop, negated', outOf('loop-a'), user('u'), malformed()],
  ['52 a malformed clause', inOne('bad-clause'), user('u'), malformed()],
  ['52 a malformed clause two below', inOne('outer-bad'), user('u'), malformed()],
  ['52 a bad reference', inOne('bad-reference'), user('u'), malformed()],
  ['52 a bad bucketBy', inOne('bad-bucket'), user('u'), malformed()],
  ['52 and later rules do not matter', { rules: [{ id: 'r0', variation: 1, clauses: [inSegment('bad-clause')] }, { id: 'r1', variation: 3, clauses: [] }] }, user('u'), malformed()],
  ['54 twice', inOne('twice'), user('u'), matched()],
  ['54 twice in one clause', inOne('outer', 'outer'), user('x'), fell()],
  ['nested', inOne('outer'), user('u'), matched()],
  ['nested and negated', inOne('negated'), user('x'), matched()],
  ['a rule of nothing matches', inOne('no-clauses'), org('o'), matched()],
  ['4 null is like absent', inOne('nulls'), user('u'), fell()],
];

const weighted = (weight, more = {}) => [{ key: 'segment3', salt: 'salty', rules: [{ clauses: [], weight, ...more }] }];
const thresholds = [['user-key', 14950], ['unmatching-key', 36563]].flatMap(([key, place]) => [
  ...suitesOf('segment weights', [[`53 ${key} is not among the first ${place}`, inOne('segment3'), user(key), fell()]], { segments: weighted(place) }),
  ...suitesOf('segment weights', [[`53 ${key} is among the first ${place + 1}`, inOne('segment3'), user(key), matched()]], { segments: weighted(place + 1) }),
  ...suitesOf('segment weights', [[`53 ${key} by an attribute`, inOne('segment3'), org('x', { a: key }), matched()]], { segments: weighted(place + 1, { bucketBy: 'a', rolloutContextKind: 'org' }) }),
]);

const big = [
  { key: 'big', unbounded: true, generation: 2, included: ['u'], excluded: ['x'], rules: [{ clauses: [clause('a', 'in', [1])] }] },
  { key: 'no-generation', unbounded: true, included: ['u'], rules: [{ clauses: [] }] },
  { key: 'big-orgs', unbounded: true, unboundedContextKind: 'org', generation: 1, rules: [{ clauses: [] }] },
  { key: 'big-nested', rules: [{ clauses: [inSegment('big')] }] },
];
const unknown = { bigSegmentsStatus: 'NOT_CONFIGURED' };
const bigSegments = [
  ['65 not by its lists', inOne('big'), user('u'), fell(0, unknown)],
  ['65 by its rules', inOne('big'), user('x', { a: 1 }), matched(1, 0, unknown)],
  ['65 negated', outOf('big'), user('u'), matched(1, 0, unknown)],
  ['66 no generation: rules do not count', inOne('no-generation'), user('u'), fell(0, unknown)],
  ['66 no generation, and not its kind', inOne('no-generation'), org('o'), fell(0, unknown)],
  ['67 not its kind: nothing is asked', inOne('big-orgs'), user('u'), fell()],
  ['67 its kind', inOne('big-orgs'), several('u', 'o'), matched(1, 0, unknown)],
  ['67 a big segment behind a match is not asked', inOne('included', 'big'), user('u'), matched()],
  ['71 from a segment in a segment', inOne('big-nested'), user('u'), fell(0, unknown)],
  ['71 from a prerequisite', { prerequisites: [{ key: 'needed', variation: 0 }] }, user('u'), fell(0, unknown)],
  ['71 from a prerequisite that fails', { prerequisites: [{ key: 'needed', variation: 1 }] }, user('u'), { variation: 2, reason: { kind: 'PREREQUISITE_FAILED', prerequisiteKey: 'needed', ...unknown } }],
  ['71 and the flag is malformed', { rules: [{ id: 'r0', variation: 1, clauses: [inSegment('big'), clause('key', 'in', ['u'])] }, { id: 'r1', variation: 10, clauses: [] }] }, user('u'), malformed(unknown)],
  ['71 off: nothing is asked', { on: false, ...inOne('big') }, user('u'), { variation: 2, reason: { kind: 'OFF' } }],
];

export const suites = [
  ...suitesOf('buckets', buckets), ...suitesOf('memberships', memberships, { segments }), ...thresholds,
  ...suitesOf('big segments', bigSegments, { segments: [...big, segments[0]], flags: [{ key: 'needed', on: true, variations: [0, 1], fallthrough: { variation: 0 }, ...inOne('big') }] }),
];
