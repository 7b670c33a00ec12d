// The process from outside: one-shot mode, exitOnError, the health probe, probes during a shutdown, SIGHUP, SIGUSR1 and SIGUSR2,
// descriptor limits, a port that is taken (configuration.md 14, 17.3, 17.7; status.md 15, lines 73 to 76 of its checklist).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { example, sdkKey } from './lib/data.mjs';
import { post, startEventsService } from './lib/events.mjs';
import { startPair } from './lib/harness.mjs';
import { freePort } from './lib/ports.mjs';
import { configText, runProgram, startRelay, temporaryFolder } from './lib/relay.mjs';
import { openStream } from './lib/sse.mjs';
import { startUpstream } from './lib/upstream.mjs';
import { slowness, until } from './lib/wait.mjs';

// Runs with this configuration to the end.
async function runToEnd(t, config, args = []) {
  const cwd = temporaryFolder(t);
  fs.writeFileSync(path.join(cwd, 'relay.conf'), configText(config));
  return { cwd, ...await runProgram({ args: ['--config', 'relay.conf', ...args], cwd }) };
}

const sqlite = { SQLite: { path: 'flags.db' } };

describe('one-shot mode', { concurrency: 4 }, () => {
  const start = async (t, good, bad, main = {}) => {
    const up = await startUpstream(t);
    const environments = {};
    for (const name of [...good, ...bad]) {
      environments[name] = { sdkKey: sdkKey() };
      if (good.includes(name)) up.environments[environments[name].sdkKey] = example();
    }
    return runToEnd(t, { main: { streamUri: up.uri, exitAlways: true, initTimeout: '2s', port: await freePort(), ...main }, environments, ...sqlite });
  };

  it('all environments have their data: exit 0, and the database is filled', async t => {
    const { code, stdout, stderr, cwd } = await start(t, ['a', 'b'], []);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /INFO: Running in one-shot mode - will exit immediately after initializing environments/);
    assert.doesNotMatch(stdout, /listening/);
    const rows = execFileSync('python3', ['-c', 'import sqlite3,sys\nfor r in sqlite3.connect(sys.argv[1]).execute("select count(*) from item"): print(r[0])', path.join(cwd, 'flags.db')]).toString().trim();
    assert.equal(rows, '4');
  });

  it('initTimeout 0 does not mean that nothing is waited for', async t => {
    assert.equal((await start(t, ['a'], [], { initTimeout: '0s' })).code, 0);
  });

  it('one is refused: exit 1, the others were waited for', async t => {
    const { code, stdout, stderr } = await start(t, ['a'], ['b']);
    assert.equal(code, 1);
    assert.match(stdout, /Initialized LaunchDarkly client for "a"/);
    assert.match(stderr, /ERROR: Unable to create relay: one or more environments failed to initialize/);
  });

  it('with exitOnError the first failure ends it', async t => {
    const { code, stderr } = await start(t, ['a'], ['b'], { exitOnError: true });
    assert.equal(code, 1);
    assert.doesNotMatch(stderr, /Unable to create relay/);
  });

  it('a time-out is a failure, with ignoreConnectionErrors too', async t => {
    const { code, stdout } = await runToEnd(t, { main: { streamUri: `http://127.0.0.1:${await freePort()}`, exitAlways: true, initTimeout: '300ms', ignoreConnectionErrors: true }, environments: { a: { sdkKey: sdkKey() } } });
    assert.equal(code, 1);
    assert.match(stdout, /WARN: Ignoring error initializing LaunchDarkly client for "a": timeout encountered/);
  });
});

describe('exitOnError', { concurrency: 4 }, () => {
  const silent = async main => ({ main: { streamUri: `http://127.0.0.1:${await freePort()}`, exitOnError: true, initTimeout: '300ms', ...main }, environments: { prod: { sdkKey: sdkKey() } } });

  it('a time-out ends the process with 1', async t => {
    const { code, stderr } = await runToEnd(t, await silent({ port: await freePort() }));
    assert.equal(code, 1);
    assert.match(stderr, /ERROR: Exiting because exitOnError is set: environment "prod" failed to initialize: timeout encountered waiting for LaunchDarkly client initialization/);
  });

  it('not with ignoreConnectionErrors', async t => {
    const relay = await startRelay(t, { config: await silent({ ignoreConnectionErrors: true }) });
    await relay.waitLog(/Ignoring error initializing/);
    assert.equal((await relay.get('/status')).status, 200);
    assert.deepEqual(await relay.stop(), { code: 0, signal: null });
  });

  it('an unreadable flag file ends it at once', async t => {
    const { code, stderr } = await runToEnd(t, { main: { exitOnError: true, port: await freePort() } }, ['--data-file', 'nothing.json']);
    assert.equal(code, 1);
    assert.match(stderr, /Unable to load flags: unable to read file|unable to read file|nothing\.json/);
  });
});

describe('health probe', { concurrency: 4 }, () => {
  const probe = (relay, ...args) => runProgram({ args: ['--config', 'relay.conf', '--check-health', ...args], cwd: relay.folder });

  it('76: 0 while healthy, 1 while degraded, 1 without an answer', async t => {
    const { up, relay, key } = await startPair(t, example(), { main: { disconnectedStatusTime: '0s' } });
    const healthy = await probe(relay);
    assert.deepEqual([healthy.code, JSON.parse(healthy.stdout.split('\n').find(line => line.startsWith('{'))).satisfied], [0, true]);
    up.script(key, 403);
    up.cut(key);
    await relay.waitStatus('degraded', document => document.status === 'degraded');
    const degraded = await probe(relay);
    assert.deepEqual([degraded.code, /"satisfied":false/.test(degraded.stdout)], [1, true]);
    await relay.stop();
    const gone = await probe(relay);
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /No answer from http:\/\/127\.0\.0\.1:\d+\/status/);
  });

  it('a URL of its own, and one that is none', async t => {
    const { relay } = await startPair(t, example());
    assert.equal((await runProgram({ args: [`--check-health=${relay.url}/livez`] })).code, 0);
    assert.equal((await runProgram({ args: [`--check-health=${relay.url}/nope`] })).code, 1);
    const { code, stderr } = await runProgram({ args: ['--check-health=relay:8030'] });
    assert.deepEqual([code, /is no URL/.test(stderr)], [1, true]);
  });

  it('76: over TLS, whatever the certificate says', async t => {
    const folder = temporaryFolder(t);
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=relay', '-keyout', 'key.pem', '-out', 'cert.pem'], { cwd: folder, stdio: 'ignore' });
    const key = sdkKey();
    const up = await startUpstream(t, { [key]: example() });
    const relay = await startRelay(t, { folder, ready: false, config: { main: { streamUri: up.uri, tlsEnabled: true, tlsCert: 'cert.pem', tlsKey: 'key.pem', tlsMinVersion: '1.2' }, environments: { prod: { sdkKey: key } } } });
    await relay.waitLog(/INFO: TLS enabled for server \(minimum TLS version: 1\.2\)[^]*Initialized LaunchDarkly client for/);
    const { code, stdout } = await probe(relay);
    assert.deepEqual([code, /"satisfied":true/.test(stdout)], [0, true]);
  });
});

describe('signals', { concurrency: 4 }, () => {
  it('73: after SIGTERM /readyz says so while everything is still served for shutdownDelay', async t => {
    const { relay, key } = await startPair(t, example(), { main: { shutdownDelay: '1s' } });
    assert.equal((await relay.get('/readyz')).status, 200);
    relay.signal('SIGTERM');
    await until('/readyz to turn', async () => (await relay.get('/readyz')).status === 503);
    assert.equal((await relay.get('/readyz')).body, 'not ready: shutting down');
    assert.equal((await relay.get('/status')).status, 200);
    await openStream(t, relay.port, '/all', key).next();
    assert.deepEqual(await relay.stop('SIGCONT'), { code: 0, signal: null });
  });

  it('SIGHUP: log levels at once; what needs a restart is named; a bad file changes nothing', async t => {
    const { relay } = await startPair(t, example());
    const file = path.join(relay.folder, 'relay.conf');
    const text = fs.readFileSync(file, 'utf8');
    const reload = async (content, line) => {
      const from = relay.log.length;
      fs.writeFileSync(file, content);
      relay.signal('SIGHUP');
      await relay.waitLog(line, { from });
      return relay.log.slice(from);
    };
    const done = /INFO: Configuration reloaded: 0 environment\(s\) added, 0 removed, 0 changed/;
    assert.doesNotMatch(await reload(text, done), /WARN/);
    const debug = text.replace('[Main]', '[Main]\nlogLevel = debug');
    assert.match(await reload(debug, done), /INFO: \[Main\] logLevel changed, and is in effect\n/);
    assert.doesNotMatch(await reload(debug, done), /changed, and/);
    const from = relay.log.length;
    await relay.get('/status');
    await relay.waitLog(/DEBUG: Request: method=GET url=\/status auth=n\/a status=200/, { from });
    const changed = await reload(text.replace('[Main]', '[Main]\nthreads = 7').replace('"prod"', '"other"'), done);
    assert.match(changed, /WARN: \[Main\] threads changed, but needs a restart to take effect/);
    assert.match(changed, /WARN: Environment "prod" was removed, but this needs a restart to take effect/);
    assert.match(changed, /WARN: Environment "other" was added, but this needs a restart to take effect/);
    await reload(text + 'nonsense\n', /ERROR: Configuration reload failed; keeping the current configuration: Error loading config file: /);
    assert.equal((await relay.get('/status')).status, 200);
    assert.ok((await relay.status()).environments.prod);
  });

  it('SIGUSR1 shows the state and turns debug on, SIGUSR2 turns it off', async t => {
    const service = await startEventsService(t);
    const { relay, key } = await startPair(t, example(), { config: { Events: { sendEvents: true, eventsUri: service.uri, flushInterval: '1h' } } });
    assert.equal(await post(relay.port, '/bulk', { key, body: [1, 2] }), 202);
    await relay.waitStatus('two events', ({ events }) => events.pending === 2);
    relay.signal('SIGUSR1');
    await relay.waitLog(/INFO: Environment "prod": connection VALID, data store VALID, 1 flag\(s\), 1 segment\(s\)\n.*Clients: \d+ connection\(s\), 0 stream\(s\)/);
    await relay.waitLog(/INFO: Events: 2 received, 2 waiting, 0 sent, 0 lost; kinds of them that LaunchDarkly does not take now 0, refuses 0\n/);
    await relay.waitLog(/All log levels are debug until SIGUSR2/);
    await relay.get('/status');
    await relay.waitLog(/DEBUG: Request: method=GET url=\/status/);
    relay.signal('SIGUSR2');
    await relay.waitLog(/Log levels are those of the configuration again/);
    const from = relay.log.length;
    await relay.get('/livez');
    assert.doesNotMatch(relay.log.slice(from), /DEBUG/);
  });
});

describe('the listener', { concurrency: 4 }, () => {
  it('a port that is taken: exit 1 with the reason', async t => {
    const server = net.createServer().listen(0, '0.0.0.0');
    await new Promise(done => server.on('listening', done));
    t.after(() => server.close());
    const port = server.address().port;
    const { code, stderr } = await runToEnd(t, { main: { port, streamUri: `http://127.0.0.1:${await freePort()}` }, environments: { a: { sdkKey: sdkKey() } } });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`ERROR: Error starting http listener on port: ${port}  listen tcp :${port}: bind: address already in use`));
  });

  it('its lines are shown whatever the level', async t => {
    const relay = await startRelay(t, { config: { main: { logLevel: 'error', streamUri: `http://127.0.0.1:${await freePort()}` }, environments: { a: { sdkKey: sdkKey() } } } });
    await relay.waitLog(/INFO: Starting server listening on port \d+/);
    assert.doesNotMatch(relay.log, /INFO: (?!Starting)/);
  });

  it('few descriptors: said at the start', async t => {
    const { relay } = await startPair(t, example(), { descriptors: 512 });
    assert.match(relay.log, /WARN: At most 256 client connections are possible, because the limit of open files is 512/);
  });

  it('start to serving is quick, with stored flags and without upstream too', async t => {
    const folder = temporaryFolder(t);
    const config = { main: { streamUri: `http://127.0.0.1:${await freePort()}`, initTimeout: '30s' }, environments: { a: { sdkKey: sdkKey() } }, ...sqlite };
    const relay = await startRelay(t, { folder, config });
    const began = performance.now();
    assert.equal((await relay.get('/startupz')).body, 'starting: 0 of 1 environments initialized');
    assert.ok(performance.now() - began < 500 * slowness);
  });
});
