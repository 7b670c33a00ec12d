// Reporter for `node --test`: names every test that failed with its message, and the slowest; appends a line of JSON per test file
// to the file that RESULTS names: { file, passed, failed, final }. `final`: a failure that is none of time (see node_tally.mjs).
//
//   RESULTS=file node --test --test-reporter=./scripts/checks/node_reporter.mjs tests/integration/*.test.mjs
import fs from 'node:fs';
import path from 'node:path';

const isSuite = data => data.details?.type === 'suite' || /\.mjs$/.test(data.name);
const onlyInside = error => error?.failureType === 'subtestsFailed' || error?.code === 'ERR_TEST_FAILURE' && /subtests? failed/.test(error.message);
const fatal = /Sanitizer|runtime error:|Assertion .* failed|a sanitizer or an assertion spoke up/;

function message(error) {
  const cause = error?.cause ?? error;
  return String(cause?.stack ?? cause?.message ?? cause).split('\n').map(line => `      ${line}`).join('\n');
}

export default async function* report(source) {
  const passed = [];
  const files = new Map();
  const of = data => {
    const file = data.file ?? data.name;
    if (!files.has(file)) files.set(file, { file, passed: 0, failed: 0, final: false });
    return files.get(file);
  };
  for await (const { type, data } of source) {
    if (type === 'test:diagnostic' && data.nesting > 0) yield `    ${data.message}\n`;
    if (type === 'test:stderr' || type === 'test:stdout') yield data.message;
    if (type === 'test:pass' && !isSuite(data) && data.skip === undefined) {
      passed.push(data);
      of(data).passed++;
    }
    if (type === 'test:fail' && !onlyInside(data.details?.error)) {
      const text = message(data.details.error);
      of(data).failed++;
      of(data).final ||= fatal.test(text);
      yield `  FAILED ${path.basename(data.file ?? '')}: ${data.name} (${Math.round(data.details.duration_ms)} ms)\n${text}\n`;
    }
  }
  const slowest = passed.sort((a, b) => b.details.duration_ms - a.details.duration_ms).slice(0, 3);
  yield `  slowest: ${slowest.map(data => `${data.name.slice(0, 50)} ${(data.details.duration_ms / 1000).toFixed(1)} s`).join('; ')}\n`;
  if (process.env.RESULTS) fs.appendFileSync(process.env.RESULTS, [...files.values()].map(file => `${JSON.stringify(file)}\n`).join(''));
}
