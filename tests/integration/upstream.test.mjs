// The connection to the flag service: streaming.md 16, lines 1-34 (the number stands in each title). What needs minutes of
// silence is tested with a turned clock in tests/unit; what needs more than ten seconds is in slow.test.mjs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataset, example, examplePut, flag, sdkKey, segment } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { freePort } from './lib/ports.mjs';
import { startRelay } from './lib/relay.mjs';
import { openStream } from './lib/sse.mjs';
import { frame, putFrame, startUpstream } from './lib/upstream.mjs';
import { slowness, until } from './lib/wait.mjs';

const state = document => document.environments.prod.connectionStatus.state;
const waits = requests => requests.slice(1).map((request, i) => (request.time - requests[i].time) / 1000);
const inside = (value, low, high, what) => assert.ok(value >= low - 0.01 && value <= high * slowness + 0.25, `${what}: ${value.toFixed(3)} s is not in ${low}-${high} s`);

// Environments that share a relay and an upstream: { name: first answers } -> { name: key }.
async function startMany(t, names, { main, data = example } = {}) {
  const up = await startUpstream(t);
  const keys = Object.fromEntries(names.map(name => [name, sdkKey()]));
  for (const key of Object.values(keys)) up.environments[key] = data();
  return {
    up, keys, start: async () => startRelay(t, {
      config: { main: { streamUri: up.uri, ...main }, environments: Object.fromEntries(names.map(name => [name, { sdkKey: keys[name] }])) },
    }),
  };
}

describe('upstream', { concurrency: 4 }, () => {
  it('1: the path; slashes and a path prefix in streamUri', async t => {
    for (const [suffix, path] of [['', '/all'], ['/', '/all'], ['//', '/all'], ['/ld', '/ld/all'], ['/ld/', '/ld/all']]) {
      const up = await startUpstream(t);
      const { relay, key } = await startPair(t, example(), { upstream: up, main: { streamUri: up.uri + suffix } });
      assert.deepEqual(up.at(key).map(request => request.url), [path]);
      await relay.stop();
    }
  });

  it('2, 30: payload filters: form encoding, an own connection, own data', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    Object.assign(up.environments, { [key]: dataset([flag('whole')]), [`${key}?web shop`]: dataset([flag('part')]), [`${key}?a/b+c`]: dataset([flag('odd')]) });
    const { relay } = await startPair(t, null, { upstream: up, key, environment: { projKey: 'p' }, config: { 'Filters "p"': { keys: ['web shop', 'a/b+c'] } } });
    assert.deepEqual(up.requests.map(request => request.url).sort(), ['/all', '/all?filter=a%2Fb%2Bc', '/all?filter=web+shop']);
    const flags = async target => Object.keys((await openStream(t, relay.port, target, key).next()).json.data.flags);
    assert.deepEqual(await flags('/all'), ['whole']);
    assert.deepEqual(await flags('/all?filter=web+shop'), ['part']);
    assert.deepEqual(await flags('/all?filter=a%2fb%2Bc'), ['odd']);
    assert.deepEqual(Object.keys((await relay.status()).environments), ['prod', 'prod/a/b+c', 'prod/web shop']);
    const before = openStream(t, relay.port, '/all', key);
    await before.next();
    up.patch(`${key}?web shop`, 'flags', flag('part', 2));
    up.patch(key, 'flags', flag('whole', 2));
    assert.equal((await before.next()).json.path, '/flags/whole', 'a change of the filtered environment is not for this stream');
  });

  it('3, 4: request headers, the same on every reconnect; Last-Event-ID', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    up.script(key,
      { events: putFrame(example()).replace('event: put', 'event: put\nid: 7') },
      { events: 'id: a\0b\n' + putFrame(example()) },
      { events: ['id:\n', putFrame(example())] });
    const { relay } = await startPair(t, example(), { upstream: up, key });
    const next = async count => {
      up.cut(key);
      await up.waitRequests(key, count, 20000);
      await up.waitOpen(key);
      await relay.waitStatus('VALID', document => state(document) === 'VALID');
    };
    await next(2);
    await next(3);
    await next(4);
    const requests = up.at(key);
    for (const { method, headers, rawHeaders } of requests) {
      assert.equal(method, 'GET');
      assert.equal(headers.authorization, key);
      assert.equal(headers.accept, 'text/event-stream');
      assert.equal(headers['cache-control'], 'no-cache');
      assert.equal(headers['accept-encoding'], 'gzip');
      assert.match(headers['user-agent'], /^flagrelay\/\S+ LDRelay\/8\.10\.1$/);
      assert.match(headers['x-launchdarkly-instance-id'], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.equal(headers['x-launchdarkly-instance-id'], requests[0].headers['x-launchdarkly-instance-id']);
      assert.equal(rawHeaders.filter(name => /^authorization$/i.test(name)).length, 1);
      for (const name of ['x-launchdarkly-tags', 'x-launchdarkly-wrapper', 'content-length', 'transfer-encoding']) assert.equal(headers[name], undefined, name);
    }
    assert.deepEqual(requests.map(request => request.headers['last-event-id']), [undefined, '7', '7', undefined]);
  });

  it('5, 6, 7: line ends, data lines, byte order mark, cut after every byte', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    const put = JSON.stringify({ path: '/', data: example() });
    const text = '\ufeff: hello\r\nevent: put\rdata: ' + put + '\r\n\r\nevent: pa' + 'tch\r\ndata:{"path":"/flags/a/b",\rdata: "data":{"version":1,\ndata:  "key":"a/b"}}\n\r';
    up.script(key, { write: async res => {
      for (const byte of Buffer.from(text)) {
        res.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
    } });
    const { relay } = await startPair(t, null, { upstream: up, key });
    const data = await until('the patch', async () => {
      const { json } = await openStream(t, relay.port, '/all', key).next();
      return json.data.flags['a/b'] && json.data;
    });
    assert.deepEqual([data.flags['a/b'].version, data.flags.f.version], [1, 3]);
    assert.equal(state(await relay.status()), 'VALID');
    assert.equal(up.requests.length, 1);
  });

  it('a compressed stream is decoded event by event', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    up.script(key, { gzip: true });
    const { relay } = await startPair(t, dataset([flag('a')]), { upstream: up, key });
    const stream = openStream(t, relay.port, '/all', key);
    await stream.next();
    for (const version of [2, 3]) {
      up.patch(key, 'flags', flag('a', version));
      assert.equal((await stream.next()).json.data.version, version);
    }
  });

  it('redirects are followed within the host with the key, to another host without it', async t => {
    const [up, other] = [await startUpstream(t), await startUpstream(t)];
    const [inner, outer] = [sdkKey(), sdkKey()];
    up.script(inner, { status: 307, headers: { Location: '/elsewhere/all?x=1' } });
    up.script(outer, { status: 302, headers: { Location: `http://localhost:${other.port}/all` } });
    other.script('', { events: putFrame(dataset([flag('moved')])) });
    up.environments[inner] = example();
    const relay = await startRelay(t, { config: { main: { streamUri: up.uri }, environments: { inner: { sdkKey: inner }, outer: { sdkKey: outer } } } });
    await relay.waitHealthy();
    assert.deepEqual(up.at(inner).map(request => request.url), ['/all', '/elsewhere/all?x=1']);
    assert.deepEqual(other.requests.map(request => [request.url, request.headers.authorization]), [['/all', undefined]]);
  });

  it('11: a put of a hundred megabytes in one line; memory stays near the size of the data', { timeout: 300000 * slowness }, async t => {
    const megabytes = Number(process.env.FLAGRELAY_BIG_PUT_MB ?? (slowness > 1 ? 20 : 100));
    const up = await startUpstream(t);
    const key = sdkKey();
    const blank = JSON.stringify(flag('key-000000', 1, { variations: ['x'.repeat(10000), 'b', 'c'] }));
    const count = Math.ceil(megabytes * 1e6 / blank.length);
    up.script(key, { write: async res => {
      res.write('event: put\ndata: {"path":"/","data":{"segments":{},"flags":{');
      for (let i = 0; i < count; i++) {
        const name = `key-${String(i).padStart(6, '0')}`;
        if (!res.write(`${i ? ',' : ''}"${name}":${blank.replace('key-000000', name)}`)) await new Promise(done => res.once('drain', done));
      }
      res.write('}}}\n\n');
    } });
    const { relay } = await startPair(t, null, { upstream: up, key, wait: false });
    const before = relay.memory();
    const held = count * blank.length / 1024; // KiB of canonical item texts, about
    await relay.waitHealthy(120000);
    const after = relay.memory();
    t.diagnostic(`put of ${(held / 1024).toFixed(0)} MiB: resident ${before} -> ${after} KiB, peak ${relay.memory('VmHWM')} KiB`);
    assert.ok(slowness > 1 || after - before < 1.6 * held + 32768, `resident memory grew by ${after - before} KiB for ${held.toFixed(0)} KiB of data`);
    up.raw(key, frame('patch', { path: '/flags/key-000001', data: flag('key-000001', 2) }));
    const stream = openStream(t, relay.port, '/all', key, { keep: false });
    const put = await stream.next(60000);
    assert.equal(put.data.split('"salt":"salt-key-').length - 1, count);
  });

  it('12: the first retry waits 0.5-1 s, the second 1-2 s, the third 2-4 s; 15: what is retried', { timeout: 60000 * slowness }, async t => {
    const failures = { 400: 400, 408: 408, 429: 429, 500: 500, 503: 503, 204: 204, 304: 304, reset: { reset: true }, EOF: { events: [], end: true }, cut: { write: res => setImmediate(() => res.destroy()) } };
    const { up, keys, start } = await startMany(t, Object.keys(failures));
    for (const [name, answer] of Object.entries(failures)) up.script(keys[name], answer, answer, answer);
    const relay = await start();
    await relay.waitHealthy(20000);
    for (const [name, key] of Object.entries(keys)) {
      const [first, second, third] = waits(up.at(key));
      inside(first, 0.5, 1, `${name}, first`);
      inside(second, 1, 2, `${name}, second`);
      inside(third, 2, 4, `${name}, third`);
    }
    assert.equal(relay.logCount(/WARN: \[env: \.\.\.\S{4}\] Error in stream connection \(will retry\): HTTP error (400|408|429|500|503|204|304)$/), 21);
    // EOF and cut come behind a good head: such a connection has not failed, it is made again.
    assert.equal(relay.logCount(/INFO: \[env: \.\.\.\S{4}\] Connection failed \(.*\), retrying in \d\.\d{4} secs$/), 24);
    assert.equal(relay.logCount(/INFO: \[env: \.\.\.\S{4}\] Reconnecting in \d\.\d{4} secs$/), 6);
    for (const [name, key] of Object.entries(keys)) { // after the first success, too
      up.script(key, failures[name]);
      up.cut(key);
    }
    for (const [name, key] of Object.entries(keys)) {
      await up.waitRequests(key, 6, 40000);
      await up.waitOpen(key);
      await relay.waitStatus(`${name} VALID`, document => document.environments[name].connectionStatus.state === 'VALID');
    }
    assert.ok(relay.logCount(/INFO: \[env: \.\.\.\S{4}\] Reconnecting in \d+\.\d{4} secs$/) >= 10);
  });

  it('15: a refused connection is retried, before and after the first success', async t => {
    const key = sdkKey();
    const up = await startUpstream(t, { [key]: example() });
    await up.stop();
    const { relay } = await startPair(t, null, { upstream: up, key, wait: false });
    await relay.waitStatus('a network error', document => document.environments.prod.connectionStatus.lastError?.kind === 'NETWORK_ERROR');
    await up.start();
    await relay.waitHealthy();
    await up.stop();
    await relay.waitStatus('INTERRUPTED', document => state(document) === 'INTERRUPTED');
    await up.start();
    await relay.waitStatus('VALID', document => state(document) === 'VALID', 20000);
  });

  it('14: retry: 5000 makes the next wait 2.5-5 s; other values change nothing', { timeout: 60000 * slowness }, async t => {
    const values = { large: '5000', word: 'x', negative: '-1', zero: '0', fraction: '1.5' };
    const { up, keys, start } = await startMany(t, Object.keys(values));
    for (const [name, value] of Object.entries(values)) up.script(keys[name], { events: [`retry: ${value}\ndata: x\n\n`, putFrame(example())] });
    const relay = await start();
    await relay.waitHealthy();
    const cut = performance.now();
    for (const key of Object.values(keys)) up.cut(key);
    for (const [name, key] of Object.entries(keys)) {
      const [, again] = await up.waitRequests(key, 2);
      if (name === 'large') inside((again.time - cut) / 1000, 2.5, 5, name); else inside((again.time - cut) / 1000, 0.5, 1, name);
    }
  });

  it('Retry-After of 503 and 429 is waited for, of others not', { timeout: 60000 * slowness }, async t => {
    const { up, keys, start } = await startMany(t, ['503', '429', '500']);
    for (const [name, key] of Object.entries(keys)) up.script(key, { status: Number(name), headers: { 'Retry-After': '3' } });
    const relay = await start();
    await relay.waitHealthy();
    inside(waits(up.at(keys[503]))[0], 3, 4.5, '503');
    inside(waits(up.at(keys[429]))[0], 3, 4.5, '429');
    inside(waits(up.at(keys[500]))[0], 0.5, 1, '500');
  });

  it('16, 17: 401, 403, 404, 405 are final: the log lines, OFF', async t => {
    const texts = { 401: 'HTTP error 401 (invalid SDK key)', 403: 'HTTP error 403 (invalid SDK key)', 404: 'HTTP error 404', 405: 'HTTP error 405', 418: 'HTTP error 418' };
    const { up, keys, start } = await startMany(t, Object.keys(texts));
    for (const [name, key] of Object.entries(keys)) up.script(key, Number(name));
    const relay = await start();
    for (const [name, text] of Object.entries(texts)) {
      const document = await relay.waitStatus(`${name} OFF`, document => document.environments[name].connectionStatus.state === 'OFF');
      const { status, connectionStatus: { lastError } } = document.environments[name];
      assert.deepEqual([status, lastError.kind, lastError.statusCode], ['disconnected', 'ERROR_RESPONSE', Number(name)]);
      await relay.waitLog(new RegExp(`^.* ERROR: \\[env: \\.\\.\\.${keys[name].slice(-4)}\\] Error in stream connection \\(giving up permanently\\): ${text.replace(/[()]/g, '\\$&')}$`, 'm'));
    }
  });

  it('20, 21: unknown events and paths are ignored without a reconnect', async t => {
    const { up, relay, key } = await startPair(t, example());
    const stream = openStream(t, relay.port, '/all', key);
    await stream.next();
    const ignored = [frame('unknown-kind', '{sorry'), frame('indirect/put', '/all'), 'data: nameless\n\n', 'event: PUT\ndata: {sorry\n\n', frame('patch', { path: '/cats/Jack', data: {} }), frame('patch', { path: '/cats/Jack', data: true }),
      frame('patch', { path: '/cats', data: [1] }), frame('delete', { path: '/cats/Jack', version: 1 }), frame('patch', { path: '/', data: 3 }), 'other: x\n\n', 'event: unknown-without-data\n\n', 'id: 5\n\n', ': a comment\n\n', '\n\n\n'];
    for (const text of ignored) up.raw(key, text);
    up.patch(key, 'flags', flag('end'));
    assert.equal((await stream.next()).json.path, '/flags/end');
    assert.equal(up.requests.length, 1);
    assert.equal(state(await relay.status()), 'VALID');
  });

  it('22, 24: malformed data of every kind reconnects, and the old data stays in effect', { timeout: 120000 * slowness }, async t => {
    const deep = '['.repeat(100000);
    const malformed = { // name -> bytes sent behind a good put
      'put, no JSON': frame('put', '{sorry'), 'put, a word': frame('put', 'null'), 'put, a list': frame('put', '[]'), 'put without data': frame('put', '{"path":"/"}'), 'put, empty object': frame('put', '{}'),
      'put, data is null': frame('put', '{"path":"/","data":null}'), 'put, data is true': frame('put', '{"path":"/","data":true}'), 'put, flags is true': frame('put', '{"data":{"flags":true,"segments":{}}}'),
      'put, flags is null': frame('put', '{"data":{"flags":null,"segments":{}}}'), 'put, segments is a list': frame('put', '{"data":{"flags":{},"segments":[]}}'), 'put, a flag is true': frame('put', '{"data":{"flags":{"x":true},"segments":{}}}'),
      'put, a version is text': frame('put', '{"data":{"flags":{"x":{"key":"x","version":"1"}},"segments":{}}}'), 'put, one bad flag of two': frame('put', '{"data":{"flags":{"g":{"key":"g","version":9},"x":{"key":"x","on":null}},"segments":{}}}'),
      'put, a bad segment': frame('put', '{"data":{"flags":{},"segments":{"x":{"key":"x","included":3}}}}'), 'put, cut off': frame('put', '{"path":"/","data":{"flags":{"g":{"key":"g","version":9}'), 'put, trailing comma': frame('put', '{"data":{"flags":{},"segments":{},}}'),
      'put without any line of data': 'event: put\n\n', 'put, empty data': 'event: put\ndata:\n\n', 'put, deep nesting': frame('put', `{"data":{"flags":{"x":{"variations":${deep}`), 'put, bad escape': frame('put', '{"data":{"flags":{"\\x":{}},"segments":{}}}'),
      'put, control character': frame('put', '{"data":{"flags":{"a\u0001":{}},"segments":{}}}'), 'put, single quotes': frame('put', "{'data':{}}"),
      'patch without data': frame('patch', '{"path":"/flags/f"}'), 'patch without path': frame('patch', '{"data":{"key":"f","version":9}}'), 'patch, path is a number': frame('patch', '{"path":1,"data":{"version":9}}'),
      'patch, data is true': frame('patch', '{"path":"/flags/x","data":true}'), 'patch, data is null': frame('patch', '{"path":"/segments/s","data":null}'), 'patch, no JSON': frame('patch', 'x'), 'patch without any line of data': 'event: patch\n\n',
      'patch, variations is text': frame('patch', '{"path":"/flags/f","data":{"key":"f","version":9,"variations":"a"}}'), 'patch, a list': frame('patch', '["/flags/f",{}]'),
      'delete without version': frame('delete', '{"path":"/flags/f"}'), 'delete without path': frame('delete', '{"version":9}'), 'delete, version is text': frame('delete', '{"path":"/flags/f","version":"no"}'), 'delete, cut off': frame('delete', '{"path":"/flags/f","version":9'), 'delete without any line of data': 'event: delete\n\n',
    };
    const { up, keys, start } = await startMany(t, Object.keys(malformed));
    const relay = await start();
    await relay.waitHealthy(30000);
    for (const key of Object.values(keys)) up.script(key, { hang: true }); // so that the state after the event can be looked at
    for (const [name, text] of Object.entries(malformed)) up.raw(keys[name], text);
    for (const [name, key] of Object.entries(keys)) {
      const document = await relay.waitStatus(`${name}: INTERRUPTED`, document => document.environments[name].connectionStatus.state === 'INTERRUPTED');
      assert.equal(document.environments[name].connectionStatus.lastError.kind, 'INVALID_DATA', name);
      await relay.waitLog(new RegExp(`ERROR: \\[env: \\.\\.\\.${key.slice(-4)}\\] Received streaming "${name.split(/[ ,]/)[0]}" event with malformed JSON data \\(.+\\); will restart stream`));
      assert.equal((await openStream(t, relay.port, '/all', key).next()).text, examplePut, name);
      const requests = await up.waitRequests(key, 2);
      assert.equal(requests.length, 2, name);
    }
  });

  it('an unfinished event at the end of a stream is not applied', async t => {
    const { up, relay, key } = await startPair(t, example());
    up.raw(key, 'event: delete\ndata: {"path":"/flags/f","version":9}\n');
    up.end(key);
    await up.waitRequests(key, 2);
    await relay.waitStatus('VALID', document => state(document) === 'VALID');
    assert.equal((await openStream(t, relay.port, '/all', key).next()).text, examplePut);
    await relay.waitLog(/WARN: .* Error in stream connection \(will retry\): unexpected EOF/);
  });

  it('24: a put without path is good', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    up.script(key, { events: frame('put', { data: example(), unknown: { deep: [1, { x: null }] } }) });
    const { relay } = await startPair(t, null, { upstream: up, key });
    assert.equal((await openStream(t, relay.port, '/all', key).next()).text, examplePut);
  });

  it('29: two environments fail and recover independently', async t => {
    const { up, keys, start } = await startMany(t, ['one', 'two'], { data: () => dataset([flag('a')], [segment('s')]) });
    const relay = await start();
    await relay.waitHealthy();
    const stream = openStream(t, relay.port, '/all', keys.two);
    await stream.next();
    up.script(keys.one, 503, 503);
    up.cut(keys.one);
    const document = await relay.waitStatus('one INTERRUPTED by 503', document => document.environments.one.connectionStatus.lastError?.statusCode === 503);
    assert.equal(document.environments.two.connectionStatus.lastError, undefined);
    up.patch(keys.two, 'flags', flag('a', 2));
    assert.equal((await stream.next()).json.data.version, 2);
    await relay.waitStatus('one VALID', document => document.environments.one.connectionStatus.state === 'VALID', 20000);
    assert.equal(up.at(keys.two).length, 1);
  });

  it('31, 32, 33: states: INITIALIZING, INTERRUPTED with a still stateSince, VALID with the old lastError', { timeout: 60000 * slowness }, async t => {
    const key = sdkKey();
    const up = await startUpstream(t);
    up.script(key, 503, { events: frame('put', '{sorry') }, { reset: true }, { events: `retry: 1000\n${putFrame(example())}` }); // `retry` begins the waits anew
    up.environments[key] = example();
    const { relay } = await startPair(t, null, { upstream: up, key, wait: false });
    const connection = document => document.environments.prod.connectionStatus;
    for (const kind of ['ERROR_RESPONSE', 'INVALID_DATA', 'NETWORK_ERROR']) {
      const document = await relay.waitStatus(kind, document => connection(document).lastError?.kind === kind);
      assert.equal(connection(document).state, 'INITIALIZING');
    }
    await relay.waitStatus('VALID', document => state(document) === 'VALID', 20000);
    assert.equal(connection(await relay.status()).lastError.kind, 'NETWORK_ERROR');

    up.script(key, 500, 502, { events: ':\n' });
    up.cut(key);
    const lost = connection(await relay.waitStatus('500', document => connection(document).lastError.statusCode === 500, 20000));
    const again = connection(await relay.waitStatus('502', document => connection(document).lastError.statusCode === 502, 40000));
    assert.deepEqual([lost.state, again.state, again.stateSince], ['INTERRUPTED', 'INTERRUPTED', lost.stateSince]);
    assert.ok(again.lastError.time > lost.lastError.time);
    await up.waitOpen(key, 1, 40000);
    assert.equal(state(await relay.status()), 'INTERRUPTED', 'an open stream without an event is not VALID yet');
    up.raw(key, putFrame(example()));
    const back = connection(await relay.waitStatus('VALID', document => state(document) === 'VALID'));
    assert.deepEqual([back.lastError.kind, back.lastError.statusCode, back.stateSince > lost.stateSince], ['ERROR_RESPONSE', 502, true]);
  });

  it('an unknown event before the first put does not make the environment VALID', async t => {
    const key = sdkKey();
    const up = await startUpstream(t);
    up.script(key, { events: [frame('hello', {}), frame('patch', { path: '/cats/x', data: {} })] });
    const { relay } = await startPair(t, null, { upstream: up, key, wait: false });
    await relay.waitLog(/Unexpected event found in stream: hello/);
    assert.equal(state(await relay.status()), 'INITIALIZING');
    assert.equal((await relay.get('/all', { Authorization: key })).status, 503);
  });

  it('34: an outage longer than disconnectedStatusTime is logged once, with counts', { timeout: 60000 * slowness }, async t => {
    const key = sdkKey();
    const up = await startUpstream(t, { [key]: example() });
    up.script(key, { events: putFrame(example()) }, 503, 503, 500);
    const { relay } = await startPair(t, null, { upstream: up, key, main: { disconnectedStatusTime: '2s' } });
    up.cut(key);
    const [line] = await relay.waitLog(/^.* ERROR: \[env: \.\.\.\S{4}\] LaunchDarkly data source outage - .*$/m, { ms: 20000 });
    assert.match(line, /updates have been unavailable for at least 2s with the following errors: NETWORK_ERROR \(1 time\), ERROR_RESPONSE\(503\) \(\d times?\)/);
    await relay.waitStatus('VALID', document => state(document) === 'VALID', 30000);
    assert.equal(relay.logCount(/data source outage/), 1);
  });

  it('log lines of a normal start, in order', async t => {
    const { relay } = await startPair(t, example());
    const wanted = ['Starting LaunchDarkly client 7.6.0', 'Starting LaunchDarkly streaming connection', 'Waiting up to 10000 milliseconds for LaunchDarkly client to start...', 'Connecting to LaunchDarkly stream',
      'LaunchDarkly streaming is active', 'Initialized LaunchDarkly client', 'Initialized LaunchDarkly client for "prod" (SDK key ...'];
    let from = 0;
    for (const text of wanted) {
      await until(`"${text}" behind position ${from} of:\n${relay.log}`, () => relay.log.indexOf(text, from) >= 0);
      from = relay.log.indexOf(text, from) + text.length;
    }
  });

  it('nobody listens at streamUri: the relay serves /status and goes on trying', async t => {
    const { relay } = await startPair(t, null, { wait: false, main: { streamUri: `http://127.0.0.1:${await freePort()}` } });
    await relay.waitLog(/Error in stream connection \(will retry\): .*refused/i);
    await relay.waitLog(/Connection failed \(.*\), retrying in 0\.\d{4} secs/);
    assert.equal((await relay.status()).status, 'degraded');
  });
});
