// All flags for one context, where a tenth of them asks for a big segment: beside the same flags without one. "Warm": the relay knows
// the memberships of the contexts that come; "cold": of none of them, so each request waits for the database.
import { eachDatabase } from './each_database.mjs';
import { inTurns, load, row } from './load.mjs';
import { freePort, relayProgram, startUpstream, startWith, stop, waitFor, writeConfig } from './programs.mjs';

export const about = 'evaluation with big segments, beside evaluation without';
export const options = { flags: 1000, connections: 16, turns: 5, seconds: 1 };

const envId = '65a000000000000000000001';
const evalx = `/sdk/evalx/${envId}/contexts/`;
const contexts = 20000; // half of them are members
const known = 500;      // fewer than are kept

async function startRelay(upstream, more, db) {
  const port = await freePort();
  const child = startWith(db?.env ?? {}, relayProgram, '--config', writeConfig(port, upstream, `envId = "${envId}"\nprefix = bench\n[Main]\nbaseUri = "http://127.0.0.1:${upstream.port}"\n${more}`));
  const ready = async () => {
    const { status, environments } = await (await fetch(`http://127.0.0.1:${port}/status`)).json();
    return status === 'healthy' && (environments.bench.bigSegmentStatus?.lastSynchronizedOn ?? (db ? 0 : 1)) > 0;
  };
  await waitFor('the relay', () => ready().catch(() => false), 300);
  return { port, pids: [child.pid], stop: () => stop(child) };
}

async function measureWay(name, relay, plain, count, settings) {
  const ask = server => load(server, evalx, { script: 'requests.lua', words: [evalx, count] }, settings);
  await ask(relay); // memberships become known
  const turns = await inTurns(settings.turns, () => ask(relay), () => ask(plain));
  return [row(name, '/s', turns, of => of.rate), row('CPU for each', 'us', turns, of => of.cpu_us)];
}

async function measureDatabase(db, upstream, plain, settings) {
  const rows = [];
  for (const [way, count, lines] of [['warm', known, 'bigSegmentsCacheTime = 1h\n'], ['cold', contexts, 'bigSegmentsCacheSize = 1\n']]) {
    const relay = await startRelay(upstream, lines + db.config, db);
    rows.push(...await measureWay(`${db.name}, ${way}`, relay, plain, count, settings));
    await relay.stop();
  }
  return rows;
}

export async function run(settings) {
  const without = await startUpstream(settings.flags);
  const upstream = await startUpstream(settings.flags, 16, contexts);
  const plain = await startRelay(without, '');
  const rows = await eachDatabase(['sqlite', 'redis', 'dynamodb'], db => measureDatabase(db, upstream, plain, settings));
  await Promise.all([plain.stop(), stop(without.child), stop(upstream.child)]);
  return { title: `${settings.flags.toLocaleString('en')} flags for one context, ${settings.connections} connections (median of ${settings.turns} turns of ${settings.seconds} s)`, beside: 'without big segments', rows: rows.flat() };
}
