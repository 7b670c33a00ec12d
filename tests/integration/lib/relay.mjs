// Starts and watches the program under test.
//
//   const relay = await startRelay(t, { config: { main: {...}, environments: { prod: { sdkKey } } } });
//   await relay.waitLog(/Initialized/);   await relay.status();   await relay.stop();
//
// FLAGRELAY names the program; build/flagrelay otherwise. Whatever it writes is kept for secrets.test.mjs, and a report of
// a sanitizer in it fails the test that started it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './ports.mjs';
import { request } from './request.mjs';
import { logFile, root } from './secrets.mjs';
import { until, within } from './wait.mjs';

export const program = path.resolve(process.env.FLAGRELAY ?? path.join(root, 'build/flagrelay'));
const report = /AddressSanitizer|ThreadSanitizer|LeakSanitizer|runtime error:|Assertion .* failed|SUMMARY: /;

// A folder that is removed after the test.
export function temporaryFolder(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flagrelay-test-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const quoted = value => typeof value === 'string' ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : String(value);
const section = (head, properties) => [`[${head}]`, ...Object.entries(properties)
  .filter(([, value]) => value !== undefined)
  .flatMap(([name, value]) => [value].flat().map(one => `${name} = ${quoted(one)}`))].join('\n') + '\n';

// { main, environments: { name: {...} }, 'Any Section': {...} } as a configuration file.
export function configText({ main = {}, environments = {}, ...others }) {
  return section('Main', main)
    + Object.entries(environments).map(([name, properties]) => section(`Environment "${name}"`, properties)).join('')
    + Object.entries(others).map(([head, properties]) => section(head, properties)).join('');
}

// Runs the program to its end: { code, signal, stdout, stderr }.
export async function runProgram({ args = [], env = {}, cwd, ms = 10000 } = {}) {
  const child = spawn(program, args, { cwd, env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', text => { out[name] += text; });
  const ended = new Promise(done => child.on('close', (code, signal) => done({ code, signal })));
  try {
    return { ...await within(`the end of ${program} ${args.join(' ')}\n${out.stdout}${out.stderr}`, ended, ms), ...out };
  } finally {
    child.kill('SIGKILL');
    fs.writeFileSync(logFile('log'), out.stdout + out.stderr);
  }
}

// What the tests' own environment says must not reach the program.
function cleanEnvironment() {
  const keep = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS'];
  return Object.fromEntries(keep.filter(name => name in process.env).map(name => [name, process.env[name]]));
}

class Relay {
  log = '';
  lines = [];
  ended = null; // { code, signal } once the process is gone

  constructor(child, port, folder) {
    this.child = child;
    this.pid = child.pid;
    this.port = port;
    this.folder = folder;
    this.keep = logFile('log');
    for (const stream of ['stdout', 'stderr']) this.#collect(stream);
    this.exit = new Promise(done => child.on('close', (code, signal) => done(this.ended = { code, signal })));
  }

  #collect(stream) {
    let rest = '';
    this.child[stream].setEncoding('utf8').on('data', text => {
      this.log += text;
      fs.appendFileSync(this.keep, text);
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      this.lines.push(...parts.map(line => ({ stream, text: line })));
    });
  }

  get url() { return `http://127.0.0.1:${this.port}`; }

  // How often the expression matches the log.
  logCount(expression) {
    return (this.log.match(new RegExp(expression.source, expression.flags.replace('g', '') + 'gm')) ?? []).length;
  }

  // The first match that stands at or behind position `from` of the log.
  waitLog(expression, { ms = 10000, from = 0 } = {}) {
    return until(() => `a log line like ${expression} in:\n${this.log}`, () => this.log.slice(from).match(expression), ms);
  }

  async get(target, headers = {}) { return request(this.port, { target, headers }); }

  // The status document.
  async status() {
    const answer = await this.get('/status');
    fs.appendFileSync(this.keep.replace(/log$/, 'status'), answer.body + '\n');
    if (answer.status !== 200) throw new Error(`/status answered ${answer.status}: ${answer.body}`);
    return JSON.parse(answer.body);
  }

  // The status document as soon as holds(document) is true.
  async waitStatus(what, holds, ms = 10000) {
    let last;
    return until(() => `status: ${what}; it is ${JSON.stringify(last)}\n${this.log}`, async () => {
      last = await this.status();
      return holds(last) && last;
    }, ms);
  }

  waitHealthy(ms) { return this.waitStatus('healthy', document => document.status === 'healthy', ms); }

  // Resolves when it serves the flag in that version.
  waitFlag(key, flag, version) {
    return until(`version ${version} of ${flag}`, async () => (await this.get(`/sdk/flags/${flag}`, { Authorization: key })).body.includes(`"version":${version},`));
  }

  // KiB, from the line of that name in /proc/PID/status: VmRSS, VmHWM ...
  memory(line = 'VmRSS') {
    return Number(new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(fs.readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]);
  }

  // Seconds of processor time used so far.
  processorTime() {
    const fields = fs.readFileSync(`/proc/${this.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  descriptors() { return fs.readdirSync(`/proc/${this.pid}/fd`).length; }

  signal(name) { this.child.kill(name); }

  // Ends it properly and returns { code, signal }.
  async stop(signal = 'SIGTERM', ms = 15000) {
    if (!this.ended) this.child.kill(signal);
    const how = await within(`the end of the relay after ${signal}; log:\n${this.log}`, this.exit, ms);
    if (report.test(this.log)) throw new Error(`a sanitizer or an assertion spoke up:\n${this.log}`);
    return how;
  }

  kill() { return this.stop('SIGKILL'); }
}

// Options: config (object for configText, or text), args, env, files { name: content }, folder (else a temporary one),
// port (else a free one), descriptors (soft and hard limit), ready (false: do not wait until /status answers).
export async function startRelay(t, { config, args = [], env = {}, files = {}, folder, port, descriptors, ready = true } = {}) {
  folder ??= temporaryFolder(t);
  port ??= await freePort();
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), content);
  const words = [...args];
  // Usage reports go to a stand-in or nowhere.
  const reports = config?.Events?.eventsUri || /eventsUri/.test(config) ? {} : { DISABLE_USAGE_REPORTING: 'true' };
  const variables = { ...cleanEnvironment(), ...reports, ...env };
  if (config !== undefined) {
    const text = typeof config === 'string' ? config.replaceAll('{port}', port) : configText({ ...config, main: { port, ...config.main } });
    fs.writeFileSync(path.join(folder, 'relay.conf'), text);
    words.unshift('--config', 'relay.conf');
  } else {
    variables.PORT ??= String(port);
    if (!words.some(word => /^--?from-env/.test(word))) words.unshift('--from-env');
  }
  const [command, list] = descriptors
    ? ['/bin/sh', ['-c', `ulimit -n ${descriptors} && exec "$0" "$@"`, program, ...words]]
    : [program, words];
  const child = spawn(command, list, { cwd: folder, env: variables, stdio: ['ignore', 'pipe', 'pipe'] });
  const relay = new Relay(child, port, folder);
  t.after(async () => {
    child.kill('SIGKILL');
    await relay.exit;
    if (report.test(relay.log)) throw new Error(`a sanitizer or an assertion spoke up:\n${relay.log}`);
  });
  if (ready) {
    await until(() => `an answer of ${program} ${words.join(' ')}; log:\n${relay.log}`, async () => {
      if (relay.ended) throw new Error(`the relay ended (${JSON.stringify(relay.ended)}) instead of serving:\n${relay.log}`);
      return request(port, { target: '/status' }).then(answer => answer.status === 200, () => false);
    });
  }
  return relay;
}
