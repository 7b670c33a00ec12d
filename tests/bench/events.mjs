// Posts of events: the relay takes and delivers them, beside nginx, which reads the same posts and throws them away; then the memory that an
// outage of the events service takes.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { accepting, children, cpu, folder, freePort, healthy, key, measure, median, memory, relayProgram, root, start, startUpstream, stop, writeConfig } from './programs.mjs';

export const about = 'posts of events, beside nginx that throws them away; memory in an outage';
export const options = { events: 20, connections: 16, turns: 5, seconds: 2, outage: 10 };

const MIB = 1024 * 1024;

// An event as posts.lua makes them.
const digits = (length, of) => [...Array(length)].map(() => Math.floor(Math.random() * of).toString(of)).join('');
const event = () => ({ kind: 'custom', creationDate: 1700000000000 + Math.floor(Math.random() * 1e6), key: `bought-${1 + Math.floor(Math.random() * 50)}`, contextKeys: { user: digits(16, 16) },
  data: { item: digits(8, 16), price: Math.floor(Math.random() * 999) + 0.5, currency: 'EUR' }, metricValue: Math.floor(Math.random() * 1000) });
const body = count => JSON.stringify([...Array(count)].map(event));

// Takes every request, with its body, and answers 202.
const nginxConfig = (name, port, workers) => `${process.getuid() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes ${workers};
pid ${folder}/${name}.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_max_body_size 0;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `  ${kind}_temp_path ${folder}/${name}-${kind};`).join('\n')}
  server {
    listen 127.0.0.1:${port} reuseport;
    location / { return 202; }
  }
}
`;

async function startNginx(name, workers) {
  const port = await freePort();
  const config = path.join(folder, `${name}.conf`);
  fs.writeFileSync(config, nginxConfig(name, port, workers));
  const child = start('nginx', '-p', folder, '-c', config);
  await accepting(port);
  return { port, pids: children(child), stop: () => stop(child) };
}

async function startRelay(eventsPort) {
  const upstream = await startUpstream(10);
  const port = await freePort();
  const child = start(relayProgram, '--config', writeConfig(port, upstream, `[Events]\nsendEvents = true\neventsUri = "http://127.0.0.1:${eventsPort}"\n`));
  await healthy(port);
  return { port, child, pids: [child.pid], stop: () => Promise.all([stop(child), stop(upstream.child)]) };
}

const status = async relay => (await (await fetch(`http://127.0.0.1:${relay.port}/status`)).json()).events;

// One turn at a server: posts per second, and microseconds of processor time for each.
async function load(server, headers, words, { connections, seconds }) {
  const before = cpu(...server.pids);
  const all = Object.entries({ Authorization: key, 'Content-Type': 'application/json', 'X-LaunchDarkly-Event-Schema': '4', ...headers }).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const found = await measure('wrk', '-t', 1, '-c', connections, '-d', seconds, '-s', path.join(root, 'tests/bench/posts.lua'), ...all, `http://127.0.0.1:${server.port}/bulk`, '--', ...words);
  if (found.errors[0] !== 0) throw new Error(`${found.errors[0]} posts failed`);
  return { rate: found.requests[0] / found.duration_us[0] * 1e6, cpu_us: (cpu(...server.pids) - before) / found.requests[0] * 1e6 };
}

async function compare(measureName, bytes, headers, words, relay, nginx, settings) {
  const turns = [];
  for (let turn = 0; turn < settings.turns; turn++) {
    const found = [];
    for (const i of turn % 2 === 0 ? [0, 1] : [1, 0]) found[i] = await load([relay, nginx][i], headers, words, settings);
    turns.push(found);
  }
  const row = (name, unit, value) => ({ measure: name, unit, relay: median(turns.map(found => value(found[0]))), floor: median(turns.map(found => value(found[1]))),
    ratio: median(turns.map(([a, b]) => value(a) / value(b))) });
  return [row(measureName, '/s', of => of.rate), row('CPU for each MB of events, delivery included', 'ms', of => of.cpu_us / bytes * 1000)];
}

// Nobody answers at eventsUri: posts go on until the budget is full, and then some.
async function outage(settings) {
  const relay = await startRelay(await freePort());
  const before = memory(relay.child, 'VmRSS');
  await load(relay, {}, [settings.events], { ...settings, seconds: settings.outage });
  const { bytes, limitBytes } = await status(relay);
  const most = memory(relay.child, 'VmHWM') - before;
  await relay.stop();
  return { bytes, limitBytes, most };
}

export async function run(settings) {
  const files = [...Array(200)].map((_, i) => path.join(folder, `post-${i}.gz`));
  for (const file of files) fs.writeFileSync(file, zlib.gzipSync(body(settings.events)));
  const bytes = Buffer.byteLength(body(settings.events));
  const [nginx, sink] = [await startNginx('beside', os.cpus().length), await startNginx('service', 1)];
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
