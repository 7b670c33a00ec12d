// Flags, segments and keys for tests, and the texts of the worked examples (streaming.md 14).
import { secret } from './secrets.mjs';

export const flag = (key, version = 1, more = {}) => ({
  key, version, on: true, salt: `salt-${key}`, variations: ['a', 'b', 'c'], offVariation: 2,
  fallthrough: { variation: 0 }, targets: [], rules: [], prerequisites: [], clientSide: true,
  clientSideAvailability: { usingMobileKey: true, usingEnvironmentId: true }, ...more,
});

export const segment = (key, version = 1, more = {}) => ({
  key, version, included: [], excluded: [], rules: [], salt: `salt-${key}`, ...more,
});

export const dataset = (flags = [], segments = []) => ({
  flags: Object.fromEntries(flags.map(f => [f.key, f])),
  segments: Object.fromEntries(segments.map(s => [s.key, s])),
});

// What the relay must write for inputF and inputS, byte for byte.
export const F3 = '{"key":"f","on":true,"prerequisites":[],"targets":[],"contextTargets":[],"rules":[],"fallthrough":{"variation":0},"offVariation":null,"variations":[true],"clientSide":true,"salt":"","trackEvents":false,"trackEventsFallthrough":false,"debugEventsUntilDate":null,"version":3,"deleted":false}';
export const F4 = F3.replace('"on":true', '"on":false').replace('"version":3', '"version":4');
export const S2 = '{"key":"s","included":["u1"],"excluded":[],"includedContexts":[],"excludedContexts":[],"salt":"","rules":[],"version":2,"generation":null,"deleted":false}';
export const inputF = version => ({ key: 'f', version, on: version !== 4, clientSide: true, fallthrough: { variation: 0 }, variations: [true], unknownProperty: 1 });
export const inputS = { key: 's', version: 2, included: ['u1'] };
export const example = () => ({ flags: { f: inputF(3) }, segments: { s: inputS } });
export const examplePut = `event: put\ndata: {"path":"/","data":{"flags":{"f":${F3}},"segments":{"s":${S2}}}}\n\n`;

let keys = 0;
// A key of the real shape that no other test uses, so that a log search finds whose it was.
export function sdkKey() {
  const part = (value, digits) => value.toString(16).padStart(digits, '0').slice(-digits);
  return secret(`sdk-${part(process.pid, 8)}-${part(++keys, 4)}-4000-8000-${part(Math.floor(Math.random() * 2 ** 47), 12)}`);
}
export const mobileKey = () => secret(sdkKey().replace('sdk-', 'mob-'));
export function environmentId() {
  return [...Array(24)].map(() => Math.floor(Math.random() * 16).toString(16)).join('');
}
