// Holds the answers of the program against those of ld-relay 8.10.1, which reference/golden.json.gz has on record. What differs
// on purpose stands in accepted.txt with its reason.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { program } from '../integration/lib/relay.mjs';
import { slowness, within } from '../integration/lib/wait.mjs';
import { families } from './families.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const accepted = path.join(here, 'accepted.txt');

// Runs the comparison; { code, lines } of what it printed.
async function compare(only) {
  const words = [path.join(here, 'reference/compare.mjs'), `${program} --config {conf}`, '--only', only.source, '--accept', accepted, '--verbose'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', part => { text += part; });
  const code = await within('the comparison', new Promise(done => child.on('close', done)), 120000);
  return { code, lines: text.trim().split('\n') };
}

// `NAME: same`, or `NAME` and its differences, each indented: [name, differences].
function answersIn(lines) {
  const answers = [];
  for (const line of lines) {
    if (line.endsWith(': same')) answers.push([line.slice(0, -': same'.length), []]);
    else if (line.startsWith('  ')) answers.at(-1)?.[1].push(line.trim());
    else if (!/^\(|^\d+ passed|^logs: /.test(line)) answers.push([line, []]);
  }
  return answers;
}

describe('answers of the reference', () => {
  for (const { name, only } of families) {
    it(name, { timeout: 150000 * slowness }, async t => {
      const { code, lines } = await compare(only);
      const counts = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(lines.find(line => /^\d+ passed/.test(line)) ?? '');
      assert.ok(counts && code !== 2, `the comparison could not run:\n${lines.join('\n')}`);
      const [same, different, meant] = counts.slice(1).map(Number);
      assert.ok(same + different + meant > 0, 'no request of the corpus has such a name');
      t.diagnostic(`${name}: ${same} the same, ${meant} different on purpose`);
      const answers = answersIn(lines);
      for (const [answer, differences] of answers) {
        await t.test(answer, () => assert.deepEqual(differences, [], `reference / flagrelay:\n  ${differences.join('\n  ')}`));
      }
      assert.equal(answers.filter(([, differences]) => differences.length > 0).length, different, lines.join('\n'));
    });
  }

  it('every accepted difference has a reason', () => {
    for (const line of fs.readFileSync(accepted, 'utf8').split('\n').filter(line => line && !line.startsWith('#'))) {
      const [expression, reason, ...more] = line.split('\t');
      assert.ok(new RegExp(expression), line);
      assert.ok(reason?.length > 10 && more.length === 0, `no reason: ${line}`);
    }
  });
});
