// The big segments of one SDK key, as the stand-in for LaunchDarkly serves them (big-segments.md 3).
//
//   const segments = up.segmentsOf(key);            segments.add(patch('vip.g1', '', 'v1', { add: ['alice'] }))  silently
//   segments.send(patch(...))  also as an event     segments.pageSize = 2     segments.script(503, { hang: true })  polls
//
// Context keys become hashes here, as LaunchDarkly would send them.
import { createHash } from 'node:crypto';
import { answerOf, breaks } from './server.mjs';
import { pause } from './wait.mjs';

export const hashOf = key => createHash('sha256').update(key).digest('base64');

// changes: { add, remove, exclude, include }: context keys that become included, or no longer are; excluded, or no longer.
export function patch(segmentId, previousVersion, version, { add = [], remove = [], exclude = [], include = [] } = {}) {
  return {
    environmentId: 'env', segmentId, version, previousVersion,
    changes: {
      included: { add: add.map(hashOf), remove: remove.map(hashOf) },
      excluded: { add: exclude.map(hashOf), remove: include.map(hashOf) },
    },
  };
}

export class Segments {
  log = [];               // all patches, in order
  pageSize = Infinity;    // patches per answer
  latency = 0;            // ms until a poll is answered
  streams = new Set();
  #polls = [];

  // The next answers to polls: a status, { status, headers, body }, { hang: true }, { reset: true } or { write: async res => ... }.
  script(...answers) { this.#polls.push(...answers); }

  add(...patches) { this.log.push(...patches); }
  send(...patches) { this.add(...patches); this.raw(`event: patch\ndata: ${JSON.stringify(patches)}\n\n`); }
  raw(text) { for (const res of this.streams) res.write(text); }
  end() { for (const res of this.streams) res.end(); }
  cut() { for (const res of this.streams) res.destroy(); }

  // What follows a version; with an unknown one, nothing.
  #after(version) {
    if (!version) return this.log;
    const at = this.log.findLastIndex(one => one.version === version);
    return at < 0 ? [] : this.log.slice(at + 1);
  }

  async answerPoll(url, res) {
    if (misbehaves(this.#polls.shift(), res)) return;
    await pause(this.latency);
    res.writeHead(200, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify(this.#after(url.searchParams.get('after')).slice(0, this.pageSize)));
  }

  answerStream(res) {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.flushHeaders();
    this.streams.add(res);
    res.on('close', () => this.streams.delete(res));
  }
}

function misbehaves(scripted, res) {
  if (scripted === undefined) return false;
  const answer = answerOf(scripted);
  if (breaks(answer, res)) return true;
  res.writeHead(answer.status ?? 200, answer.headers);
  if (answer.write) answer.write(res);
  else res.end(answer.body);
  return true;
}
