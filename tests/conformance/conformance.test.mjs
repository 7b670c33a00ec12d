// Holds the answers of the program against those of ld-relay 8.10.1, which reference/golden.json.gz has on record. What differs
// on purpose stands in accepted.txt with its reason.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'node:test';
import { program } from '../integration/lib/relay.mjs';
import { within } from '../integration/lib/wait.mjs';
import { families } from './families.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const accepted = path.join(here, 'accepted.txt');

// Runs the comparison of everything; { code, lines } of what it printed.
async function compare() {
  const words = [path.join(here, 'reference/compare.mjs'), `${program} --config {conf}`, '--accept', accepted, '--verbose'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', part => { text += part; });
  const code = await within('the comparison', new Promise(done => child.on('close', done)), 240000);
  return { code, lines: text.trim().split('\n') };
}

// `NAME: same`, or `NAME` and its differences, each indented; nothing where they are accepted: [name, differences].
function answersIn(lines) {
  const answers = [];
  for (const line of lines) {
    if (line.endsWith(': same')) answers.push([line.slice(0, -': same'.length), []]);
    else if (line.startsWith('  ')) answers.at(-1)?.[1].push(line.trim());
    else if (!/^\(|^\d+ passed|^logs: /.test(line)) answers.push([line, []]);
  }
  return answers;
}

// The names of all requests that have an answer on record.
const recorded = () => Object.keys(JSON.parse(zlib.gunzipSync(fs.readFileSync(path.join(here, 'reference/golden.json.gz')))));

describe('answers of the reference', async () => {
  const { code, lines } = await compare();
  const answers = new Map(answersIn(lines));
  const left = new Set(recorded());

  it('all of them were compared', t => {
    const counts = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(lines.find(line => /^\d+ passed/.test(line)) ?? '');
    assert.ok(counts && code !== 2, `the comparison could not run:\n${lines.join('\n')}`);
    const [same, different, meant] = counts.slice(1).map(Number);
    assert.equal(same + different + meant, recorded().length);
    assert.equal(answers.size, same + different, 'every line was understood');
    t.diagnostic(`${same} the same, ${meant} different on purpose, ${different} different`);
  });

  for (const { name, only } of families) {
    it(name, async t => {
      const mine = [...left].filter(answer => only.test(answer));
      mine.forEach(answer => left.delete(answer));
      assert.ok(mine.length > 0, 'no request of the corpus has such a name');
      t.diagnostic(`${name}: ${mine.length}, ${mine.filter(answer => !answers.has(answer)).length} of them different on purpose`);
      for (const answer of mine.filter(answer => answers.has(answer))) {
        const differences = answers.get(answer);
        await t.test(answer, () => assert.deepEqual(differences, [], `reference / flagrelay:\n  ${differences.join('\n  ')}`));
      }
    });
  }

  it('every request belongs to a family', () => assert.deepEqual([...left], []));

  it('every accepted difference has a reason', () => {
    for (const line of fs.readFileSync(accepted, 'utf8').split('\n').filter(line => line && !line.startsWith('#'))) {
      const [expression, reason, ...more] = line.split('\t');
      assert.ok(new RegExp(expression), line);
      assert.ok(reason?.length > 10 && more.length === 0, `no reason: ${line}`);
    }
  });
});
