// A stand-in for the events service, and SDKs that post to the relay.
//
//   const service = await startEventsService(t);
//   service.answer = 503;   service.script(413, { hang: true }, { reset: true });   service.batches   await service.waitEvents(3);
//
// A request that was answered 2xx is a delivery: its payload ID counts once, as with the real service. What the relay reports of
// its own use (events.md 11) is kept apart in `reports`.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';
import zlib from 'node:zlib';
import { freePort } from './ports.mjs';
import { answerOf, breaks, listen, Server } from './server.mjs';
import { until } from './wait.mjs';

class EventsService extends Server {
  answer = 202;         // a status, or { status, headers }, { hang: true }, { reset: true }; when nothing is scripted
  requests = [];        // { time, method, url, headers, text, answer } in order of arrival
  reports = [];         // the same of usage reports
  events = [];          // of delivered batches, each payload ID once
  repeated = 0;         // deliveries of a payload ID that was there before
  changed = [];         // payload IDs that came with different bytes
  #bodies = new Map();  // payload ID -> text
  #delivered = new Set();
  #script = [];

  at(path) { return this.requests.filter(request => request.url === path); }
  script(...answers) { this.#script.push(...answers); }

  waitRequests(count, ms) { return until(() => `${count} requests at the events service, there are ${this.requests.length}`, () => this.requests.length >= count && this.requests, ms); }
  waitEvents(count, ms) { return until(() => `${count} events at the events service, there are ${this.events.length}`, () => this.events.length >= count && this.events, ms); }

  async take(req, res) {
    const chunks = [];
    req.on('error', () => {});
    res.on('error', () => {});
    try { for await (const chunk of req) chunks.push(chunk); } catch { return; }
    const bytes = Buffer.concat(chunks);
    const text = (req.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(bytes) : bytes).toString();
    const report = text.startsWith('[{"kind":"relay');
    const next = (report ? undefined : this.#script.shift()) ?? this.answer;
    const answer = answerOf(next);
    (report ? this.reports : this.requests).push({ time: performance.now(), method: req.method, url: req.url, headers: req.headers, text, answer });
    if (breaks(answer, res)) return;
    if (!report) this.#remember(req.headers['x-launchdarkly-payload-id'], text, answer.status);
    res.writeHead(answer.status, answer.headers);
    res.end();
  }

  #remember(id, text, status) {
    if (id === undefined) return;
    if (this.#bodies.has(id) && this.#bodies.get(id) !== text) this.changed.push(id);
    this.#bodies.set(id, text);
    if (status >= 300) return;
    if (this.#delivered.has(id)) { this.repeated++; return; }
    this.#delivered.add(id);
    for (const event of JSON.parse(text)) this.events.push(event);
  }
}

export async function startEventsService(t, { port } = {}) {
  return listen(t, new EventsService(port ?? await freePort()));
}

// One post; the answer's status. `agent` keeps connections.
export function post(port, target, { key, body, headers = {}, agent }) {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((done, fail) => {
    const req = http.request({ port, host: '127.0.0.1', method: 'POST', path: target, agent, headers: {
      'Content-Type': 'application/json', 'X-LaunchDarkly-Event-Schema': '4', ...(key ? { Authorization: key } : {}), ...headers } }, res => {
      res.resume();
      res.on('end', () => done(res.statusCode));
      res.on('error', fail);
    });
    req.on('error', fail);
    req.end(text);
  });
}

// `posts` posts of `each` numbered events over `connections` connections, as fast as they go; the number of 202 answers.
// accepted(from) is called for each of them. `noise`: so many random letters in each event.
export async function postMany(port, { key, posts, each, connections, first = 0, noise = 0, accepted = () => {} }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  let next = 0;
  let count = 0;
  async function client() {
    while (next < posts) {
      const from = first + next++ * each;
      const body = [...Array(each)].map((_, i) => ({ kind: 'custom', key: 'k', creationDate: 1700000000000, n: from + i,
        ...(noise && { noise: crypto.randomBytes(noise * 3 / 4).toString('base64') }) }));
      const status = await post(port, '/bulk', { key, body, agent, headers: { 'X-LaunchDarkly-Payload-ID': `post-${from}` } }).catch(() => 0);
      if (status === 202) { count++; accepted(from); }
    }
  }
  try { await Promise.all([...Array(connections)].map(client)); } finally { agent.destroy(); }
  return count;
}

// The numbers of events that postMany() made, sorted.
export const numbers = events => events.map(event => event.n).sort((a, b) => a - b);

// ---- reports: what an SDK sent to `direct`, and what came from the relay to `service` ----

// The same text for any two runs: moments, durations and identities are left out.
export const timeless = text => text
  .replace(/"(creationDate|startDate|endDate|dataSinceDate|timestamp|durationMillis)":\s*[\d.]+/g, '"$1":0')
  .replace(/"diagnosticId":\s*"[^"]*"/g, '"diagnosticId":""');

const isDiagnostic = ({ url }) => url.includes('/diagnostic');
export const posts = service => service.requests.filter(request => request.method === 'POST' && !isDiagnostic(request));
const diagnostics = service => service.requests.filter(request => request.method === 'POST' && isDiagnostic(request));
const named = (request, fits) => Object.fromEntries(Object.entries(request.headers).filter(([name]) => fits(name)));
export const kept = ({ url, headers }) => [url, ...['authorization', 'content-type', 'x-launchdarkly-event-schema', 'x-launchdarkly-tags'].map(name => headers[name])];
const ofDiagnostic = name => /^(authorization|user-agent|content-type|x-launchdarkly-.*)$/.test(name) && name !== 'x-launchdarkly-instance-id';

// The events as they were written, however many posts they came in.
const written = service => posts(service).map(({ text }) => timeless(text.slice(1, -1))).join(',');

// In the order of their texts: each is forwarded on its own.
const described = service => diagnostics(service)
  .map(one => ({ url: one.url, text: timeless(one.text), ...named(one, ofDiagnostic) })).sort((a, b) => (a.text < b.text ? -1 : 1));

// All events that were posted, with payload IDs and without.
export const posted = service => posts(service).flatMap(({ text }) => JSON.parse(text));

// Waits until the relay has delivered as much as went to `direct`, where there must be just these kinds of events and diagnostic events,
// and holds every byte of them, their paths, credentials, schemas and tags against each other.
export async function sameReports(service, direct, kinds) {
  const counts = where => [posted(where).length, diagnostics(where).length];
  await until(() => `${counts(direct)} events and diagnostic events, there are ${counts(service)}`, () => counts(service).every((count, i) => count >= counts(direct)[i]));
  const all = [...posted(direct), ...diagnostics(direct).map(({ text }) => JSON.parse(text))];
  assert.deepEqual([...new Set(all.map(({ kind }) => kind))].sort(), [...kinds].sort());
  assert.equal(written(service), written(direct));
  for (const post of posts(service)) assert.deepEqual(kept(post), kept(posts(direct)[0]));
  assert.deepEqual(described(service), described(direct));
}
