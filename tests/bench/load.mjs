// The relay under load, beside another server: the one and the other in turns.
import path from 'node:path';
import { cpu, key, measure, median, root } from './programs.mjs';

// One turn of wrk at a server ({ port, pids }): requests per second, and for each of them microseconds of processor time and bytes.
// `words` are arguments of the script, a .lua file beside this one.
export async function load({ port, pids }, at, { script, headers = {}, words = [] }, { connections, seconds }) {
  const before = cpu(...pids);
  const all = Object.entries({ Authorization: key, ...headers }).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const found = await measure('wrk', '-t', 1, '-c', connections, '-d', seconds, '-s', path.join(root, 'tests/bench', script), ...all, `http://127.0.0.1:${port}${at}`, '--', ...words);
  const [requests, errors] = [found.requests[0], found.errors[0]];
  if (errors !== 0) throw new Error(`${at}: ${errors} requests failed`);
  return { rate: requests / found.duration_us[0] * 1e6, cpu_us: (cpu(...pids) - before) / requests * 1e6, bytes: found.bytes[0] / requests };
}

// [[what relay() found, what other() found], ...]; now the one is first, now the other.
export async function inTurns(count, relay, other) {
  const ways = [relay, other];
  const turns = [];
  for (let turn = 0; turn < count; turn++) {
    const found = [];
    for (const i of turn % 2 === 0 ? [0, 1] : [1, 0]) found[i] = await ways[i]();
    turns.push(found);
  }
  return turns;
}

// A row of such turns. The ratio is the median of those of the turns: two neighbours in time, on a machine that may have other work to do.
export const row = (name, unit, turns, value) => ({
  measure: name, unit, relay: median(turns.map(([relay]) => value(relay))), floor: median(turns.map(([, other]) => value(other))),
  ratio: median(turns.map(([relay, other]) => value(relay) / value(other))),
});
