// Whole answers: the relay beside nginx, which sends the same bytes from files. A load tool asks the one and the other in turns.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { inTurns, load, row } from './load.mjs';
import { startNginx } from './nginx.mjs';
import { folder, freePort, healthy, key, median, relayProgram, start, startUpstream, stop, writeConfig } from './programs.mjs';

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
const nginxSettings = {
  http: 'sendfile on; default_type application/json; gzip_static on; gzip_types application/json; gzip_comp_level 1;',
  server: `root ${folder}/files; location = /evalx { gzip on; }`,
};

const ask = (port, at, headers) => fetch(`http://127.0.0.1:${port}${at}`, { headers: { Authorization: key, 'Accept-Encoding': 'identity', ...headers } });

async function startRelay(flags) {
  const upstream = await startUpstream(flags);
  const port = await freePort();
  const child = start(relayProgram, '--config', writeConfig(port, upstream, `envId = "${envId}"\n[Http]\nenableCompression = true\n`));
  await healthy(port);
  return { port, pids: [child.pid], stop: () => Promise.all([stop(child), stop(upstream.child)]) };
}

// Writes the relay's answers to files; nginx serves those.
async function startNginxBeside(relay) {
  const files = path.join(folder, 'files');
  fs.mkdirSync(files);
  for (const { file, path: at } of cases) fs.writeFileSync(path.join(files, file), Buffer.from(await (await ask(relay.port, at)).arrayBuffer()));
  fs.writeFileSync(path.join(files, 'flags.gz'), zlib.gzipSync(fs.readFileSync(path.join(files, 'flags'))));
  return startNginx('nginx', nginxSettings);
}

async function measureCase({ file, path: at, headers, conditional, each }, relay, nginx, settings) {
  const ways = [
    { server: relay, at, each },
    { server: nginx, at: `/${file}`, each: each && `/${file}?` },
  ];
  for (const way of ways) {
    const tag = (await ask(way.server.port, way.at)).headers.get('etag');
    way.headers = conditional ? { ...headers, 'If-None-Match': tag } : headers;
  }
  const [one, two] = ways.map(({ server, at: target, headers: all, each: prefix }) => () =>
    load(server, target, { script: 'requests.lua', headers: all, words: prefix ? [prefix, contexts] : [] }, settings));
  return inTurns(settings.turns, one, two);
}

function rows({ measure, least }, turns) {
  const rate = row(`${measure} (${kilobytes(median(turns.map(([relay]) => relay.bytes)))})`, '/s', turns, of => of.rate);
  return [
    { ...rate, target: least && `${least} x nginx`, met: !least || rate.ratio >= least },
    row('CPU for each', 'us', turns, of => of.cpu_us),
  ];
}

const kilobytes = bytes => bytes < 10000 ? `${bytes.toFixed(0)} B` : `${(bytes / 1000).toFixed(0)} kB`;

export async function run(settings) {
  const relay = await startRelay(settings.flags);
  const nginx = await startNginxBeside(relay);
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
