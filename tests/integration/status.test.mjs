// GET /status and the life of the process: status.md 11 and 18, lines 1-34 as far as one relay without Redis can show them
// (the number stands in each title); signals of configuration.md 14.4.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataset, environmentId, example, flag, mobileKey, sdkKey } from './lib/data.mjs';
import { startPair } from './lib/harness.mjs';
import { request } from './lib/request.mjs';
import { startRelay } from './lib/relay.mjs';
import { openStream } from './lib/sse.mjs';
import { putFrame, startUpstream } from './lib/upstream.mjs';
import { slowness, until } from './lib/wait.mjs';

const masked = key => key.slice(0, 4) + key.slice(4, -5).replace(/[A-Za-z0-9]/g, '*') + key.slice(-5);
const times = text => text.replace(/("stateSince"|"time"):\d{13}\b/g, '$1:T');
// One environment `prod` as the document of statusFormat `full` writes it.
const environment = ({ key, mobile, id }, status, connection, store) => `{"sdkKey":"${masked(key)}","sdkKeys":[{"value":"${masked(key)}"}],"envId":"${id}","mobileKey":"${masked(mobile)}","mobileKeys":[{"value":"${masked(mobile)}"}],"status":"${status}","connectionStatus":${connection},"dataStoreStatus":${store}}`;
const classic = ({ key, mobile, id }, status, connection, store) => `{"sdkKey":"${masked(key)}","envId":"${id}","mobileKey":"${masked(mobile)}","status":"${status}","connectionStatus":${connection},"dataStoreStatus":${store}}`;
const valid = '{"state":"VALID","stateSince":T}';
const body = async relay => (await relay.get('/status')).body;
const version = async relay => JSON.parse(await body(relay)).version;

describe('status', { concurrency: 4 }, () => {
  it('1, 7, 8, 13, 14, 19, 20, 34: the documents of a start, byte for byte', async t => {
    const up = await startUpstream(t);
    const key = sdkKey();
    up.script(key, { write: res => { up.late = res; } });
    const pair = await startPair(t, null, { upstream: up, key, wait: false });
    const answer = await pair.relay.get('/status');
    assert.deepEqual([answer.status, answer.headers['content-type'], answer.headers['cache-control'], answer.headers['content-length'], answer.headers['transfer-encoding']],
      [200, 'application/json', 'no-store', String(answer.body.length), undefined]);
    assert.ok(answer.headers.date);
    const tail = (status) => `"status":"${status}","version":"${JSON.parse(answer.body).version}","clientVersion":"7.6.0","product":"flagrelay"}`;
    const initializing = '{"state":"INITIALIZING","stateSince":T}';
    assert.equal(times(answer.body), `{"environments":{"prod":${environment(pair, 'disconnected', initializing, initializing)}},"refusedEnvironments":[],${tail('degraded')}`);
    assert.ok(Math.abs(JSON.parse(answer.body).environments.prod.connectionStatus.stateSince - Date.now()) < 60000);
    await until('the stream request upstream', () => up.late);
    up.late.write(putFrame(example()));
    await pair.relay.waitHealthy();
    assert.equal(times(await body(pair.relay)), `{"environments":{"prod":${environment(pair, 'connected', valid, valid)}},"refusedEnvironments":[],${tail('healthy')}`);
  });

  it('8, 12: statusFormat = classic is the document of 8.10.1', async t => {
    const pair = await startPair(t, example(), { main: { statusFormat: 'classic' }, environment: { projKey: 'shop' } });
    assert.equal(times(await body(pair.relay)), `{"environments":{"prod":${classic(pair, 'connected', valid, valid)}},"status":"healthy","version":"${await version(pair.relay)}","clientVersion":"7.6.0"}`);
  });

  it('dataStoreStatus with SQLite names database, file and prefix', async t => {
    const pair = await startPair(t, example(), { config: { SQLite: { path: 'flags.db' } } });
    const { state, database, dbServer, dbPrefix } = (await pair.relay.status()).environments.prod.dataStoreStatus;
    assert.deepEqual([state, database, dbServer, dbPrefix], ['VALID', 'sqlite', 'flags.db', 'prod']);
    assert.match(await body(pair.relay), /"dataStoreStatus":\{"state":"VALID","stateSince":\d+,"database":"sqlite","dbServer":"flags.db","dbPrefix":"prod"\}/);
  });

  it('3, 4, 5, 6: no credential, other methods, HEAD, HTTP/1.0 without Host, absolute form, query', async t => {
    const { relay } = await startPair(t, example());
    const text = times(await body(relay));
    for (const [options, status] of [[{ target: '/status', headers: { Authorization: 'nonsense' } }, 200], [{ target: '/status?x=%zz' }, 200], [{ target: 'http://elsewhere.example/status' }, 200], [{ target: '//status' }, 200], [{ target: '/%73tatus' }, 200], [{ target: '/status', version: '1.0', headers: { Host: undefined } }, 200], [{ target: '/status/' }, 404], [{ target: '/Status' }, 404]]) {
      if (options.headers && 'Host' in options.headers) options.headers = { Host: [] };
      const answer = await request(relay.port, options);
      assert.equal(answer.status, status, JSON.stringify(options));
      assert.equal(times(answer.body), status === 200 ? text : '404 page not found\n', JSON.stringify(options));
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'REPORT', 'BREW']) {
      const answer = await request(relay.port, { method, target: '/status' });
      assert.deepEqual([method, answer.status, answer.body], [method, 405, '']);
      assert.match(answer.headers.allow, /^GET/);
    }
    const head = await request(relay.port, { method: 'HEAD', target: '/status' });
    assert.deepEqual([head.status, head.body, head.headers['content-type'], head.headers['content-length']], [200, '', 'application/json', String((await body(relay)).length)]);
  });

  it('9, 10, 11, 14, 15: names sorted and escaped; keys masked; what is not there is left out', async t => {
    const hand = sdkKey().replace(/^sdk-.{17}/, 'sdk-my-hidden-test');
    const names = ['b', 'a', 'Z', '<b>&x', 'ä'];
    const keys = Object.fromEntries(names.map(name => [name, name === 'a' ? hand : sdkKey()]));
    const up = await startUpstream(t, Object.fromEntries(Object.values(keys).map(key => [key, example()])));
    const relay = await startRelay(t, { config: { main: { streamUri: up.uri }, environments: Object.fromEntries(names.map(name => [name, { sdkKey: keys[name] }])) } });
    await relay.waitHealthy();
    const text = await body(relay);
    assert.deepEqual([...text.matchAll(/"([^"]+)":\{"sdkKey"/g)].map(match => match[1]), ['\\u003cb\\u003e\\u0026x', 'Z', 'a', 'b', 'ä']);
    const { environments } = JSON.parse(text);
    for (const name of names) assert.equal(environments[name].sdkKey, masked(keys[name]));
    assert.doesNotMatch(environments.a.sdkKey, /hidden|test|my/);
    assert.doesNotMatch(text, /null|""|envKey|envName|projKey|projName|expiringSdkKey|bigSegmentStatus|autoConfigStatus/);
    for (const { mobileKey: mobile, envId, mobileKeys } of Object.values(environments)) assert.deepEqual([mobile, envId, mobileKeys], [undefined, undefined, []]);
  });

  it('48: filtered variants have members of their own', async t => {
    const key = sdkKey();
    const up = await startUpstream(t, { [key]: example(), [`${key}?small`]: dataset([flag('a')]) });
    const { relay } = await startPair(t, null, { upstream: up, key, environment: { projKey: 'shop' }, config: { 'Filters "shop"': { keys: 'small' } } });
    assert.deepEqual(Object.keys((await relay.status()).environments), ['prod', 'prod/small']);
  });

  it('21, 23, 24, 26: lost, longer than disconnectedStatusTime, and back', { timeout: 60000 * slowness }, async t => {
    const { up, relay, key, ...rest } = await startPair(t, example(), { main: { disconnectedStatusTime: '3s' } });
    const pair = { key, ...rest };
    const lost = '{"state":"INTERRUPTED","stateSince":T,"lastError":{"kind":"NETWORK_ERROR","time":T}}';
    const document = (status, connection, top) => async () => {
      const text = times(await body(relay));
      return text.includes(`"prod":${environment(pair, status, connection, valid)}`) && text.includes(`"status":"${top}","version"`);
    };
    const began = performance.now();
    await up.stop();
    await until('connected and INTERRUPTED', document('connected', lost, 'healthy'));
    assert.ok(performance.now() - began < 2500 * slowness, 'seen at once');
    await until('disconnected and INTERRUPTED', document('disconnected', lost, 'degraded'));
    assert.ok(performance.now() - began >= 2900, `disconnected after ${performance.now() - began} ms`);
    await up.start();
    await until('VALID with the old error', document('connected', lost.replace('INTERRUPTED', 'VALID'), 'healthy'), 30000);
  });

  it('22: disconnectedStatusTime = 0s: disconnected at once', async t => {
    const { up, relay } = await startPair(t, example(), { main: { disconnectedStatusTime: '0s' } });
    await up.stop();
    const { environments, status } = await relay.waitStatus('INTERRUPTED', document => document.environments.prod.connectionStatus.state === 'INTERRUPTED');
    assert.deepEqual([environments.prod.status, status], ['disconnected', 'degraded']);
  });

  it('27: refused at the start: OFF, ERROR_RESPONSE with its code, disconnected, degraded', async t => {
    const { relay, ...pair } = await startPair(t, null, { wait: false });
    await relay.waitStatus('OFF', document => document.environments.prod.connectionStatus.state === 'OFF');
    const text = times(await body(relay));
    assert.ok(text.includes('"connectionStatus":{"state":"OFF","stateSince":T,"lastError":{"kind":"ERROR_RESPONSE","statusCode":401,"time":T}}'), text);
    assert.match(text, /"status":"degraded","version"/);
    assert.equal(pair.up.at(pair.key).length, 1);
  });

  it('28: refused while running: OFF, connected until disconnectedStatusTime', async t => {
    const { up, relay, key } = await startPair(t, example(), { main: { disconnectedStatusTime: '3s' } });
    up.script(key, 403);
    up.cut(key);
    const { environments } = await relay.waitStatus('OFF', document => document.environments.prod.connectionStatus.state === 'OFF');
    assert.equal(environments.prod.status, 'connected');
    await relay.waitStatus('disconnected', document => document.environments.prod.status === 'disconnected');
  });

  it('25, 29: failures before the first success keep INITIALIZING', async t => {
    const key = sdkKey();
    const up = await startUpstream(t);
    up.script(key, 503);
    const { relay } = await startPair(t, null, { upstream: up, key, wait: false });
    await relay.waitStatus('503', document => document.environments.prod.connectionStatus.lastError?.statusCode === 503);
    const { state, lastError } = (await relay.status()).environments.prod.connectionStatus;
    assert.deepEqual([state, lastError.kind], ['INITIALIZING', 'ERROR_RESPONSE']);
  });

  it('one of two environments disconnected makes the relay degraded; /status answers 200 all the same', async t => {
    const [good, bad] = [sdkKey(), sdkKey()];
    const up = await startUpstream(t, { [good]: example() });
    const relay = await startRelay(t, { config: { main: { streamUri: up.uri }, environments: { good: { sdkKey: good }, bad: { sdkKey: bad } } } });
    const document = await relay.waitStatus('good connected, bad OFF', ({ environments: e }) => e.good.status === 'connected' && e.bad.connectionStatus.state === 'OFF');
    assert.equal(document.status, 'degraded');
  });

  it('71: /status answers quickly while 2,000 streams are open and patches flow', { timeout: 60000 * slowness }, async t => {
    const { up, relay, key } = await startPair(t, dataset([...Array(100)].map((_, i) => flag(`f${i}`))));
    const streams = [];
    for (let i = 0; i < 2000; i++) {
      streams.push(openStream(t, relay.port, '/all', key, { keep: false }));
      if (i % 50 === 49) await streams[i].head();
    }
    await Promise.all(streams.map(stream => stream.next(30000)));
    for (let i = 2; i < 12; i++) {
      up.patch(key, 'flags', flag('f1', i));
      const began = performance.now();
      await relay.status();
      assert.ok(performance.now() - began < 1000 * slowness, `took ${performance.now() - began} ms`);
    }
  });

  it('SIGTERM and SIGINT exit with 0, a second signal at once with 1', async t => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      const { relay } = await startPair(t, example());
      assert.deepEqual(await relay.stop(signal), { code: 0, signal: null });
    }
    const { relay, key } = await startPair(t, example(), { main: { gracefulShutdownTimeout: '60s' } });
    const streams = [...Array(50)].map(() => openStream(t, relay.port, '/all', key));
    await Promise.all(streams.map(stream => stream.next()));
    relay.signal('SIGTERM');
    await until('the first stream to end', () => streams.some(stream => stream.ended));
    const began = performance.now();
    assert.deepEqual(await relay.stop('SIGTERM'), { code: 1, signal: null });
    assert.ok(performance.now() - began < 1500 * slowness);
  });

  it('SIGTERM while starting, while upstream is silent, and with a half-sent request', async t => {
    const key = sdkKey();
    const up = await startUpstream(t);
    up.script(key, { hang: true });
    const { relay } = await startPair(t, null, { upstream: up, key, wait: false, main: { gracefulShutdownTimeout: '2s' } });
    const half = openStream(t, relay.port, '/all', key, { headers: { 'X-Unfinished': 'a\r\nX: ' } });
    assert.deepEqual(await relay.stop('SIGTERM'), { code: 0, signal: null });
    await half.gone();
  });

  it('the start of 200 environments is reported as one whole', { timeout: 60000 * slowness }, async t => {
    const up = await startUpstream(t);
    const environments = {};
    for (let i = 0; i < 200; i++) {
      const key = sdkKey();
      environments[`environment-${i}`] = { sdkKey: key, mobileKey: mobileKey(), envId: environmentId() };
      up.environments[key] = example();
    }
    const relay = await startRelay(t, { config: { main: { streamUri: up.uri }, environments } });
    const document = await relay.waitHealthy(30000);
    assert.equal(Object.keys(document.environments).length, 200);
  });
});
