// Flags from local files: autoconfig-offline.md 8.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { sdkKey } from './lib/data.mjs';
import { startRelay } from './lib/relay.mjs';
import { openStream } from './lib/sse.mjs';
import { startPair } from './lib/harness.mjs';
import { root } from './lib/secrets.mjs';
import { until } from './lib/wait.mjs';

const yaml = `# a complete example
flagValues:
  greeting: hello
  beta: true
flags:
  limits:
    on: true
    variations: [10, 100]
    fallthrough: {variation: 0}
    offVariation: 0
    targets: [{variation: 1, values: [alice]}]
    clientSideAvailability: {usingMobileKey: true, usingEnvironmentId: true}
segments:
  staff: {included: [bob]}
`;
const asJson = JSON.stringify({
  flagValues: { greeting: 'hello', beta: true },
  flags: { limits: { on: true, variations: [10, 100], fallthrough: { variation: 0 }, offVariation: 0, targets: [{ variation: 1, values: ['alice'] }], clientSideAvailability: { usingMobileKey: true, usingEnvironmentId: true } } },
  segments: { staff: { included: ['bob'] } },
}, null, 2);
const quick = { LOCAL_FILE_MONITORING_INTERVAL: '100ms' };
const start = (t, files, options = {}) => startRelay(t, { files, args: Object.keys(files).flatMap(name => ['--data-file', name]), env: quick, ...options });
const rewrite = (relay, name, text) => {
  fs.writeFileSync(path.join(relay.folder, `.${name}`), text);
  fs.renameSync(path.join(relay.folder, `.${name}`), path.join(relay.folder, name));
};
const state = document => document.environments.local.connectionStatus.state;

describe('files', { concurrency: 4 }, () => {
  it('--data-file: YAML and JSON give the same stream; keys of the environment `local`', async t => {
    const puts = [];
    for (const files of [{ 'flags.yaml': yaml }, { 'flags.json': asJson }]) {
      const relay = await start(t, files);
      const document = await relay.waitHealthy();
      const { sdkKey: sdk, mobileKey: mobile, envId, connectionStatus } = document.environments.local;
      assert.deepEqual([sdk, mobile, envId, connectionStatus.state], ['sdk-local', 'mob-local', 'local', 'VALID']);
      const stream = openStream(t, relay.port, '/all', 'sdk-local');
      assert.equal((await stream.head()).headers['x-ld-envid'], 'local');
      puts.push((await stream.next()).data);
      await relay.waitLog(/INFO: \[env: \S+\] Loaded 3 flag\(s\) and 1 segment\(s\) from 1 file\(s\)/);
    }
    assert.equal(puts[0], puts[1]);
    const { flags, segments } = JSON.parse(puts[0]).data;
    assert.deepEqual([flags.greeting.variations, flags.beta.variations, flags.limits.on, flags.limits.version, flags.limits.key, segments.staff.included], [['hello'], [true], true, 1, 'limits', ['bob']]);
    assert.deepEqual(JSON.stringify(flags.greeting), '{"key":"greeting","on":true,"prerequisites":[],"targets":[],"contextTargets":[],"rules":[],"fallthrough":{"variation":0},"offVariation":0,"variations":["hello"],"clientSideAvailability":{"usingMobileKey":true,"usingEnvironmentId":true},"clientSide":true,"salt":"","trackEvents":false,"trackEventsFallthrough":false,"debugEventsUntilDate":null,"version":1,"deleted":false}');
  });

  it('the example of the repository loads', async t => {
    const relay = await startRelay(t, { args: ['--data-file', path.join(root, 'examples/flags.yaml')], env: quick });
    await relay.waitHealthy();
    const { flags } = (await openStream(t, relay.port, '/all', 'sdk-local').next()).json.data;
    assert.ok(Object.keys(flags).length > 0);
  });

  it('a change is seen and versions rise; an unchanged rewrite sends nothing', async t => {
    const relay = await start(t, { 'flags.yaml': yaml });
    await relay.waitHealthy();
    const [all, flagsOnly] = ['/all', '/flags'].map(target => openStream(t, relay.port, target, 'sdk-local'));
    await Promise.all([all.next(), flagsOnly.next()]);
    rewrite(relay, 'flags.yaml', yaml + '# a comment changes nothing\n');
    await relay.waitLog(/Reloading flag data after detecting a change/);
    rewrite(relay, 'flags.yaml', yaml.replace('hello', 'good day').replace('  beta: true\n', ''));
    for (const stream of [all, flagsOnly]) {
      const event = await stream.next();
      const flags = stream === all ? event.json.data.flags : event.json;
      assert.equal(event.name, 'put');
      assert.deepEqual([flags.greeting.variations, flags.greeting.version, flags.limits.version, flags.beta], [['good day'], 2, 1, undefined]);
      assert.equal(stream.events.length, 2);
    }
  });

  it('a bad edit keeps the last good data and says line and column; the next good one counts', async t => {
    const relay = await start(t, { 'flags.yaml': yaml });
    await relay.waitHealthy();
    const stream = openStream(t, relay.port, '/all', 'sdk-local');
    const first = await stream.next();
    rewrite(relay, 'flags.yaml', yaml.replace('variations: [10, 100]', 'variations: [10, 100'));
    const [line] = await relay.waitLog(/^.* ERROR: \[env: \S+\] Unable to load flags: error parsing file: .*$/m);
    assert.match(line, /line \d+.*column \d+|:\d+:\d+/i);
    assert.match(line, /\[flags\.yaml\]$/);
    const { connectionStatus } = (await relay.waitStatus('INTERRUPTED', document => state(document) === 'INTERRUPTED')).environments.local;
    assert.equal(connectionStatus.lastError.kind, 'INVALID_DATA');
    assert.equal((await openStream(t, relay.port, '/all', 'sdk-local').next()).data, first.data);
    rewrite(relay, 'flags.yaml', yaml.replace('hello', 'better'));
    const { data } = (await stream.next()).json;   // a put, or a patch of what changed
    assert.deepEqual((data.flags?.greeting ?? data).variations, ['better']);
    assert.equal(relay.logCount(/Unable to load flags/), 1, 'the same error is logged once');
    await relay.waitStatus('VALID', document => state(document) === 'VALID');
  });

  it('bad files in many ways, one log line each', { timeout: 60000 }, async t => {
    const rows = [ // file, text, part of the log line
      ['a.json', '{"flags":{"x":', /error parsing file/], ['b.json', '{"flags":[]}', /error parsing file|Unable to load flags/], ['c.json', '{"flags":{"x":{"key":"y"}}}', /x/], ['d.json', '{"flags":{"x":{"on":"yes"}}}', /Unable to load flags/],
      ['e.yaml', 'flags:\n\tx: 1\n', /error parsing file.*(line 2|:2:)/], ['f.yaml', 'flagValues: {a: 1}\n---\nflagValues: {b: 1}\n', /Unable to load flags/], ['g.yaml', 'flagValues:\n  a: 1\n  a: 2\n', /Unable to load flags|more than once/], ['h.yaml', 'a: &a [*a]\n', /Unable to load flags/],
      ['i.yaml', 'flagValues: {x: !!python/object:os.system ls}\n', /Unable to load flags/], ['j.yaml', 'base: &b {x: 1}\nflagValues:\n  <<: *b\n', /Unable to load flags/], ['k.yaml', '- 1\n', /Unable to load flags/], ['l.yaml', 'flagValues: {x: 1}\nflags: {x: {on: true}}\n', /flag 'x' is specified more than once \(l\.yaml, l\.yaml\)/],
    ];
    const environments = Object.fromEntries(rows.map(([name]) => [name, { sdkKey: sdkKey(), dataFile: name }]));
    const relay = await startRelay(t, { files: Object.fromEntries(rows), config: { environments: { ...environments, missing: { sdkKey: sdkKey(), dataFile: 'nowhere.json' } } } });
    for (const [name, , text] of rows) {
      const tail = environments[name].sdkKey.slice(-4);
      const [line] = await relay.waitLog(new RegExp(`^.* ERROR: \\[env: \\.\\.\\.${tail}\\] .*$`, 'm'));
      assert.match(line, text, name);
    }
    await relay.waitLog(/ERROR: .* Unable to load flags: unable to read file: .*(No such file|no such file).* \[nowhere\.json\]/);
    const document = await relay.status();
    assert.ok(Object.values(document.environments).every(({ connectionStatus }) => connectionStatus.state === 'INITIALIZING'));
  });

  it('several files, duplicates in two of them', async t => {
    const files = { 'one.yaml': 'flagValues: {a: 1, b: 2}\n', 'two.json': '{"flagValues":{"b":3,"c":4}}' };
    const refused = await start(t, files);
    await refused.waitLog(/ERROR: .*flag 'b' is specified more than once \(one\.yaml, two\.json\)/);
    const relay = await start(t, files, { env: { ...quick, LOCAL_FILE_DUPLICATE_KEYS: 'ignore' } });
    await relay.waitHealthy();
    const { flags } = (await openStream(t, relay.port, '/all', 'sdk-local').next()).json.data;
    assert.deepEqual(Object.fromEntries(Object.entries(flags).map(([key, f]) => [key, f.variations[0]])), { a: 1, b: 2, c: 4 });
  });

  it('YAML values are read by the 1.2 core schema; unknown top-level properties warn', async t => {
    const text = 'flagValues:\n  plain: yes\n  quoted: "1"\n  null-value: ~\n  hex: 0x1F\n  octal: 0o17\n  float: 1.5e3\n  time: 12:30\n  list: [on, off, True, FALSE]\n  123: number key\n  "on": key\nflagvalues: {}\nextra: 1\n';
    const relay = await start(t, { 'flags.yaml': text });
    await relay.waitHealthy();
    const { flags } = (await openStream(t, relay.port, '/all', 'sdk-local').next()).json.data;
    assert.deepEqual(Object.fromEntries(Object.entries(flags).map(([key, f]) => [key, f.variations[0]])),
      { plain: 'yes', quoted: '1', 'null-value': null, hex: 31, octal: 15, float: 1500, time: '12:30', list: ['on', 'off', true, false], 123: 'number key', on: 'key' });
    await relay.waitLog(/WARN: .*flagvalues.*extra/);
  });

  it('a file environment beside a connected one; it makes no outbound connection and knows no filter', async t => {
    const key = sdkKey();
    const { up, relay } = await startPair(t, { flags: {}, segments: {} }, { files: { 'local.yaml': yaml }, config: { 'Environment "files"': { sdkKey: key, dataFile: 'local.yaml' } } });
    assert.equal((await openStream(t, relay.port, '/all', key).next()).json.data.flags.limits.version, 1);
    assert.equal((await relay.get('/all?filter=x', { Authorization: key })).status, 404);
    assert.equal(up.at(key).length, 0);
  });

  it('the answer of /sdk/latest-all is such a file: versions are kept', async t => {
    const relay = await start(t, { 'flags.json': '{"flags":{"x":{"key":"x","version":42,"on":true,"variations":[1],"fallthrough":{"variation":0}}},"segments":{}}' });
    await relay.waitHealthy();
    const stream = openStream(t, relay.port, '/all', 'sdk-local');
    assert.equal((await stream.next()).json.data.flags.x.version, 42);
    rewrite(relay, 'flags.json', '{"flags":{"x":{"key":"x","version":42,"on":false,"variations":[1],"fallthrough":{"variation":0}}}}');
    const event = await stream.next();
    assert.equal((event.json.data.flags?.x ?? event.json.data).version, 43, 'content changed, version did not: one more');
  });

  it('the file vanishes and comes back', async t => {
    const relay = await start(t, { 'flags.yaml': yaml });
    await relay.waitHealthy();
    fs.rmSync(path.join(relay.folder, 'flags.yaml'));
    await relay.waitLog(/ERROR: .*Unable to load flags: unable to read file/);
    assert.equal((await openStream(t, relay.port, '/all', 'sdk-local').next()).name, 'put');
    fs.writeFileSync(path.join(relay.folder, 'flags.yaml'), yaml);
    await until('VALID', async () => state(await relay.status()) === 'VALID');
  });
});
