// Posts of events: the relay takes and delivers them, beside nginx, which reads the same posts and throws them away; then the memory that an
// outage of the events service takes.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { inTurns, load, row } from './load.mjs';
import { startNginx } from './nginx.mjs';
import { folder, freePort, healthy, memory, relayProgram, start, startUpstream, stop, writeConfig } from './programs.mjs';

export const about = 'posts of events, beside nginx that throws them away; memory in an outage';
export const options = { events: 20, connections: 16, turns: 5, seconds: 2, outage: 10 };

const MIB = 1024 * 1024;

// An event as posts.lua makes them.
const digits = (length, of) => [...Array(length)].map(() => Math.floor(Math.random() * of).toString(of)).join('');
const event = () => ({ kind: 'custom', creationDate: 1700000000000 + Math.floor(Math.random() * 1e6), key: `bought-${1 + Math.floor(Math.random() * 50)}`, contextKeys: { user: digits(16, 16) },
  data: { item: digits(8, 16), price: Math.floor(Math.random() * 999) + 0.5, currency: 'EUR' }, metricValue: Math.floor(Math.random() * 1000) });
const body = count => JSON.stringify([...Array(count)].map(event));

// Takes every request, with its body, and answers 202.
const nginxSettings = { http: 'client_max_body_size 0;', server: 'location / { return 202; }' };

async function startRelay(eventsPort) {
  const upstream = await startUpstream(10);
  const port = await freePort();
  const child = start(relayProgram, '--config', writeConfig(port, upstream, `[Events]\nsendEvents = true\neventsUri = "http://127.0.0.1:${eventsPort}"\n`));
  await healthy(port);
  return { port, child, pids: [child.pid], stop: () => Promise.all([stop(child), stop(upstream.child)]) };
}

const status = async relay => (await (await fetch(`http://127.0.0.1:${relay.port}/status`)).json()).events;

const headers = { 'Content-Type': 'application/json', 'X-LaunchDarkly-Event-Schema': '4' };
const post = (server, more, words, settings) => load(server, '/bulk', { script: 'posts.lua', headers: { ...headers, ...more }, words }, settings);

async function compare(name, bytes, more, words, relay, nginx, settings) {
  const turns = await inTurns(settings.turns, () => post(relay, more, words, settings), () => post(nginx, more, words, settings));
  return [row(name, '/s', turns, of => of.rate), row('CPU for each MB of events, delivery included', 'ms', turns, of => of.cpu_us / bytes * 1000)];
}

// Nobody answers at eventsUri: posts go on until the budget is full, and then some.
async function outage(settings) {
  const relay = await startRelay(await freePort());
  const before = memory(relay.child, 'VmRSS');
  await post(relay, {}, [settings.events], { ...settings, seconds: settings.outage });
  const { bytes, limitBytes } = await status(relay);
  const most = memory(relay.child, 'VmHWM') - before;
  await relay.stop();
  return { bytes, limitBytes, most };
}

export async function run(settings) {
  const files = [...Array(200)].map((_, i) => path.join(folder, `post-${i}.gz`));
  for (const file of files) fs.writeFileSync(file, zlib.gzipSync(body(settings.events)));
  const bytes = Buffer.byteLength(body(settings.events));
  const [nginx, sink] = [await startNginx('beside', nginxSettings), await startNginx('service', { ...nginxSettings, workers: 1 })];
  const relay = await startRelay(sink.port);
  const rows = [
    ...await compare(`posts of ${settings.events} events (${(bytes / 1000).toFixed(1)} kB)`, bytes, {}, [settings.events], relay, nginx, settings),
    ...await compare('the same, gzip', bytes, { 'Content-Encoding': 'gzip' }, [settings.events, ...files], relay, nginx, settings),
  ];
  const { received, sent, dropped } = await status(relay);
  await Promise.all([relay.stop(), nginx.stop(), sink.stop()]);
  const { bytes: held, limitBytes, most } = await outage(settings);
  rows.push({ measure: `memory more than before, the service for events away (${(held / MIB).toFixed(0)} of ${limitBytes / MIB} MiB of events are kept)`, unit: 'MiB', relay: most,
    target: `${limitBytes / MIB} MiB and half`, met: most <= limitBytes / MIB * 1.5 });
  return {
    title: `Events, ${settings.connections} connections (median of ${settings.turns} turns of ${settings.seconds} s)`,
    beside: 'nginx',
    rows,
    text: `Everything is taken, more than gzip can deliver on these processors: of ${received.toLocaleString('en')} events ${sent.toLocaleString('en')} were delivered by the end, ${dropped.total.toLocaleString('en')} did not fit into the memory.`,
  };
}
