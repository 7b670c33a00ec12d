// All flags for one context, where a tenth of them asks for a big segment: beside the same flags without one. "Warm": the relay knows
// the memberships of the contexts that come; "cold": of none of them, so each request waits for the database.
//
// DATABASES=sqlite,redis,dynamodb in the environment: only these.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startDatabase } from '../integration/lib/databases.mjs';
import { cpu, freePort, key, measure, median, relayProgram, root, startUpstream, startWith, stop, writeConfig } from './programs.mjs';
import { section, waitFor } from './held.mjs';

export const about = 'evaluation with big segments, beside evaluation without';
export const options = { flags: 1000, connections: 16, turns: 5, seconds: 1 };

const envId = '65a000000000000000000001';
const evalx = `/sdk/evalx/${envId}/contexts/`;
const contexts = 20000; // half of them are members
const known = 500;      // fewer than are kept

async function startRelay(upstream, more, db = { env: {} }) {
  const port = await freePort();
  const child = startWith(db.env, relayProgram, '--config', writeConfig(port, upstream, `envId = "${envId}"\nprefix = bench\n[Main]\nbaseUri = "http://127.0.0.1:${upstream.port}"\n${more}`));
  const ready = async () => {
    const { status, environments } = await (await fetch(`http://127.0.0.1:${port}/status`)).json();
    return status === 'healthy' && (environments.bench.bigSegmentStatus?.lastSynchronizedOn ?? (db.name ? 0 : 1)) > 0;
  };
  await waitFor('the relay', () => ready().catch(() => false), 300);
  return { port, pids: [child.pid], stop: () => stop(child) };
}

// One turn: requests per second, and microseconds of processor time for each.
async function load(relay, count, { connections, seconds }) {
  const before = cpu(...relay.pids);
  const found = await measure('wrk', '-t', 1, '-c', connections, '-d', seconds, '-s', path.join(root, 'tests/bench/requests.lua'), '-H', `Authorization: ${key}`,
    `http://127.0.0.1:${relay.port}${evalx}`, '--', evalx, count);
  if (found.errors[0] !== 0) throw new Error(`${found.errors[0]} requests failed`);
  return { rate: found.requests[0] / found.duration_us[0] * 1e6, cpu_us: (cpu(...relay.pids) - before) / found.requests[0] * 1e6 };
}

async function measureWay(name, relay, plain, count, settings) {
  const turns = [];
  await load(relay, count, settings); // memberships become known
  for (let turn = 0; turn < settings.turns; turn++) turns.push([await load(plain, count, settings), await load(relay, count, settings)]);
  const row = (measure, unit, value) => ({
    measure, unit, floor: median(turns.map(([one]) => value(one))), relay: median(turns.map(([, two]) => value(two))),
    ratio: median(turns.map(([one, two]) => value(two) / value(one))),
  });
  return [row(name, '/s', of => of.rate), row('CPU for each', 'us', of => of.cpu_us)];
}

async function measureDatabase(name, upstream, plain, settings, cleanups) {
  const t = { after: cleanup => cleanups.push(cleanup) };
  const db = name === 'sqlite' ? { name, env: {}, folder: fs.mkdtempSync(path.join(os.tmpdir(), 'flagrelay-bench-')) } : await startDatabase(t, name);
  if (name === 'sqlite') cleanups.push(() => fs.rmSync(db.folder, { recursive: true, force: true }));
  const store = name === 'sqlite' ? `[SQLite]\npath = ${path.join(db.folder, 'relay.db')}\n` : section(db.section());
  const rows = [];
  for (const [way, count, lines] of [['warm', known, 'bigSegmentsCacheTime = 1h\n'], ['cold', contexts, 'bigSegmentsCacheSize = 1\n']]) {
    const relay = await startRelay(upstream, lines + store, db);
    rows.push(...await measureWay(`${name}, ${way}`, relay, plain, count, settings));
    await relay.stop();
  }
  return rows;
}

export async function run(settings) {
  const without = await startUpstream(settings.flags);
  const upstream = await startUpstream(settings.flags, 16, contexts);
  const plain = await startRelay(without, '');
  const rows = [];
  for (const name of process.env.DATABASES?.split(',') ?? ['sqlite', 'redis', 'dynamodb']) {
    const cleanups = [];
    try {
      rows.push(...await measureDatabase(name, upstream, plain, settings, cleanups));
    } finally {
      for (const cleanup of cleanups.reverse()) await cleanup();
    }
  }
  await Promise.all([plain.stop(), stop(without.child), stop(upstream.child)]);
  return { title: `${settings.flags.toLocaleString('en')} flags for one context, ${settings.connections} connections (median of ${settings.turns} turns of ${settings.seconds} s)`, beside: 'without big segments', rows };
}
