// Random flags, segments and contexts on which LaunchDarkly's Node and Go evaluation agree.
//
// Left out is what Node does otherwise than the reference engine (Go, evaluation.md), which the relay follows; tests/unit/flags
// and cases.test.mjs have these:
//   a rollout with seed 0, which Node takes for none                        a legacy user's `secondary`
//   `/kind`, which Node takes for the special attribute `kind`              null in a clause's values or in an array
//   a segment rule's weight by a kind that the context has not              `includedContexts` for a plain user
//   targets of users in `contextTargets` that have values of their own      rollouts by numbers beyond int64, `""` as a kind
//   a prerequisite that is malformed or in a cycle                          references that end in a slash
//   dates and versions that JavaScript reads otherwise                      clauses after a malformed one, with which Node goes on
//   big segments without a generation, which Node takes for unknown only when the context has their kind
import { Random } from './random.mjs';

export const SOUND = 30; // flags and segments before this one are never malformed; only they are prerequisites
const FLAGS = 42;
const SEGMENTS = 40;
const kinds = ['user', 'org', 'device', 'nobody'];
const keys = ['a', 'b', 'c', 'd', 'e', 'k:1', 'x%y', 'ü', '漢字', '😀', 'tab\t"q"\\', ' ', '<&>'];
const texts = ['', 'alice', 'Alice', 'alice@corp.example', 'bob', 'grüße 😀', 'a.b', '10', ...keys];
const numbers = [0, -1, 1, 2.5, -0.5, 10, 33333, 99999, 1512543600000, 9007199254740991];
const dates = ['2017-12-06T00:00:00Z', '2017-12-06T00:00:00.001Z', '2017-12-05T22:00:00-02:00', '2017-12-06', 'yesterday', 1512518400000, 1512518400001];
const versions = ['2', '2.0', '2.0.0', '2.0.0-rc.1', '2.0.0-rc.2', '2.0.0-rc.10', '2.0.0-beta', '2.0.0+build', '2.1', '10.2.3', '02.0.0', '2.0.0.0', 'v2.0.0', '2.x'];
const patterns = ['^a', 'e$', 'corp\\.example', '[0-9]+', 'b|c', '^$', '(', 'x{2,1}', '.', '\\w+@\\w+'];
const literals = ['key', 'name', 'anonymous', 'email', 'n', 'tags', 'deep', 'since', 'ver', 'flag', 'a/b', '/deep/x', 'none'];
const references = [...literals.slice(0, 11), '/email', '/n', '/deep', '/deep/x', '/deep/y/z', '/a~1b', '/tags/0', '/deep/none', '/m~0n', 'none'];
const bad = ['/', '//', '/deep//x', '/a~2', '/a~'];

const values = {
  in: r => r.one([...texts, ...numbers, true, false]),
  startsWith: r => r.one(texts), endsWith: r => r.one(texts), contains: r => r.one(texts),
  matches: r => r.one(patterns),
  lessThan: r => r.one(numbers), lessThanOrEqual: r => r.one(numbers), greaterThan: r => r.one(numbers), greaterThanOrEqual: r => r.one(numbers),
  before: r => r.one(dates), after: r => r.one(dates),
  semVerEqual: r => r.one(versions), semVerLessThan: r => r.one(versions), semVerGreaterThan: r => r.one(versions),
  unheardOf: r => r.one(texts),
};
const operators = Object.keys(values);
const natural = { before: 'since', after: 'since', semVerEqual: 'ver', semVerLessThan: 'ver', semVerGreaterThan: 'ver', lessThan: 'n', greaterThan: 'n' };

const isSound = name => !(Number(name.slice(1)) >= SOUND);

// Data sets of one seed. `odd` items may be malformed.
class Rules {
  constructor(seed) { this.r = new Random(seed); }

  kind() { return this.r.one(kinds); }

  // Kind and name as a clause or a rollout has them: a literal without a kind, a reference with one.
  attribute(name, kindName, odd) {
    const { r } = this;
    if (odd && r.chance(0.05)) return { [name]: r.one(bad), [kindName]: this.kind() };
    return r.chance(0.4) ? { [name]: r.one(literals) } : { [name]: r.one(references), [kindName]: this.kind() };
  }

  clause(segments, odd) {
    const { r } = this;
    const negate = r.chance(0.25);
    if (segments.length && r.chance(0.25)) return { attribute: '', op: 'segmentMatch', values: r.some(3, () => r.one(segments)), negate };
    if (r.chance(0.1)) return { attribute: 'kind', op: r.one(['in', 'startsWith', 'matches']), values: [r.one([...kinds, 'o'])], negate };
    if (odd && r.chance(0.04)) return { attribute: '', op: 'in', values: ['a'], negate };
    const op = r.one(operators);
    const clause = { ...this.attribute('attribute', 'contextKind', odd), op, values: [...Array(r.below(4))].map(() => values[op](r)), negate };
    return natural[op] && r.chance(0.7) ? { ...clause, attribute: natural[op] } : clause;
  }

  // Only the last one may be malformed.
  clauses(segments, odd) {
    const sound = this.r.some(2, () => this.clause(segments.filter(isSound), false));
    return odd && this.r.chance(0.5) ? [...sound, this.clause(segments, true)] : sound;
  }

  rollout(odd) {
    const { r } = this;
    const bucketBy = this.attribute('bucketBy', 'contextKind', odd);
    const variations = [...Array(1 + r.below(4))].map(() => ({
      variation: odd && r.chance(0.03) ? 7 : r.below(3), weight: r.one([0, 1, 10000, 33333, 50000, 100000]), ...r.members({ untracked: [0.2, () => true] }),
    }));
    return {
      variations: odd && r.chance(0.05) ? [] : variations,
      ...r.members({ kind: [0.6, () => r.one(['experiment', 'rollout'])], seed: [0.3, () => 1 + r.below(1000)] }),
      ...r.one([{}, { contextKind: this.kind() }, bucketBy]),
    };
  }

  outcome(odd) {
    if (odd && this.r.chance(0.05)) return this.r.one([{}, { variation: 3 }, { variation: -1 }]);
    return this.r.chance(0.5) ? { variation: this.r.below(3) } : { rollout: this.rollout(odd) };
  }

  targets(most) { return this.r.some(most, () => ({ variation: this.r.below(3), values: this.r.some(3, () => this.r.one(keys)) })); }
  keysByKind() { return this.r.some(2, () => ({ contextKind: this.r.one(['org', 'device', 'nobody']), values: this.r.some(3, () => this.r.one(keys)) })); }

  contextTargets() {
    return this.r.some(3, () => (this.r.chance(0.4)
      ? { ...this.r.members({ contextKind: [0.5, () => 'user'] }), variation: this.r.below(3), values: [] }
      : { ...this.targets(1)[0] ?? { variation: 1, values: ['a'] }, contextKind: this.r.one(['org', 'device']) }));
  }

  // A weight counts for a kind that the context has, so the rule asks for it.
  segmentRule(segments, odd) {
    const { r } = this;
    const rule = { id: 's', clauses: this.clauses(segments, odd) };
    if (r.chance(0.6)) return rule;
    const by = this.attribute('bucketBy', 'rolloutContextKind', odd);
    const has = { contextKind: by.rolloutContextKind ?? 'user', attribute: 'key', op: 'startsWith', values: [''], negate: false };
    return { ...rule, clauses: [has, ...rule.clauses], weight: r.one([0, 1, 30000, 50000, 100000]), ...by };
  }

  segment(i) {
    const { r } = this;
    const odd = i >= SOUND;
    const others = [...Array(odd ? SEGMENTS : SOUND).keys()].filter(n => odd ? true : n > i).map(n => `s${n}`);
    return {
      key: `s${i}`, version: 1 + r.below(9), salt: r.one(['', 'salt', 'ü']),
      included: r.some(3, () => r.one(keys)), excluded: r.some(3, () => r.one(keys)),
      includedContexts: this.keysByKind(), excludedContexts: this.keysByKind(),
      rules: r.some(3, () => this.segmentRule(others, odd)),
      ...(r.chance(0.1) ? { unbounded: true, generation: 1 + r.below(9), ...r.members({ unboundedContextKind: [0.5, () => this.kind()] }) } : {}),
    };
  }

  flag(i) {
    const { r } = this;
    const odd = i >= SOUND;
    const segments = [...Array(odd ? SEGMENTS : SOUND).keys()].map(n => `s${n}`).concat('unknown');
    const prerequisites = [...Array(SOUND + 1).keys()].filter(n => n > i || odd).map(n => `f${n === SOUND ? 'unknown' : n}`);
    return {
      key: `f${i}`, version: 1 + r.below(99), on: r.chance(0.85), salt: r.one(['salt', 'pepper', 'ü']),
      variations: [r.one(['v0', true, 17, null]), r.one([1.5, { b: [null, 'ü', { c: 1 }], a: 2 }, '']), ['x<y>&', -3]],
      prerequisites: r.chance(0.3) ? r.some(2, () => ({ key: r.one(prerequisites), variation: r.below(3) })) : [],
      targets: this.targets(2), contextTargets: r.chance(0.5) ? this.contextTargets() : [],
      rules: r.some(4, () => ({ ...r.members({ id: [0.8, () => r.one(['r1', 'ü"'])] }), ...this.outcome(odd), clauses: this.clauses(segments, odd), trackEvents: r.chance(0.2) })),
      fallthrough: this.outcome(odd),
      ...r.members({
        offVariation: [0.8, () => (odd && r.chance(0.2) ? 3 : r.below(3))], trackEvents: [0.3, () => true], trackEventsFallthrough: [0.3, () => true],
        debugEventsUntilDate: [0.2, () => r.one([1, 4102444800000])],
      }),
      clientSideAvailability: { usingMobileKey: r.chance(0.8), usingEnvironmentId: r.chance(0.7) },
    };
  }
}

export function randomData(seed) {
  const rules = new Rules(seed);
  const all = (count, make) => Object.fromEntries([...Array(count).keys()].map(i => make(i)).map(item => [item.key, item]));
  return { segments: all(SEGMENTS, i => rules.segment(i)), flags: all(FLAGS, i => rules.flag(i)) };
}

const anything = r => r.one([r.one(texts), r.one(numbers), r.chance(0.5), r.one(dates), r.one(versions)]);
const attributes = r => r.members({
  email: [0.6, () => r.one([...texts, 7])],
  n: [0.6, () => r.one([...numbers, 'ten', null])],
  tags: [0.5, () => r.some(4, () => r.one([anything(r), {}, ['a']]))],
  deep: [0.5, () => ({ x: anything(r), y: { z: anything(r), ü: null } })],
  since: [0.6, () => r.one(dates)],
  ver: [0.6, () => r.one(versions)],
  flag: [0.4, () => r.chance(0.5)],
  'a/b': [0.3, () => anything(r)],
  '/deep/x': [0.3, () => anything(r)],
  'm~n': [0.3, () => anything(r)],
  grüße: [0.1, () => ['漢字', { '😀': null }]],
});
const key = r => r.one([r.one(keys), r.one(keys), `user-${r.below(1e6)}`]);
const named = r => r.members({ name: [0.4, () => r.one(texts)], anonymous: [0.3, () => r.chance(0.5)] });
const privates = r => r.some(2, () => r.one(['email', 'tags', 'none']));

const single = r => ({ key: key(r), ...named(r), ...attributes(r), ...r.members({ _meta: [0.2, () => ({ privateAttributes: privates(r) })] }) });
const legacy = r => {
  const { email, ...custom } = attributes(r);
  return {
    key: key(r), ...named(r), ...(typeof email === 'string' ? { email } : {}), ...r.members({ country: [0.2, () => 'de'], privateAttributeNames: [0.2, () => privates(r)] }),
    ...r.members({ custom: [0.9, () => custom] }),
  };
};
const multi = r => {
  const context = { kind: 'multi' };
  while (Object.keys(context).length < 2 || r.chance(0.6)) context[r.one(['user', 'org', 'device', 'Other.kind-1'])] = single(r);
  return context;
};

export function randomContexts(seed, count) {
  const r = new Random(seed);
  return [...Array(count)].map(() => r.one([multi, multi, legacy, legacy, () => ({ kind: 'user', ...single(r) }), () => ({ kind: r.one(['org', 'device']), ...single(r) })])(r));
}
