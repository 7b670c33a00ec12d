// Reporter for `node --test`: names every test that failed with its message, and the slowest; writes "PASSED FAILED" to the
// file that TALLY names.
//
//   TALLY=file node --test --test-reporter=./scripts/checks/node_reporter.mjs tests/integration/*.test.mjs
import fs from 'node:fs';
import path from 'node:path';

const isSuite = data => data.details?.type === 'suite' || /\.mjs$/.test(data.name);
const onlyInside = error => error?.failureType === 'subtestsFailed' || error?.code === 'ERR_TEST_FAILURE' && /subtests? failed/.test(error.message);

function message(error) {
  const cause = error?.cause ?? error;
  return String(cause?.stack ?? cause?.message ?? cause).split('\n').map(line => `      ${line}`).join('\n');
}

export default async function* report(source) {
  const passed = [];
  const failed = [];
  for await (const { type, data } of source) {
    if (type === 'test:diagnostic' && data.nesting > 0) yield `    ${data.message}\n`;
    if (type === 'test:stderr' || type === 'test:stdout') yield data.message;
    if (type === 'test:pass' && !isSuite(data) && data.skip === undefined) passed.push(data);
    if (type === 'test:fail' && !onlyInside(data.details?.error)) {
      failed.push(data);
      yield `  FAILED ${path.basename(data.file ?? '')}: ${data.name} (${Math.round(data.details.duration_ms)} ms)\n${message(data.details.error)}\n`;
    }
  }
  const slowest = passed.sort((a, b) => b.details.duration_ms - a.details.duration_ms).slice(0, 3);
  yield `  slowest: ${slowest.map(data => `${data.name.slice(0, 50)} ${(data.details.duration_ms / 1000).toFixed(1)} s`).join('; ')}\n`;
  for (const { name } of failed) yield `  FAILED ${name}\n`;
  if (process.env.TALLY) fs.appendFileSync(process.env.TALLY, `${passed.length} ${failed.length}\n`);
}
