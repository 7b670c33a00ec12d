// Whole answers: the relay beside nginx, which sends the same bytes from files. A load tool asks the one and the other in turns.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { accepting, children, cpu, folder, freePort, healthy, key, measure, median, relayProgram, root, start, startUpstream, stop, writeConfig } from './programs.mjs';

export const about = 'answers to requests, beside nginx with the same bytes in files';
export const options = { flags: 1000, connections: 16, turns: 9, seconds: 1 };

const envId = '65a000000000000000000001';
const evalx = `/sdk/evalx/${envId}/contexts/`;
const contexts = 50000; // then the first comes again
const sample = Buffer.from('{"kind":"user","key":"user-1","name":"User 1","email":"user-1@example-1.example","country":"fr","age":19}').toString('base64url');
const gzip = { 'Accept-Encoding': 'gzip' };

// `each`: every request carries another context. nginx has the answer in a file of that name, and is told of the context in a query that it ignores.
const cases = [
  { measure: 'all flags', file: 'flags', path: '/sdk/flags', least: 1 },
  { measure: 'all flags, gzip', file: 'flags', path: '/sdk/flags', headers: gzip, least: 1 },
  { measure: 'all flags, not modified', file: 'flags', path: '/sdk/flags', conditional: true, least: 0.7 },
  { measure: 'one flag', file: 'flag', path: '/sdk/flags/flag-1', least: 0.7 },
  { measure: 'evaluation of all flags, always another context', file: 'evalx', path: evalx + sample, each: evalx, least: 0.5 },
  { measure: 'the same, gzip', file: 'evalx', path: evalx + sample, each: evalx, headers: gzip },
];

// What is kept in a file is compressed there, too; what depends on the context has to be compressed for each answer, by nginx as well as by the relay.
const nginxConfig = port => `${process.getuid() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes ${os.cpus().length};
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  default_type application/json;
  gzip_static on;
  gzip_types application/json;
  gzip_comp_level 1;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  server {
    listen 127.0.0.1:${port} reuseport;
    root ${folder}/files;
    location = /evalx { gzip on; }
  }
}
`;

const ask = (port, at, headers) => fetch(`http://127.0.0.1:${port}${at}`, { headers: { Authorization: key, 'Accept-Encoding': 'identity', ...headers } });

async function startRelay(flags) {
  const upstream = await startUpstream(flags);
  const port = await freePort();
  const child = start(relayProgram, '--config', writeConfig(port, upstream, `envId = "${envId}"\n[Http]\nenableCompression = true\n`));
  await healthy(port);
  return { port, pids: [child.pid], stop: () => Promise.all([stop(child), stop(upstream.child)]) };
}

// Writes the relay's answers to files; nginx serves those.
async function startNginx(relay) {
  const port = await freePort();
  const files = path.join(folder, 'files');
  const config = path.join(folder, 'nginx.conf');
  fs.mkdirSync(files);
  for (const { file, path: at } of cases) fs.writeFileSync(path.join(files, file), Buffer.from(await (await ask(relay.port, at)).arrayBuffer()));
  fs.writeFileSync(path.join(files, 'flags.gz'), zlib.gzipSync(fs.readFileSync(path.join(files, 'flags'))));
  fs.writeFileSync(config, nginxConfig(port));
  const child = start('nginx', '-p', folder, '-c', config);
  await accepting(port);
  return { port, pids: children(child), stop: () => stop(child) };
}

// One turn at a server: requests per second, and microseconds of processor time for each.
async function load(server, at, headers, each, { connections, seconds }) {
  const before = cpu(...server.pids);
  const words = Object.entries({ Authorization: key, ...headers }).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const found = await measure('wrk', '-t', 1, '-c', connections, '-d', seconds, '-s', path.join(root, 'tests/bench/requests.lua'), ...words,
    `http://127.0.0.1:${server.port}${at}`, '--', ...(each ? [each, contexts] : []));
  if (found.errors[0] !== 0) throw new Error(`${at}: ${found.errors[0]} requests failed`);
  return { rate: found.requests[0] / found.duration_us[0] * 1e6, cpu_us: (cpu(...server.pids) - before) / found.requests[0] * 1e6, bytes: found.bytes[0] / found.requests[0] };
}

async function measureCase({ file, path: at, headers, conditional, each }, relay, nginx, settings) {
  const ways = [
    { server: relay, at, each },
    { server: nginx, at: `/${file}`, each: each && `/${file}?` },
  ];
  const turns = [];
  for (const way of ways) {
    const tag = (await ask(way.server.port, way.at)).headers.get('etag');
    way.headers = conditional ? { ...headers, 'If-None-Match': tag } : headers;
  }
  for (let turn = 0; turn < settings.turns; turn++) {
    const found = [];
    for (const i of turn % 2 === 0 ? [0, 1] : [1, 0]) found[i] = await load(ways[i].server, ways[i].at, ways[i].headers, ways[i].each, settings);
    turns.push(found);
  }
  return turns;
}

// The ratio is the median of those of the turns: two neighbours in time, on a machine that may have other work to do.
function rows({ measure, least }, turns) {
  const row = (name, unit, value, bound) => {
    const ratio = median(turns.map(([relay, nginx]) => value(relay) / value(nginx)));
    const of = i => median(turns.map(found => value(found[i])));
    return { measure: name, unit, floor: of(1), relay: of(0), ratio, target: bound && `${bound} x nginx`, met: !bound || ratio >= bound };
  };
  return [
    row(`${measure} (${kilobytes(median(turns.map(([relay]) => relay.bytes)))})`, '/s', of => of.rate, least),
    row('CPU for each', 'us', of => of.cpu_us),
  ];
}

const kilobytes = bytes => bytes < 10000 ? `${bytes.toFixed(0)} B` : `${(bytes / 1000).toFixed(0)} kB`;

export async function run(settings) {
  const relay = await startRelay(settings.flags);
  const nginx = await startNginx(relay);
  const found = [];
  for (const one of cases) found.push(...rows(one, await measureCase(one, relay, nginx, settings)));
  await Promise.all([relay.stop(), nginx.stop()]);
  return {
    title: `${settings.flags.toLocaleString('en')} flags, ${settings.connections} connections (median of ${settings.turns} turns of ${settings.seconds} s)`,
    beside: 'nginx',
    limit: 'at least',
    rows: found,
  };
}
