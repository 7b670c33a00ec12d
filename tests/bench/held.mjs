// How long the control thread was held (held.c), as a table.
import fs from 'node:fs';
import { waitFor } from './programs.mjs';

// { cpu_1: turns, ..., cpu_max_ms } since the last call.
export async function heldBy(child, file) {
  fs.rmSync(file, { force: true });
  process.kill(child.pid, 'SIGURG');
  await waitFor('the histogram', () => fs.existsSync(file) && /wall_max_ms/.test(fs.readFileSync(file, 'utf8')));
  return Object.fromEntries(fs.readFileSync(file, 'utf8').trim().split('\n').map(line => line.split(' ')).map(([name, value]) => [name, Number(value)]));
}

const bounds = [1, 2, 5, 10, 20, 50, 100, 1e9];
export const histogramRow = (what, turns) => `| ${what} | ${bounds.map(bound => turns[`cpu_${bound.toFixed(0)}`]).join(' | ')} | ${turns.cpu_max_ms.toFixed(1)} ms | ${turns.wall_max_ms.toFixed(1)} ms |`;

export const histograms = rows => `Turns of the control thread's loop by how much processor time they took, at most:\n\n| | ${bounds.map(bound => bound > 1000 ? 'more' : `${bound} ms`).join(' | ')} | longest | in real time |\n|${'---|'.repeat(bounds.length + 3)}\n${rows.join('\n')}`;
