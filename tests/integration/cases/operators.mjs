// Operators: every pair of what can be ordered, what is not of their type, regular expressions (evaluation.md 5.3 to 5.5, 13.6).
import { clause, fell, matched, not, suitesOf, when } from './suite.mjs';

const user = a => ({ kind: 'user', key: 'u', a });
const has = (op, values, more) => when(clause('a', op, values, more));
const told = value => JSON.stringify(value);

// Lists of equals, from small to great: each pair by each operator. holds: { operator: (a, b) => does it match by their places }.
function ordered(steps, holds) {
  const all = steps.flatMap((equals, place) => equals.map(value => ({ value, place })));
  return all.flatMap(a => all.flatMap(b => Object.entries(holds).map(([op, hold]) => (
    [`${told(a.value)} ${op} ${told(b.value)}`, has(op, [b.value]), user(a.value), hold(a.place, b.place) ? matched() : fell()]))));
}

// What does not count on either side: it matches nothing, and so with `negate` everything.
const useless = (ops, bad, good) => bad.flatMap(value => ops.flatMap(op => [
  [`${op}: ${told(value)} in a context`, has(op, [good]), user(value), fell()],
  [`${op}: ${told(value)} in a context, negated`, has(op, [good], not), user(value), matched()],
  [`${op}: ${told(value)} in a clause`, has(op, [value]), user(good), fell()],
  [`${op}: ${told(value)} in a clause, negated`, has(op, [value], not), user(good), matched()],
]));

const numbers = ordered([[-1e300], [-1.5], [-1], [0], [0.1], [1], [1.0000000000000002], [9007199254740991], [9007199254740992], [1e300]], {
  in: (a, b) => a === b, lessThan: (a, b) => a < b, lessThanOrEqual: (a, b) => a <= b, greaterThan: (a, b) => a > b, greaterThanOrEqual: (a, b) => a >= b,
});
const comparisons = ['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'];
const noNumbers = useless(comparisons, ['1', '', 'x', true, { n: 1 }], 1);
const manyNumbers = [
  ['lessThan: any of the values', has('lessThan', [1, 10, 'x', 5]), user(7), matched()],
  ['lessThan: none of the values', has('lessThan', [1, 10, 'x', 5]), user(10), fell()],
  ['lessThanOrEqual: the greatest of the values', has('lessThanOrEqual', [1, 10, 'x', 5]), user(10), matched()],
  ['greaterThan: the least of the values', has('greaterThan', [10, 1, null, 5]), user(2), matched()],
  ['greaterThanOrEqual: negated', has('greaterThanOrEqual', [10, 1], not), user(0), matched()],
];

const dates = ordered([
  ['0000-01-01T00:00:00Z'],
  ['1969-12-31T23:59:59.999Z', -1, -1.9],
  ['1969-12-31T23:59:59.9999Z'],
  ['1970-01-01T00:00:00Z', 0, -0.9, 0.9],
  ['2017-12-06T00:00:00Z', 1512518400000, '2017-12-06T00:00:00.000Z', '2017-12-05T16:00:00-08:00', '2017-12-06T0:00:00Z', '2017-12-06t00:00:00z', '2017-12-05T23:59:60Z',
    '2017-12-06T05:30:00+05:30', '2017-12-10T03:59:00+99:59'],
  ['2017-12-06T00:00:00.000000001Z'],
  ['2017-12-06T00:00:00.001Z', 1512518400001, 1512518400001.9, '2017-12-06T00:00:00.001000000-00:00'],
  ['2021-03-03T00:00:00Z', '2021-02-31T00:00:00Z'],
  ['9999-12-31T23:59:59.999Z'],
], { before: (a, b) => a < b, after: (a, b) => a > b });
const noDates = useless(['before', 'after'], [
  '', 'x', '2017-12-06', '2017-12-06T00:00:00', '2017-12-06 00:00:00Z', '2017-12-06T00:00Z', '2017-13-06T00:00:00Z', '2017-00-06T00:00:00Z', '2017-12-32T00:00:00Z', '2017-12-00T00:00:00Z',
  '2017-12-06T24:00:00Z', '2017-12-06T00:60:00Z', '2017-12-06T00:00:61Z', '2017-12-06T00:00:00.Z', '2017-12-06T00:00:00.0123456789Z', '2017-12-06T00:00:00+0100', '2017-12-06T00:00:00+1:00',
  '2017-12-06T00:00:00+01:60', '17-12-06T00:00:00Z', '2017-1-06T00:00:00Z', ' 2017-12-06T00:00:00Z', '1512543600000', true, { t: 1 },
], '2017-12-06T00:00:00Z');
const zeroDates = [
  ['43 the first moment of year 1 is none in a clause', has('after', ['0001-01-01T00:00:00Z']), user('2017-12-06T00:00:00Z'), fell()],
  ['43 it is one in a context', has('before', ['2017-12-06T00:00:00Z']), user('0001-01-01T00:00:00Z'), matched()],
  ['43 a second later it is one', has('after', ['0001-01-01T00:00:01Z']), user('2017-12-06T00:00:00Z'), matched()],
  ['before: any of the values', has('before', ['x', 0, '2018-01-01T00:00:00Z']), user(1512518400000), matched()],
];

const versions = ordered([
  ['0.0.0-0', '0-0'], ['0'], ['1.0.0-1'], ['1.0.0-2'], ['1.0.0-10'], ['1.0.0--'], ['1.0.0-0a'], ['1.0.0-A'], ['1.0.0-alpha'], ['1.0.0-alpha.1'], ['1.0.0-alpha.beta'], ['1.0.0-beta'], ['1.0.0-beta.2'],
  ['1.0.0-beta.11'], ['1.0.0-rc.1', '1-rc.1', '1.0-rc.1+b'], ['1.0.0', '1', '1.0', '1.0.0+001', '1+a.b-c'], ['1.0.1'], ['1.2'], ['1.10'], ['2.0.0-rc'], ['2'], ['10.2.3'],
  ['99999999999999999999.0.0'], ['99999999999999999999.0.1'],
], { semVerEqual: (a, b) => a === b, semVerLessThan: (a, b) => a < b, semVerGreaterThan: (a, b) => a > b });
const noVersions = useless(['semVerEqual', 'semVerLessThan', 'semVerGreaterThan'], [
  '', '2.', '.2', '2.0.', '02.0.0', '2.00.0', '2.0.01', 'v2.0.0', '2.0.0.0', '2.x', ' 2', '2 ', '-2', '2.0.0-', '2.0.0-rc.', '2.0.0-rc..1', '2.0.0-01', '2.0.0-ü', '2.0.0+', '2.0.0+a..b', '2.0.0-rc_1', 2, true, { v: 2 },
], '2.0.0');

const texts = [
  ['startsWith', has('startsWith', ['ab']), user('abc'), matched()],
  ['startsWith, not', has('startsWith', ['bc']), user('abc'), fell()],
  ['startsWith, longer than the text', has('startsWith', ['abcd']), user('abc'), fell()],
  ['endsWith', has('endsWith', ['bc']), user('abc'), matched()],
  ['endsWith, not', has('endsWith', ['ab']), user('abc'), fell()],
  ['endsWith, longer than the text', has('endsWith', ['zabc']), user('abc'), fell()],
  ['contains', has('contains', ['b']), user('abc'), matched()],
  ['contains, not', has('contains', ['ac']), user('abc'), fell()],
  ...['startsWith', 'endsWith', 'contains'].flatMap(op => [
    [`40 ${op}: letter case`, has(op, ['AB', 'BC', 'B']), user('abc'), fell()],
    [`40 ${op}: all of it`, has(op, ['abc']), user('abc'), matched()],
    [`40 ${op}: nothing`, has(op, ['']), user('abc'), matched()],
    [`40 ${op}: nothing in nothing`, has(op, ['']), user(''), matched()],
    [`40 ${op}: bytes, not letters`, has(op, ['ü']), user('ü😀ü'), matched()],
    [`40 ${op}: any of the values`, has(op, [1, 'x', 'abc']), user('abc'), matched()],
    [`40 ${op}: any element`, has(op, ['ab']), user(['x', 7, 'ab']), matched()],
  ]),
  ...useless(['startsWith', 'endsWith', 'contains', 'matches'], [1, true, { x: 1 }], '1'),
];

// [pattern, text, does it match]
const patterns = [
  ['b', 'abc', true], ['^b', 'abc', false], ['', 'abc', true], ['^$', '', true], ['^abc$', 'abc\n', false], ['(?m)^$', 'abc\n', true], ['a.c', 'a\nc', false], ['(?s)a.c', 'a\nc', true],
  ['[\\w-.]', '-', true], ['\\d', '٣', false], ['^\\s$', '\u000b', false], ['^\\v$', '\n', false], ['(?i)straße', 'STRASSE', false], ['(?i)k', '\u212a', true], ['é', 'É', false], ['(?i)é', 'É', true],
  ['a(?=b)', 'ab', false], ['(?<!a)b', 'b', false], ['(a)\\1', 'aa', false], ['a++b', 'aab', false], ['(?>a+)b', 'aab', false], ['abc\\Z', 'abc', false], ['abc\\z', 'abc', true], ['\\Aabc', 'abc', true],
  ['a{1001}', 'a'.repeat(1001), false], ['a{1000}', 'a'.repeat(1000), true], ['a{,5}', 'a{,5}', true], ['(?P<n>a)b', 'ab', true], ['(?<n>a)b', 'ab', true], ['\\p{Greek}', 'λ', true], ['\\p{greek}', 'λ', false],
  ['[[:alpha:]]', 'x', true], ['\\Qa.b\\E', 'a.b', true], ['\\Qa.b\\E', 'axb', false], ['\\x{1f600}', '😀', true], ['^.$', '😀', true], ['^..$', '😀', false], ['(', '(', false], ['[z-a]', 'z', false], ['x*', '', true],
  ['(a+)+$', `${'a'.repeat(40)}b`, false], ['(?U)a+?b', 'aab', true], ['a|b|', '', true], ['(?x)a b', 'ab', false], ['\\C', 'a', false], ['^[^a]$', '\n', true], ['\\bfoo\\b', 'a foo b', true], ['$*a', 'a', true],
];
const expressions = [
  ...patterns.map(([pattern, text, does]) => [`42 matches ${told(pattern).slice(0, 40)} ${told(text).slice(0, 40)}`, has('matches', [pattern]), user(text), does ? matched() : fell()]),
  ...patterns.map(([pattern, text, does]) => [`42 negated ${told(pattern).slice(0, 40)} ${told(text).slice(0, 40)}`, has('matches', [pattern], not), user(text), does ? fell() : matched()]),
  ['41 an invalid pattern, then another', has('matches', ['(', 'b']), user('abc'), matched()],
  ['41 an invalid pattern, negated', has('matches', ['('], not), user('abc'), matched()],
  ['an element that matches', has('matches', ['^b$']), user(['abc', 'b']), matched()],
];

export const suites = [
  ...suitesOf('numbers', [...numbers, ...noNumbers, ...manyNumbers]), ...suitesOf('dates', [...dates, ...noDates, ...zeroDates]),
  ...suitesOf('versions', [...versions, ...noVersions]), ...suitesOf('texts', texts), ...suitesOf('expressions', expressions),
];
