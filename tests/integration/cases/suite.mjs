// Cases: a data set, contexts, and what a flag comes to for each (evaluation.md 4 to 8).
//
// A suite is { name, flags, segments, cases: [{ name, flag, contexts, value, variation, reason, more }] }: `contexts` are several
// forms of the same context; `variation` is -1 and `value` null where there is none; `reason` is null for a flag that does not
// exist; `more` is what else the answer must hold, with undefined for what it must not.
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../lib/secrets.mjs';

// The official ones of LaunchDarkly's SDK test harness.
export const officialSuites = () => fs.readFileSync(path.join(root, 'tests/unit/flags/testdata/cases.jsonl'), 'utf8')
  .trim().split('\n').map(line => JSON.parse(line)).map(({ cases, ...suite }) => ({ ...suite, cases: cases.map(one => ({ ...one, reason: JSON.parse(one.reason) })) }));

const ownMembers = ['key', 'name', 'anonymous'];
const texts = ['firstName', 'lastName', 'email', 'country', 'avatar', 'ip'];

// A context of kind user as the SDKs of old send it.
export function legacyForm({ kind, ...members }) {
  const isOwn = ([name, value]) => ownMembers.includes(name) || (texts.includes(name) && typeof value === 'string');
  const own = Object.entries(members).filter(isOwn);
  const custom = Object.entries(members).filter(member => !isOwn(member));
  return { ...Object.fromEntries(own), ...(custom.length ? { custom: Object.fromEntries(custom) } : {}) };
}

const forms = context => (context.kind === 'user' && !context._meta && context.key !== '' ? [context, legacyForm(context)] : [context]);

// ---- what a flag comes to ------------------------------------------------------------------------------------------------

export const fell = (variation = 0, more = {}) => ({ variation, reason: { kind: 'FALLTHROUGH', ...more } });
export const matched = (variation = 1, ruleIndex = 0, more = {}) => ({ variation, reason: { kind: 'RULE_MATCH', ruleIndex, ruleId: `r${ruleIndex}`, ...more } });
export const targeted = variation => ({ variation, reason: { kind: 'TARGET_MATCH' } });
export const off = (variation = 2) => ({ variation, reason: { kind: 'OFF' } });
export const failed = (prerequisiteKey, variation = 2) => ({ variation, reason: { kind: 'PREREQUISITE_FAILED', prerequisiteKey } });
export const malformed = (more = {}) => ({ variation: -1, reason: { kind: 'ERROR', errorKind: 'MALFORMED_FLAG', ...more } });

// ---- flags ---------------------------------------------------------------------------------------------------------------

export const clause = (attribute, op, values, more = {}) => ({ attribute, op, values, ...more });
export const not = { negate: true };
export const of = contextKind => ({ contextKind });
export const inSegment = (...values) => clause('', 'segmentMatch', values);
// Variation 1 when all clauses match.
export const when = (...clauses) => ({ rules: [{ id: 'r0', variation: 1, clauses }] });
// [variation, weight, untracked] ...
export const rollout = (weights, more = {}) => ({
  rollout: { variations: weights.map(([variation, weight, untracked]) => ({ variation, weight, ...(untracked ? { untracked } : {}) })), ...more },
});
export const experiment = { kind: 'experiment' };

export const variations = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
export const flag = (key, more) => ({ key, version: 1, on: true, variations, offVariation: 2, fallthrough: { variation: 0 }, ...more });

const told = value => JSON.stringify(value);

// Rows [why, flag, context, outcome, more]: each has a flag of its own. A flag's key may be given when it matters; rows with the same
// key come into data sets of their own.
export function suitesOf(name, rows, { segments = [], flags = [] } = {}) {
  const byKey = items => Object.fromEntries(items.map(item => [item.key, { version: 1, ...item }]));
  const suites = [];
  rows.forEach(([why, members, context, { variation, reason }, more], row) => {
    const item = flag(members.key ?? `case-${row}`, members);
    let suite = suites.find(one => !(item.key in one.flags) || told(one.flags[item.key]) === told(item));
    if (!suite) suites.push(suite = { name, flags: byKey(flags), segments: byKey(segments), cases: [] });
    suite.flags[item.key] = item;
    suite.cases.push({ name: why, flag: item.key, contexts: forms(context), value: variation < 0 ? null : item.variations[variation], variation, reason, more });
  });
  return suites;
}
