// Starts and ends the programs of a measurement, and runs the tools that measure.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const relayProgram = path.resolve(process.env.FLAGRELAY ?? path.join(root, 'build/flagrelay'));
export const tool = name => path.join(root, 'build/bench', name);
export const key = 'sdk-00000000-0000-4000-8000-000000000001';

export const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flagrelay-bench-'));
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
});

export function freePort() {
  return new Promise((done, fail) => {
    const probe = net.createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => { const { port } = probe.address(); probe.close(() => done(port)); });
  });
}

export function start(command, ...words) { return startWith({}, command, ...words); }

// With these variables added to the environment.
export function startWith(variables, command, ...words) {
  const child = spawn(command, words.map(String), { stdio: ['ignore', 'pipe', 'inherit'], env: { DISABLE_USAGE_REPORTING: 'true', ...process.env, ...variables } });
  running.add(child);
  child.on('exit', () => running.delete(child));
  return child;
}

export function stop(child) {
  return new Promise(done => {
    child.once('exit', done);
    child.kill('SIGTERM');
  });
}

// MiB, from the line of that name in /proc/PID/status: VmRSS, VmHWM (the most it ever was) ...
export function memory(child, line) {
  return Number(new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(fs.readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;
}

// Seconds of processor time of all threads of these processes, from the scheduler.
export function cpu(...pids) {
  const threads = pids.flatMap(pid => fs.readdirSync(`/proc/${pid}/task`).map(thread => `/proc/${pid}/task/${thread}/schedstat`));
  return threads.reduce((sum, file) => sum + Number(fs.readFileSync(file, 'utf8').split(' ')[0]), 0) / 1e9;
}

export const children = child => fs.readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').map(Number);

// Until look() is true; `limit` is in seconds.
export async function waitFor(what, look, limit = 120) {
  for (const end = Date.now() + limit * 1000; Date.now() < end;) {
    if (await look()) return;
    await new Promise(done => setTimeout(done, 5));
  }
  throw new Error(`waited ${limit} s for ${what}`);
}

// Until something accepts connections on the port.
export function accepting(port) {
  return waitFor(`somebody to listen on port ${port}`, () => new Promise(done => {
    const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
    socket.on('error', () => done(false));
  }), 30);
}

// Runs a tool that prints `name value` lines: { name: [value, ...] }.
export async function measure(command, ...words) {
  const child = start(command, ...words);
  const values = {};
  let text = '';
  child.stdout.setEncoding('utf8').on('data', part => { text += part; });
  const code = await new Promise(done => child.on('close', done));
  if (code !== 0) throw new Error(`${path.basename(command)} ended with ${code}`);
  for (const line of text.trim().split('\n')) {
    const [name, value] = line.split(' ');
    (values[name] ??= []).push(Number(value));
  }
  return values;
}

export async function startUpstream(flags, bytes = 16, members = 0) {
  const port = await freePort();
  const child = start(process.execPath, path.join(root, 'tests/bench/upstream.mjs'), port, flags, bytes, members);
  await accepting(port);
  return { port, child };
}

// A configuration with one environment, whose upstream is that one; `more` stands at its end.
export function writeConfig(port, upstream, more = '') {
  const file = path.join(folder, `${port}.conf`);
  fs.writeFileSync(file, `[Main]\nport = ${port}\nstreamUri = "http://127.0.0.1:${upstream.port}"\nlogLevel = error\n[Environment "bench"]\nsdkKey = "${key}"\n${more}`);
  return file;
}

export async function healthy(port, seconds = 10) {
  await accepting(port);
  await waitFor('the relay to become healthy', async () => (await (await fetch(`http://127.0.0.1:${port}/status`)).json()).status === 'healthy', seconds);
}

export const median = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
