// What a flag comes to apart from its clauses: off, targets, prerequisites, malformed ones, odd JSON, and what else is told
// (evaluation.md 2.2, 4, 9.3).
import { clause, experiment, failed, fell, flag, malformed, matched, off, rollout, suitesOf, targeted, variations, when } from './suite.mjs';

const user = (key = 'u') => ({ kind: 'user', key });
const org = (key = 'o') => ({ kind: 'org', key });
const both = (u = 'u', o = 'o') => ({ kind: 'multi', user: { key: u }, org: { key: o } });
const none = { variation: -1 };
const always = more => ({ rules: [{ id: 'r0', clauses: [], ...more }] });
const tracked = { trackEvents: true, trackReason: true };
const untracked = { trackEvents: undefined, trackReason: undefined };

const ends = [
  ['20 off', { on: false }, user(), off()],
  ['20 off: targets and rules do not count', { on: false, targets: [{ variation: 1, values: ['u'] }], ...when(), prerequisites: [{ key: 'none', variation: 0 }] }, user(), off(), { prerequisites: undefined }],
  ['20 off: malformed rules do not count', { on: false, ...when(clause('', 'in', ['u'])) }, user(), off()],
  ['21 off without an off variation', { on: false, offVariation: undefined }, user(), { ...none, reason: { kind: 'OFF' } }],
  ['21 off variation null', { on: false, offVariation: null }, user(), { ...none, reason: { kind: 'OFF' } }],
  ['on is off when it is missing', { on: undefined }, user(), off()],
  ['22 off variation too large', { on: false, offVariation: 10 }, user(), malformed()],
  ['22 off variation negative', { on: false, offVariation: -1 }, user(), malformed()],
  ['22 fallthrough too large', { fallthrough: { variation: 10 } }, user(), malformed()],
  ['22 fallthrough negative', { fallthrough: { variation: -1 } }, user(), malformed()],
  ['22 no variations', { variations: [] }, user(), malformed()],
  ['22 no variations, off', { variations: null, on: false }, user(), malformed()],
  ['22 target too large', { targets: [{ variation: 10, values: ['u'] }] }, user(), malformed()],
  ['22 target of somebody else too large', { targets: [{ variation: 10, values: ['x'] }] }, user(), fell()],
  ['22 context target negative', { contextTargets: [{ contextKind: 'org', variation: -1, values: ['o'] }] }, org(), malformed()],
  ['22 rule too large', always({ variation: 10 }), user(), malformed()],
  ['22 rule negative', always({ variation: -1 }), user(), malformed()],
  ['22 rule without anything', always({}), user(), malformed()],
  ['22 rule with an empty rollout', always({ rollout: { variations: [] } }), user(), malformed()],
  ['22 rollout too large', { fallthrough: rollout([[10, 100000]]) }, user(), malformed()],
  ['22 rollout negative', { fallthrough: rollout([[-1, 100000]]) }, user(), malformed()],
  ['22 malformed, although later rules match', { rules: [{ id: 'r0', variation: 10, clauses: [] }, { id: 'r1', variation: 1, clauses: [] }] }, user(), malformed()],
  ['23 fallthrough of nothing', { fallthrough: {} }, user(), malformed()],
  ['23 fallthrough missing', { fallthrough: undefined }, user(), malformed()],
  ['23 fallthrough with null', { fallthrough: { variation: null, rollout: null } }, user(), malformed()],
  ['23 fallthrough of nothing, not reached', { fallthrough: {}, ...when() }, user(), matched()],
  ['23 fallthrough of nothing, off', { fallthrough: {}, on: false }, user(), off()],
  ['6 fractions are cut off', { fallthrough: { variation: 1.9 }, version: 3.7 }, user(), fell(1), { version: 3 }],
  ['6 towards zero', { fallthrough: { variation: -0.9 } }, user(), fell(0)],
  ['4 null is like absent', { offVariation: null, rules: null, targets: null, contextTargets: null, prerequisites: null, debugEventsUntilDate: null, samplingRatio: 1, migration: null }, user(), fell()],
  ['1 unknown members', { unknown: { deep: [1] }, fallthrough: { variation: 1, unknown: 1 } }, user(), fell(1)],
];

const targets = [
  ['a target', { targets: [{ variation: 1, values: ['u'] }] }, user(), targeted(1)],
  ['a target of somebody else', { targets: [{ variation: 1, values: ['x'] }] }, user(), fell()],
  ['targets have letter case', { targets: [{ variation: 1, values: ['U'] }] }, user(), fell()],
  ['the first of two', { targets: [{ variation: 1, values: ['u'] }, { variation: 3, values: ['u'] }] }, user(), targeted(1)],
  ['32 targets before rules', { targets: [{ variation: 3, values: ['u'] }], ...when() }, user(), targeted(3)],
  ['a target before a malformed rule', { targets: [{ variation: 3, values: ['u'] }], ...when(clause('', 'in', ['u'])) }, user(), targeted(3)],
  ['a target of many keys', { targets: [{ variation: 1, values: [...Array(200).keys()].map(n => `k${n}`) }] }, user('k199'), targeted(1)],
  ['a user of several kinds', { targets: [{ variation: 1, values: ['u'] }] }, both(), targeted(1)],
  ['the key of another kind', { targets: [{ variation: 1, values: ['o'] }] }, both(), fell()],
  ['an org is no target of users', { targets: [{ variation: 1, values: ['o'] }] }, org(), fell()],
  ['a kind in targets', { targets: [{ contextKind: 'org', variation: 1, values: ['o'] }] }, org(), targeted(1)],
  ['null for the values', { targets: [{ variation: 1, values: null }] }, user(), fell()],
  ['a context target', { contextTargets: [{ contextKind: 'org', variation: 1, values: ['o'] }] }, org(), targeted(1)],
  ['a context target of one of several kinds', { contextTargets: [{ contextKind: 'org', variation: 1, values: ['o'] }] }, both(), targeted(1)],
  ['a context target of another kind', { contextTargets: [{ contextKind: 'org', variation: 1, values: ['u'] }] }, both(), fell()],
  ['32 the order of context targets: org first', { targets: [{ variation: 3, values: ['u'] }], contextTargets: [{ contextKind: 'org', variation: 1, values: ['o'] }, { contextKind: 'user', variation: 3, values: [] }] }, both(), targeted(1)],
  ['32 the order of context targets: user first', { targets: [{ variation: 3, values: ['u'] }], contextTargets: [{ contextKind: 'user', variation: 3, values: [] }, { contextKind: 'org', variation: 1, values: ['o'] }] }, both(), targeted(3)],
  ['32 a user entry without a kind', { targets: [{ variation: 3, values: ['u'] }], contextTargets: [{ variation: 3, values: [] }] }, user(), targeted(3)],
  ['32 a user entry looks at the targets of its variation alone', { targets: [{ variation: 3, values: ['u'] }], contextTargets: [{ contextKind: 'user', variation: 1, values: [] }] }, user(), fell()],
  ['32 the first targets of that variation alone', { targets: [{ variation: 3, values: ['x'] }, { variation: 3, values: ['u'] }], contextTargets: [{ contextKind: 'user', variation: 3, values: [] }] }, user(), fell()],
  ['32 a user entry with keys of its own', { targets: [{ variation: 3, values: ['x'] }], contextTargets: [{ contextKind: 'user', variation: 3, values: ['u'] }] }, user(), targeted(3)],
  ['33 targets that no entry refers to', { targets: [{ variation: 3, values: ['u'] }], contextTargets: [{ contextKind: 'org', variation: 1, values: ['x'] }] }, user(), fell()],
];

// Flags that others need. One of them is off although its variations are the same.
const needed = [
  flag('yes', { fallthrough: { variation: 1 } }),
  flag('off', { on: false, offVariation: 1 }),
  flag('gone', { deleted: true }),
  flag('by-key', when(clause('key', 'in', ['u']))),
  flag('no-value', { on: false, offVariation: undefined }),
  flag('too-large', { fallthrough: { variation: 10 } }),
  flag('bad-bucket', { fallthrough: rollout([[1, 100000]], { bucketBy: '//', contextKind: 'user' }) }),
  flag('bad-clause', when(clause('', 'in', ['u']))),
  flag('needs-yes', { prerequisites: [{ key: 'yes', variation: 1 }], fallthrough: { variation: 1 } }),
  flag('needs-off', { prerequisites: [{ key: 'off', variation: 1 }], fallthrough: { variation: 1 }, offVariation: 1 }),
  flag('needs-bad-clause', { prerequisites: [{ key: 'bad-clause', variation: 1 }] }),
  flag('self', { prerequisites: [{ key: 'self', variation: 0 }] }),
  flag('loop-2a', { prerequisites: [{ key: 'loop-2b', variation: 0 }] }),
  flag('loop-2b', { prerequisites: [{ key: 'loop-2a', variation: 0 }] }),
  flag('loop-3a', { prerequisites: [{ key: 'loop-3b', variation: 0 }] }),
  flag('loop-3b', { prerequisites: [{ key: 'loop-3c', variation: 0 }] }),
  flag('loop-3c', { prerequisites: [{ key: 'loop-3a', variation: 0 }] }),
  flag('off-loop', { on: false, prerequisites: [{ key: 'off-loop', variation: 0 }] }),
  flag('targeted-loop', { prerequisites: [{ key: 'targeted-loop', variation: 0 }], targets: [{ variation: 1, values: ['u'] }] }),
];
const needs = (...wanted) => ({ prerequisites: wanted.map(([key, variation]) => ({ key, variation })) });
const listed = (...keys) => ({ prerequisites: keys.length ? keys : undefined });
const prerequisites = [
  ['met', needs(['yes', 1]), user(), fell(), listed('yes')],
  ['another variation', needs(['yes', 0]), user(), failed('yes'), listed('yes')],
  ['by the context: met', needs(['by-key', 1]), user(), fell(), listed('by-key')],
  ['by the context: not met', needs(['by-key', 1]), user('x'), failed('by-key'), listed('by-key')],
  ['26 the first that fails is told, later ones are not looked at', needs(['yes', 1], ['yes', 0], ['off', 1]), user(), failed('yes'), listed('yes', 'yes')],
  ['26 two that are met', needs(['yes', 1], ['by-key', 1]), user(), fell(), listed('yes', 'by-key')],
  ['26 the second fails', needs(['yes', 1], ['by-key', 0]), user(), failed('by-key'), listed('yes', 'by-key')],
  ['26 without an off variation', { ...needs(['yes', 0]), offVariation: undefined }, user(), { ...none, reason: { kind: 'PREREQUISITE_FAILED', prerequisiteKey: 'yes' } }],
  ['26 with an off variation too large', { ...needs(['yes', 0]), offVariation: 10 }, user(), malformed(), listed('yes')],
  ['27 one that is off', needs(['off', 1]), user(), failed('off'), listed('off')],
  ['27 one that is off without a value', needs(['no-value', -1]), user(), failed('no-value'), listed('no-value')],
  ['28 one that does not exist', needs(['none', 1]), user(), failed('none'), listed()],
  ['28 one that was deleted', needs(['gone', 1]), user(), failed('gone'), listed()],
  ['28 one that does not exist behind one that does', needs(['yes', 1], ['none', 1]), user(), failed('none'), listed('yes')],
  ['before targets and rules', { ...needs(['yes', 0]), targets: [{ variation: 1, values: ['u'] }], ...when() }, user(), failed('yes')],
  ['a target behind one that is met', { ...needs(['yes', 1]), targets: [{ variation: 3, values: ['u'] }] }, user(), targeted(3), listed('yes')],
  ['nested', needs(['needs-yes', 1]), user(), fell(), listed('needs-yes')],
  ['nested, fails', needs(['needs-off', 1]), user(), fell(), listed('needs-off')],
  ['nested, fails, and so has another variation', needs(['needs-off', 0]), user(), failed('needs-off'), listed('needs-off')],
  ['29 itself', { key: 'me', ...needs(['me', 0]) }, user(), malformed(), listed()],
  ['29 one that needs itself', needs(['self', 0]), user(), malformed(), listed()],
  ['29 a loop of two', { key: 'ring-a', ...needs(['ring-b', 0]) }, user(), malformed(), listed()],
  ['29 a loop of two, the other way round', { key: 'ring-b', ...needs(['ring-a', 0]) }, user(), malformed(), listed()],
  ['29 a loop of two below', needs(['loop-2a', 0]), user(), malformed(), listed()],
  ['29 a loop of three below', needs(['loop-3b', 0]), user(), malformed(), listed()],
  ['29 what came before the loop is told', needs(['yes', 1], ['loop-3a', 0]), user(), malformed(), listed('yes')],
  ['29 a diamond', needs(['needs-yes', 1], ['yes', 1]), user(), fell(), listed('needs-yes', 'yes')],
  ['29 the same one twice', needs(['yes', 1], ['yes', 1]), user(), fell(), listed('yes', 'yes')],
  ['29 a loop that is off', needs(['off-loop', 2]), user(), failed('off-loop'), listed('off-loop')],
  ['29 targets do not spare a loop', needs(['targeted-loop', 1]), user(), malformed(), listed()],
  ['30 one that fails before the loop', needs(['yes', 0], ['self', 0]), user(), failed('yes'), listed('yes')],
  ['31 a malformed clause in it', needs(['bad-clause', 1]), user(), malformed(), listed()],
  ['31 a malformed clause two below', needs(['needs-bad-clause', 0]), user(), malformed(), listed()],
  ['31 a fallthrough too large in it', needs(['too-large', 1]), user(), failed('too-large'), listed('too-large')],
  ['31 a bad bucketBy in it', needs(['bad-bucket', 1]), user(), failed('bad-bucket'), listed('bad-bucket')],
];

const ruleTracked = more => ({ rules: [{ id: 'r0', variation: 1, clauses: [], trackEvents: true, ...more }, { id: 'r1', variation: 1, clauses: [] }] });
const told = [
  ['nothing', {}, user(), fell(), { ...untracked, debugEventsUntilDate: undefined, prerequisites: undefined, flagVersion: undefined, samplingRatio: undefined }],
  ['trackEvents', { trackEvents: true }, user(), fell(), { trackEvents: true, trackReason: undefined }],
  ['trackEvents, off', { trackEvents: true, on: false }, user(), off(), { trackEvents: true, trackReason: undefined }],
  ['76 trackEventsFallthrough', { trackEventsFallthrough: true }, user(), fell(), tracked],
  ['76 trackEventsFallthrough, but a rule matches', { trackEventsFallthrough: true, ...when() }, user(), matched(), untracked],
  ['76 trackEventsFallthrough, but it is off', { trackEventsFallthrough: true, on: false }, user(), off(), untracked],
  ['76 trackEventsFallthrough, but malformed', { trackEventsFallthrough: true, fallthrough: {} }, user(), malformed(), untracked],
  ['76 trackEvents of the rule', ruleTracked(), user(), matched(), tracked],
  ['76 trackEvents of another rule', ruleTracked({ clauses: [clause('key', 'in', ['x'])] }), user(), matched(1, 1), untracked],
  ['76 trackEvents of a malformed rule', ruleTracked({ variation: 10 }), user(), malformed(), untracked],
  ['76 trackEvents and targets', { trackEventsFallthrough: true, targets: [{ variation: 1, values: ['u'] }], ...ruleTracked() }, user(), targeted(1), untracked],
  ['76 an experiment', { fallthrough: rollout([[1, 100000]], experiment) }, user(), fell(1, { inExperiment: true }), tracked],
  ['76 an experiment in a rule', always(rollout([[1, 100000]], experiment)), user(), matched(1, 0, { inExperiment: true }), tracked],
  ['76 a rollout is no experiment', { fallthrough: rollout([[1, 100000]]) }, user(), fell(1), untracked],
  ['79 debugEventsUntilDate in the past', { debugEventsUntilDate: 1 }, user(), fell(), { debugEventsUntilDate: 1 }],
  ['debugEventsUntilDate 0', { debugEventsUntilDate: 0 }, user(), fell(), { debugEventsUntilDate: undefined }],
  ['samplingRatio, excludeFromSummaries and migration are not told', { samplingRatio: 10, excludeFromSummaries: true, migration: { checkRatio: 2 } }, user(), fell(), { samplingRatio: undefined, excludeFromSummaries: undefined, migration: undefined }],
  ['a big version', { version: 9007199254740991 }, user(), fell(), { version: 9007199254740991 }],
];

const shapes = [null, true, false, 0, -1.5, 1e21, '', 'x<y>&"\\', 'ü😀', [], {}, [null, [1, { a: null }]], { a: { b: [true, 'x'] }, ü: 0.00001 }];
const values = shapes.map((value, n) => [`value ${JSON.stringify(value)}`, { variations: shapes, fallthrough: { variation: n } }, user(), fell(n)]);
const nested = [['a value 100 deep', { variations: [JSON.parse('['.repeat(100) + ']'.repeat(100))] }, user(), fell()]];

export const suites = [
  ...suitesOf('ends', ends), ...suitesOf('targets', targets), ...suitesOf('prerequisites', prerequisites, { flags: needed }), ...suitesOf('told', told),
  ...suitesOf('values', [...values, ...nested]), ...suitesOf('all', variations.map((_, n) => [`variation ${n}`, { fallthrough: { variation: n } }, both(), fell(n)])),
];
