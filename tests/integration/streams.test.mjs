// Streams to server-side SDKs on /all and /flags: streaming.md 16, lines 35-61, 69, 73, 74 (the number stands in each title).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataset, example, examplePut, F3, F4, flag, inputF, sdkKey, segment } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { exchange, request, requestText } from './lib/request.mjs';
import { startRelay } from './lib/relay.mjs';
import { openStream } from './lib/sse.mjs';
import { startStuckClients } from './lib/stuck.mjs';
import { startUpstream, frame, putFrame } from './lib/upstream.mjs';
import { least, pause, slowness, until } from './lib/wait.mjs';

const notInitialized = 'client was not initialized';
const unknownCredential = 'Relay Proxy does not recognize the client credential (missing or invalid Authorization header)';
const unknownFilter = 'Relay Proxy recognizes the provided credential, but the payload filter was not found';
const chunk = text => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const body = stream => { const raw = stream.raw.toString(); return raw.slice(raw.indexOf('\r\n\r\n') + 4); };
const versions = data => Object.fromEntries(['flags', 'segments'].flatMap(kind => Object.values(data[kind]).map(item => [`/${kind}/${item.key}`, item.version])));

describe('streams', { concurrency: 4 }, () => {
  it('42, 48, 51, 53, 55, 56: head and frames of /all, byte for byte', async t => {
    const { up, relay, key, id } = await startPair(t, example());
    const stream = openStream(t, relay.port, '/all', key);
    await stream.next();
    const head = stream.answer.raw.split('\r\n').filter(Boolean).sort();
    const date = head.find(line => line.startsWith('Date: '));
    assert.match(date, /^Date: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/);
    assert.deepEqual(head, ['HTTP/1.1 200 OK', 'Access-Control-Allow-Origin: *', 'Cache-Control: no-cache, no-store, must-revalidate', 'Connection: keep-alive',
      'Content-Type: text/event-stream; charset=utf-8', date, 'Transfer-Encoding: chunked', 'X-Accel-Buffering: no', `X-LD-EnvId: ${id}`].sort());
    assert.equal(body(stream), chunk(examplePut));

    up.raw(key, ':\n');
    up.raw(key, frame('patch', { path: '/flags/f', data: inputF(4) }));
    up.raw(key, frame('patch', { path: '/flags/f', data: inputF(3) }));     // older: not sent on
    up.raw(key, frame('indirect/patch', '/flags/f'));
    up.raw(key, frame('delete', { path: '/segments/s', version: 3 }));
    const patch = `event: patch\ndata: {"path":"/flags/f","data":${F4}}\n\n`;
    const removal = 'event: delete\ndata: {"path":"/segments/s","version":3}\n\n';
    assert.equal(patch.length, 338);
    assert.equal(removal.length, 56);
    await stream.find(event => event.name === 'delete');
    assert.equal(body(stream), chunk(examplePut) + chunk(patch) + chunk(removal));
    assert.doesNotMatch(body(stream), /^(id|retry)/m);
    await relay.waitLog(/INFO: \[env: \.\.\.\S{4}\] Unexpected event found in stream: indirect\/patch/);
  });

  it('49, 51, 53: frames of /flags: the bare map, paths without a prefix, nothing for segments', async t => {
    const { up, relay, key } = await startPair(t, example());
    const stream = openStream(t, relay.port, '/flags', key);
    await stream.next();
    up.raw(key, frame('patch', { path: '/flags/f', data: inputF(4) }));
    up.raw(key, frame('patch', { path: '/segments/s', data: { key: 's', version: 3 } }));
    up.raw(key, frame('delete', { path: '/flags/f', version: 5 }));
    await stream.find(event => event.name === 'delete');
    assert.equal(body(stream), chunk(`event: put\ndata: {"f":${F3}}\n\n`) + chunk(`event: patch\ndata: {"path":"/f","data":${F4}}\n\n`) + chunk('event: delete\ndata: {"path":"/f","version":5}\n\n'));
  });

  it('48: an empty data set has both maps; HTTP/1.0 gets the same without chunks', async t => {
    const { up, relay, key } = await startPair(t, dataset());
    const stream = openStream(t, relay.port, '/all', key, { version: '1.0' });
    await stream.next();
    const empty = 'event: put\ndata: {"path":"/","data":{"flags":{},"segments":{}}}\n\n';
    assert.equal(body(stream), empty);
    assert.equal(stream.answer.headers['transfer-encoding'], undefined);
    assert.equal((await openStream(t, relay.port, '/flags', key).next()).text, 'event: put\ndata: {}\n\n');
    up.raw(key, 'event: put\ndata: {"data":{"flags":{"a":{"key":"a","version":2}}}}\n\n'); // no segments: treated as empty
    assert.deepEqual(Object.keys((await stream.find(event => event.json.data?.flags?.a || event.json.path === '/flags/a')).json), ['path', 'data']);
    const later = await openStream(t, relay.port, '/all', key).next();
    assert.match(later.data, /^\{"path":"\/","data":\{"flags":\{"a":\{.*\}\},"segments":\{\}\}\}$/);
  });

  it('35: while starting 503 and Retry-After; 36, 47: after initTimeout 200 and silence; then the first put', async t => {
    const key = sdkKey();
    const up = await startUpstream(t);
    up.script(key, { write: res => { up.late = res; } });
    const { relay } = await startPair(t, null, { upstream: up, key, wait: false, main: { initTimeout: '1s' } });
    for (const target of ['/all', '/flags']) {
      const refused = await relay.get(target, { Authorization: key });
      assert.deepEqual([refused.status, refused.body, refused.headers['content-type'], refused.headers['retry-after'], refused.headers['content-length']],
        [503, notInitialized, 'text/plain; charset=utf-8', '1', '26']);
    }
    assert.equal((await relay.get('/all')).status, 401, 'without a credential it is 401 while starting, too');
    await relay.waitLog(/WARN: \[env: \.\.\.\S{4}\] Timeout encountered waiting for LaunchDarkly client initialization/);
    await relay.waitLog(/ERROR: Error initializing LaunchDarkly client for "prod": timeout encountered waiting for LaunchDarkly client initialization/);
    const streams = await until('200 after the timeout', async () => {
      const open = ['/all', '/flags'].map(target => openStream(t, relay.port, target, key));
      const heads = await Promise.all(open.map(stream => stream.head()));
      return heads.every(head => head.status === 200) && open;
    });
    assert.ok(streams.every(stream => body(stream) === ''));
    up.late.write(putFrame(example()));
    assert.equal((await streams[0].next()).text, examplePut);
    assert.equal((await streams[1].next()).text, `event: put\ndata: {"f":${F3}}\n\n`);
    await relay.waitLog(/INFO: \[env: \.\.\.\S{4}\] LaunchDarkly streaming is active/);
  });

  it('ignoreConnectionErrors turns the time-out line into a warning', async t => {
    const key = sdkKey();
    const up = await startUpstream(t);
    up.script(key, { hang: true });
    const { relay } = await startPair(t, null, { upstream: up, key, wait: false, main: { initTimeout: '200ms', ignoreConnectionErrors: true } });
    await relay.waitLog(/WARN: Ignoring error initializing LaunchDarkly client for "prod": timeout encountered waiting for LaunchDarkly client initialization/);
  });

  it('38: refused at the start: 401, and the log says why; 40: without exitOnError the process stays', async t => {
    const { relay, key } = await startPair(t, null, { wait: false });
    const answer = await until('the refusal', async () => { const a = await relay.get('/all', { Authorization: key }); return a.status !== 503 && a; });
    assert.deepEqual([answer.status, answer.body], [401, unknownCredential]);
    assert.equal((await relay.get('/flags', { Authorization: key })).status, 401);
    await relay.waitLog(/ERROR: \[env: \.\.\.\S{4}\] Error in stream connection \(giving up permanently\): HTTP error 401 \(invalid SDK key\)/);
    await relay.waitLog(/WARN: \[env: \.\.\.\S{4}\] LaunchDarkly client initialization failed/);
    await relay.waitLog(/ERROR: Error initializing LaunchDarkly client for "prod": LaunchDarkly client initialization failed/);
    assert.equal(relay.ended, null);
  });

  it('39: refused later: existing and new streams keep working with the last data', async t => {
    const { up, relay, key } = await startPair(t, example());
    const before = openStream(t, relay.port, '/all', key);
    await before.next();
    up.script(key, 401);
    up.cut(key);
    await relay.waitStatus('OFF', document => document.environments.prod.connectionStatus.state === 'OFF');
    assert.equal((await openStream(t, relay.port, '/all', key).next()).text, examplePut);
    assert.equal(before.ended, null);
  });

  it('40: exitOnError ends the process with code 1 on a bad key', async t => {
    const { relay } = await startPair(t, null, { wait: false, ready: false, main: { exitOnError: true } });
    await relay.waitLog(/ERROR: Exiting because exitOnError is set: environment "prod" failed to initialize: LaunchDarkly client initialization failed/);
    assert.equal((await relay.exit).code, 1);
  });

  it('43, 44, 45, 46: refusals, exact bodies without line end, and the connection stays usable', async t => {
    const { relay, key, mobile, id } = await startPair(t, example(), { environment: { projKey: 'shop' }, config: { 'Filters "shop"': { keys: 'small' } }, wait: false });
    await relay.waitStatus('data for the unfiltered environment', document => document.environments.prod.connectionStatus.state === 'VALID');
    const rows = [ // title, request, status, body, content type
      ['no Authorization', { target: '/all' }, 401, '', undefined],
      ['empty Authorization', { target: '/all', headers: { Authorization: '' } }, 401, '', undefined],
      ['a scheme', { target: '/all', headers: { Authorization: `Bearer ${key}` } }, 401, '', undefined],
      ['a blank inside', { target: '/flags', headers: { Authorization: `${key} x` } }, 401, '', undefined],
      ['API_KEY in upper case', { target: '/all', headers: { Authorization: `API_KEY ${key}` } }, 401, '', undefined],
      ['api_key twice', { target: '/all', headers: { Authorization: `api_key api_key ${key}` } }, 401, '', undefined],
      ['api_key alone is a key', { target: '/all', headers: { Authorization: 'api_key' } }, 401, unknownCredential, 'text/plain; charset=utf-8'],
      ['unknown key', { target: '/all', headers: { Authorization: 'sdk-unknown' } }, 401, unknownCredential, 'text/plain; charset=utf-8'],
      ['a mobile key is no SDK key', { target: '/all', headers: { Authorization: mobile } }, 401, unknownCredential, 'text/plain; charset=utf-8'],
      ['an environment ID is no SDK key', { target: '/flags', headers: { Authorization: id } }, 401, unknownCredential, 'text/plain; charset=utf-8'],
      ['letter case counts', { target: '/all', headers: { Authorization: key.toUpperCase() } }, 401, unknownCredential, 'text/plain; charset=utf-8'],
      ['the first Authorization counts', { target: '/all', headers: { Authorization: ['sdk-unknown', key] } }, 401, unknownCredential, 'text/plain; charset=utf-8'],
      ['unknown filter', { target: '/all?filter=nope', headers: { Authorization: key } }, 404, unknownFilter, 'text/plain; charset=utf-8'],
      ['unknown filter on /flags', { target: '/flags?x=1&filter=Small', headers: { Authorization: key } }, 404, unknownFilter, 'text/plain; charset=utf-8'],
      ['the first filter counts', { target: '/all?filter=nope&filter=small', headers: { Authorization: key } }, 404, unknownFilter, 'text/plain; charset=utf-8'],
      ['unknown filter, unknown key', { target: '/all?filter=nope', headers: { Authorization: 'sdk-unknown' } }, 401, unknownCredential, 'text/plain; charset=utf-8'],
      ['a refused filtered environment', { target: '/all?filter=small', headers: { Authorization: key } }, 401, unknownCredential, 'text/plain; charset=utf-8'],
      ['POST', { target: '/all', method: 'POST', headers: { Authorization: key } }, 405, '', undefined, 'GET'],
      ['HEAD', { target: '/flags', method: 'HEAD', headers: { Authorization: key } }, 405, '', undefined, 'GET'],
      ['OPTIONS', { target: '/all', method: 'OPTIONS' }, 405, '', undefined, 'GET'],
      ['REPORT', { target: '/all', method: 'REPORT', headers: { Authorization: key } }, 405, '', undefined, 'GET'],
      ['unknown path', { target: '/nope' }, 404, '404 page not found\n', 'text/plain; charset=utf-8'],
      ['a slash at the end', { target: '/all/', headers: { Authorization: key } }, 404, '404 page not found\n', 'text/plain; charset=utf-8'],
      ['letter case of the path', { target: '/ALL', headers: { Authorization: key } }, 404, '404 page not found\n', 'text/plain; charset=utf-8'],
    ];
    const refused = rows.find(row => row[0] === 'a refused filtered environment');
    await until('the refusal of the filtered environment', async () => (await request(relay.port, refused[1])).status !== 503);
    for (const [title, options, status, text, type, allow] of rows) {
      const answer = await request(relay.port, options);
      assert.deepEqual([title, answer.status, answer.body, answer.headers['content-type'], answer.headers.allow], [title, status, text, type, allow]);
      if (options.method !== 'HEAD') assert.equal(answer.headers['content-length'], String(Buffer.byteLength(text)), title);
      assert.equal(answer.headers['www-authenticate'], undefined, title);
      assert.ok(answer.headers.date, title);
    }
    const twice = requestText({ target: '/all', close: false }) + requestText({ target: '/nope', headers: { Authorization: key } });
    assert.match((await exchange(relay.port, twice)).text, /^HTTP\/1\.1 401 Unauthorized\r\n[^]*HTTP\/1\.1 404 Not Found\r\n[^]*404 page not found\n$/);
  });

  it('45, 57 and paths: what is accepted', async t => {
    const { relay, key } = await startPair(t, example());
    const accepted = [['/all', `api_key ${key}`], ['/all', `api_key    ${key}`], ['/all', `  ${key}  `], ['/all?filter=', key], ['/all?filter', key], ['/all?x=%zz&withReasons=true', key],
      ['//all', key], ['/x/../all', key], ['/%61ll', key], ['http://elsewhere.example/all', key]];
    for (const [target, authorization] of accepted) {
      const stream = openStream(t, relay.port, target, authorization, { headers: { 'Last-Event-ID': '99' } });
      assert.equal((await stream.head()).status, 200, target);
      assert.equal((await stream.next()).text, examplePut, target);
      stream.close();
    }
  });

  it('52: deleted items appear neither in a replay nor in a broadcast put', async t => {
    const gone = { key: 'gone', version: 9, deleted: true };
    const { up, relay, key } = await startPair(t, dataset([flag('a'), gone], [segment('s'), { ...gone, key: 'gone-too' }]));
    const stream = openStream(t, relay.port, '/all', key);
    assert.deepEqual(versions((await stream.next()).json.data), { '/flags/a': 1, '/segments/s': 1 });
    up.put(key, dataset([{ ...gone, key: 'a', version: 2 }, flag('b')]));
    const put = await stream.find(event => event.name === 'put');
    assert.deepEqual(versions(put.json.data), { '/flags/b': 1 });
    assert.doesNotMatch(put.data, /null,"gone|"gone":null|"a":null/);
  });

  it('25, 26, 27, 28: what new connections get after older patches, deletes and odd keys', async t => {
    const { up, relay, key } = await startPair(t, dataset([flag('a', 5), flag('b', 5)]));
    const stream = openStream(t, relay.port, '/all', key);
    await stream.next();
    up.raw(key, frame('patch', { path: '/flags/a', data: flag('a', 5, { on: false }) }));
    up.raw(key, frame('patch', { path: '/flags/a', data: flag('a', 4, { on: false }) }));
    up.raw(key, frame('delete', { path: '/flags/b', version: 7 }));
    up.raw(key, frame('patch', { path: '/flags/b', data: flag('b', 6) }));
    up.raw(key, frame('patch', { path: '/flags/team/x', data: flag('another-key', 2) }));
    up.raw(key, frame('patch', { path: '/segments/s', data: segment('s', 3) }));
    up.raw(key, frame('patch', { path: '/segments/s', data: { ...segment('s', 4), deleted: true } }));
    up.raw(key, frame('patch', { data: flag('late-path', 1), path: '/flags/late-path' }));    // 23
    await stream.find(event => event.json.path === '/flags/late-path');
    assert.deepEqual(stream.events.map(event => `${event.name} ${event.json.path}`), ['put /', 'delete /flags/b', 'patch /flags/team/x', 'patch /segments/s', 'delete /segments/s', 'patch /flags/late-path']);
    const put = (await openStream(t, relay.port, '/all', key).next()).json.data;
    assert.deepEqual([Object.keys(put.flags).sort(), Object.keys(put.segments), put.flags.a.on, put.flags['team/x'].version], [['a', 'late-path', 'team/x'], [], true, 2]);
  });

  it('58: heartbeats of two bytes; 0 switches them off', async t => {
    const [beating, silent] = await Promise.all(['100ms', '0'].map(heartbeatInterval => startPair(t, example(), { main: { heartbeatInterval } })));
    const quiet = openStream(t, silent.relay.port, '/all', silent.key);
    await quiet.next();
    const streams = ['/all', '/flags'].map(target => openStream(t, beating.relay.port, target, beating.key));
    for (const stream of streams) {
      await until('ten heartbeats', () => stream.comments.length >= 10);
      const times = stream.comments.map(comment => comment.at);
      assert.ok(times.every((time, i) => i === 0 || time - times[i - 1] < 1100 * slowness), `pauses: ${times}`);
    }
    assert.match(body(streams[0]), /\r\n2\r\n:\n\r\n2\r\n:\n\r\n/);
    assert.equal(quiet.comments.length, 0);
  });

  it('59: maxClientConnectionTime=100ms ends every stream normally and closes the connection', async t => {
    const { relay, key } = await startPair(t, example(), { main: { maxClientConnectionTime: '100ms' } });
    await Promise.all(['/all', '/flags', '/all', '/all?filter='].map(async target => {
      const began = performance.now();
      const stream = openStream(t, relay.port, target, key);
      const head = await until('the head', () => stream.answer && performance.now());
      assert.equal(await stream.end(), 'last chunk');
      await stream.gone();
      assert.ok(performance.now() - began >= 99, `ended ${performance.now() - began} ms after the request`);
      assert.ok(performance.now() - head < 1100 * slowness, `ended ${performance.now() - head} ms after the head`);
    }));
  });

  it('61: 300 clients that connect during a flood of patches end in the same state and miss nothing', { timeout: 120000 * slowness }, async t => {
    const names = [...Array(40)].map((_, i) => `flag-${i}`);
    const { up, relay, key } = await startPair(t, dataset(names.map(name => flag(name))));
    let version = 1;
    let flooding = true;
    const flood = (async () => {
      while (flooding) {
        for (let i = 0; i < 4; i++) up.patch(key, 'flags', flag(names[++version % names.length], version));
        if (version % 7 === 0) up.remove(key, 'flags', names[3], ++version);
        await pause(2);
      }
      up.patch(key, 'flags', flag('done', ++version));
    })();
    const clients = [];
    for (let i = 0; i < 300; i++) {
      clients.push(openStream(t, relay.port, '/all', key, { keep: false }));
      if (i % 10 === 9) await clients[i].head();
    }
    await Promise.all(clients.map(client => client.next(30000)));
    flooding = false;
    await flood;
    const expected = versions(up.environments[key]);
    for (const client of clients) {
      await client.find(event => event.json.path === '/flags/done', 30000);
      const state = versions(client.events[0].json.data);
      assert.equal(client.events[0].name, 'put');
      for (const event of client.events.slice(1)) {
        const { path, data, version: removed } = event.json;
        assert.ok((data?.version ?? removed) > (state[path] ?? 0), `${event.name} ${path} is not newer than what this client has`);
        if (event.name === 'patch') state[path] = data.version; else delete state[path];
      }
      assert.deepEqual(state, expected);
    }
  });

  it('69: a client that reads nothing is gone after maxClientWriteTime, and delays nobody', { timeout: 60000 * slowness }, async t => {
    // /all is more than the kernel takes for a client that reads nothing, /flags is small.
    const { up, relay, key } = await startPair(t, dataset([flag('f0')], [...Array(20)].map((_, i) => segment(`s${i}`, 1, { included: ['x'.repeat(262144)] }))), { main: { maxClientWriteTime: '1s' } });
    const others = [...Array(99)].map(() => openStream(t, relay.port, '/flags', key, { keep: false }));
    await Promise.all(others.map(client => client.next(20000)));
    await startStuckClients(t, relay.port, requestText({ target: '/all', headers: { Authorization: key }, close: false }), 1);
    await until('the stuck client to be connected', () => relay.descriptors() >= 100);
    let version = 1;
    const slow = await least(5, 100 * slowness, async () => {
      const delays = [];
      for (let round = 0; round < 20; round++) {
        up.patch(key, 'flags', flag('f0', ++version));
        const sent = performance.now();
        const seen = await Promise.all(others.map(client => client.find(event => event.json.data?.version === version)));
        delays.push(...seen.map(event => event.at - sent));
      }
      return delays.sort((a, b) => a - b)[Math.floor(delays.length * 0.99)];
    });
    assert.ok(slow < 100 * slowness, `99th percentile of a broadcast is ${slow.toFixed(1)} ms`);
    await relay.waitLog(/WARN: \[env: \.\.\.\S{4}\] Disconnected a stream client that took longer than maxClientWriteTime \(\d+s\) to accept a write/, { ms: 20000 });
    assert.ok(others.every(client => client.ended === null));
  });

  it('maxClientBacklog: first one current put instead of the queue, then the client is dropped', { timeout: 60000 * slowness }, async t => {
    const { up, relay, key } = await startPair(t, dataset([...Array(32)].map((_, i) => flag(`f${i}`, 1, { variations: ['x'.repeat(32768), 'b', 'c'] }))), { main: { maxClientBacklog: '64KiB', maxClientWriteTime: '5m' } });
    const healthy = openStream(t, relay.port, '/all', key, { keep: false });
    await healthy.next();
    await startStuckClients(t, relay.port, requestText({ target: '/all', headers: { Authorization: key }, close: false }), 1);
    for (let version = 2; !/maxClientBacklog/.test(relay.log); version++) {
      up.patch(key, 'flags', flag('f1', version, { variations: ['y'.repeat(30000), 'b', 'c'] }));
      await healthy.find(event => event.json.data?.version === version);
      assert.ok(version < 300, `no client was dropped:\n${relay.log}`);
    }
    await relay.waitLog(/WARN: \[env: \.\.\.\S{4}\] Disconnected a stream client with more than maxClientBacklog \(64KiB\) of unsent data/);
    assert.equal(healthy.ended, null);
  });

  it('19, 73: an upstream reconnect is quiet: nothing, one patch, or one put', async t => {
    const { up, relay, key } = await startPair(t, dataset([flag('a'), flag('b'), flag('c')], [segment('s')]));
    const stream = openStream(t, relay.port, '/all', key);
    await stream.next();
    const reconnect = async change => {
      const before = up.at(key).length;
      up.silently(key, change);
      up.cut(key);
      await up.waitRequests(key, before + 1, 40000);
      await up.waitOpen(key);
      await relay.waitStatus('VALID', document => document.environments.prod.connectionStatus.state === 'VALID');
    };
    await reconnect(() => {});
    up.patch(key, 'flags', flag('marker', 1));
    assert.equal((await stream.next()).json.path, '/flags/marker', 'identical data sends nothing');
    await reconnect(data => { data.flags.b = flag('b', 2); });
    assert.deepEqual([stream.events.at(-1).name, (await stream.next()).json.path], ['patch', '/flags/b']);
    await reconnect(data => { delete data.flags.c; });
    const put = await stream.next();
    assert.deepEqual([put.name, Object.keys(put.json.data.flags).sort()], ['put', ['a', 'b', 'marker']]);
    assert.equal(stream.events.length, 4);
    assert.equal(stream.ended, null);
  });

  it('74: SIGTERM ends streams normally, spread over half of the timeout, and exits with 0', async t => {
    const { relay, key } = await startPair(t, example(), { main: { gracefulShutdownTimeout: '2s' } });
    const streams = [...Array(20)].map((_, i) => openStream(t, relay.port, i % 2 ? '/all' : '/flags', key));
    await Promise.all(streams.map(stream => stream.next()));
    const began = performance.now();
    const { code } = await relay.stop('SIGTERM');
    assert.equal(code, 0);
    assert.ok(performance.now() - began < 2500 * slowness, `took ${performance.now() - began} ms`);
    for (const stream of streams) assert.equal(await stream.end(), 'last chunk');
  });

  it('two environments on one relay do not mix', async t => {
    const [one, two] = [sdkKey(), sdkKey()];
    const up = await startUpstream(t, { [one]: dataset([flag('one')]), [two]: dataset([flag('two')]) });
    const relay = await startRelay(t, { config: { main: { streamUri: up.uri }, environments: { one: { sdkKey: one }, two: { sdkKey: two } } } });
    await relay.waitHealthy();
    const streams = [one, two].map(key => openStream(t, relay.port, '/all', key));
    const puts = await Promise.all(streams.map(stream => stream.next()));
    assert.deepEqual(puts.map(put => Object.keys(put.json.data.flags)), [['one'], ['two']]);
    up.patch(one, 'flags', flag('one', 2));
    up.patch(two, 'flags', flag('two', 3));
    assert.deepEqual((await Promise.all(streams.map(stream => stream.next()))).map(event => event.json.path), ['/flags/one', '/flags/two']);
  });
});

