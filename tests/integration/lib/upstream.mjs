// A stand-in for the flag service: /all per SDK key and payload filter, with every kind of misbehaviour on demand.
//
//   const up = await startUpstream(t, { [key]: dataset([flag('a')]) });
//   up.patch(key, 'flags', flag('a', 2));   up.cut(key);   up.script(key, 503, { hang: true });   up.stop();
//
// A key with a filter is the text `KEY?FILTER`. What a key has no data for is answered with 401.
import zlib from 'node:zlib';
import { freePort } from './ports.mjs';
import { Segments } from './segments.mjs';
import { answerOf, breaks, listen, Server } from './server.mjs';
import { until } from './wait.mjs';

export const frame = (event, data) => `event: ${event}\ndata: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
export const putFrame = data => frame('put', { path: '/', data });

class Upstream extends Server {
  requests = [];            // { time, method, url, key, headers, rawHeaders, response } in order of arrival
  #streams = new Map();     // key -> Set of responses
  #scripts = new Map();     // key -> answers still to give
  #segments = new Map();    // key -> Segments; what it lacks is answered with 404

  constructor(port, environments) { super(port); this.environments = environments; }

  // The next answers to /all with that key; afterwards the normal one. An answer is a status, or an object:
  //   { status, headers, body }    an ordinary answer
  //   { hang: true }               the request is taken and never answered
  //   { reset: true }              the connection is reset
  //   { events: 'text' | [...] }   200, these raw bytes, then the stream stays open (`end: true` closes it)
  //   { gzip: true }               the normal answer, compressed as a stream
  //   { write: async res => ... }  200, then whatever the function does
  script(key, ...answers) { this.#scripts.set(key, [...(this.#scripts.get(key) ?? []), ...answers]); }

  // The big segments of that key; from the first call on there are some.
  segmentsOf(key) {
    if (!this.#segments.has(key)) this.#segments.set(key, new Segments());
    return this.#segments.get(key);
  }

  // Their requests, as "/sdk/big-segments/revisions?after=v1".
  segmentRequests(key) { return this.at(key).map(request => request.url).filter(url => /big-segments/.test(url)); }

  at(key) { return this.requests.filter(request => request.key === key); }
  open(key) { return this.#streams.get(key)?.size ?? 0; }
  waitOpen(key, count = 1, ms) { return until(`${count} open stream(s) upstream`, () => this.open(key) === count, ms); }
  waitRequests(key, count, ms) { return until(() => `${count} requests upstream, there are ${this.at(key).length}`, () => this.at(key).length >= count && this.at(key), ms); }

  raw(key, text) { for (const res of this.#streams.get(key) ?? []) res.write(text); }
  put(key, data) { this.environments[key] = data; this.raw(key, putFrame(data)); }
  patch(key, kind, item) {
    this.environments[key][kind][item.key] = item;
    this.raw(key, frame('patch', { path: `/${kind}/${item.key}`, data: item }));
  }
  remove(key, kind, name, version) {
    delete this.environments[key][kind][name];
    this.raw(key, frame('delete', { path: `/${kind}/${name}`, version }));
  }
  // Data changes without anybody being told: the next connection gets it.
  silently(key, change) { change(this.environments[key]); }

  cut(key) { for (const res of this.#streams.get(key) ?? []) res.destroy(); }  // connection gone in the middle
  end(key) { for (const res of this.#streams.get(key) ?? []) res.end(); }      // orderly end of the body

  take(req, res) {
    const url = new URL(req.url, this.uri);
    const filter = url.searchParams.get('filter');
    const key = (req.headers.authorization ?? '') + (filter ? `?${filter}` : '');
    this.requests.push({ time: performance.now(), method: req.method, url: req.url, key, headers: req.headers, rawHeaders: req.rawHeaders });
    res.on('error', () => {});
    if (/big-segments/.test(url.pathname)) return this.#answerSegments(key, url, res);
    const scripted = this.#scripts.get(key)?.shift();
    if (scripted !== undefined) return this.#misbehave(answerOf(scripted), key, res);
    if (!/\/all$/.test(url.pathname)) return this.#plain(res, 404);
    if (!this.environments[key]) return this.#plain(res, 401);
    this.#stream(key, res);
    res.write(putFrame(this.environments[key]));
  }

  #answerSegments(key, url, res) {
    const segments = this.#segments.get(key);
    if (!segments) this.#plain(res, 404);
    else if (url.pathname.endsWith('/sdk/big-segments/revisions')) segments.answerPoll(url, res);
    else segments.answerStream(res);
  }

  #plain(res, status, headers, body) { res.writeHead(status, headers); res.end(body); }

  #stream(key, res, headers) {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', ...headers });
    res.flushHeaders();
    if (!this.#streams.has(key)) this.#streams.set(key, new Set());
    this.#streams.get(key).add(res);
    res.on('close', () => this.#streams.get(key).delete(res));
  }

  #misbehave(answer, key, res) {
    if (breaks(answer, res)) return;
    if (answer.status) { this.#plain(res, answer.status, answer.headers, answer.body); return; }
    if (answer.gzip) { this.#compressed(key, res); return; }
    this.#stream(key, res, answer.headers);
    if (answer.write) { answer.write(res); return; }
    for (const text of [answer.events ?? []].flat()) res.write(text);
    if (answer.end) res.end();
  }

  // Every write is flushed, so that each event leaves at once.
  #compressed(key, res) {
    const zip = zlib.createGzip();
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' });
    zip.pipe(res);
    const stream = { write: text => { zip.write(text); zip.flush(); }, end: () => zip.end(), destroy: () => res.destroy() };
    if (!this.#streams.has(key)) this.#streams.set(key, new Set());
    this.#streams.get(key).add(stream);
    res.on('close', () => this.#streams.get(key).delete(stream));
    stream.write(putFrame(this.environments[key]));
  }
}

export async function startUpstream(t, environments = {}, { port } = {}) {
  return listen(t, new Upstream(port ?? await freePort(), environments));
}
