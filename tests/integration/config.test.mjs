// Bad configuration through the real program: exit code 1 and a message that names the thing, what is wrong and what to do
// (configuration.md 1-3, 5-7, 14, 16, 17; the numbers of its checklist, section 20, stand in the titles). Good configuration: what is accepted.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { environmentId, mobileKey, sdkKey } from './lib/data.mjs';
import { freePort } from './lib/ports.mjs';
import { runProgram, startRelay, temporaryFolder } from './lib/relay.mjs';
import { root } from './lib/secrets.mjs';
import { slowness } from './lib/wait.mjs';

const key = sdkKey();
const other = sdkKey();
const good = `[Environment "a"]\nsdkKey = ${key}\n`;
const inFile = (text, detail) => ({ text, error: detail instanceof RegExp ? detail : `Error loading config file: failed to read configuration file "r.conf": ${detail}` });
const invalid = (text, error) => ({ text, error: `Error loading config file: ${error}` });
const later = (text, error) => ({ text, error: `Unable to create relay: ${error}` });
const variables = (env, error) => ({ args: ['--from-env'], env, error: `Configuration error: ${error}` });
const words = (args, error, before = '') => ({ args, error: `Error: ${error}`, before });

// title -> { text of r.conf, args, env, error: what stands behind "ERROR: ", before: what stands before that line, files }
const rows = {
  // the command line
  '1: no option and no file': { args: [], skip: fs.existsSync('/etc/ld-relay.conf') || fs.existsSync('/etc/flagrelay.conf'), error: 'Error: configuration file "/etc/ld-relay.conf" does not exist' },
  'a file that is not there': words(['--config', 'nope.conf'], 'configuration file "nope.conf" does not exist'),
  '5: an unknown option': words(['--unknown'], 'flag provided but not defined: -unknown', /^flag provided but not defined: -unknown\n/),
  'a value is missing': words(['--config'], 'flag needs an argument: -config', /^flag needs an argument: -config\n/),
  '4: a bad Boolean': words(['--from-env=maybe'], 'invalid boolean value "maybe" for -from-env: parse error', /^invalid boolean value "maybe" for -from-env: parse error\n/),
  'a word too many': words(['--from-env', 'true', '--config', 'r.conf'], 'unexpected argument "true"', /^/),

  // the syntax of the file
  '12: a property before any section': inFile('port = 1\n', 'r.conf:1:1: expected section header'),
  '12: an empty section name': inFile('[]\n', 'r.conf:1:2: expected section name'),
  '12: an empty subsection': inFile('[Environment ""]\n', 'r.conf:1:14: empty subsection name'),
  '12: a bracket that stays open': inFile('[Main\nport = 1\n', /^Error loading config file: failed to read configuration file "r\.conf": r\.conf:1:\d+: expected subsection name or right bracket$/),
  '12: text behind the bracket': inFile('[Main] port = 1\n', 'r.conf:1:8: expected EOL, EOF, or comment'),
  '8: a NUL byte': inFile('[Main]\nport\0 = 1\n', 'r.conf:2:5: illegal character NUL'),
  '8: bytes that are no UTF-8': inFile(Buffer.from('[Main]\nlistenAddress = \xff\n', 'latin1'), /^Error loading config file: failed to read configuration file "r\.conf": r\.conf:2:17: illegal UTF-8 encoding$/),
  '9: an unknown escape': inFile('[Main]\ntlsCert = "a\\q"\n', /r\.conf:2:\d+: unknown escape sequence$/),
  'a string that stays open': inFile('[Main]\ntlsCert = "abc\nport = 1\n', /r\.conf:2:\d+: string not terminated$/),
  '9: a bare backslash': inFile('[Main]\ntlsCert = C:\\relay\n', /r\.conf:2:\d+: unquoted '\\' must be followed by new line or double quote$/),
  'a character that begins nothing': inFile('[Main]\n@ = 5\n', /r\.conf:2:1: illegal character U\+0040 '@'$/),
  'a folder': { args: ['--config', '.'], error: /^Error loading config file: failed to read configuration file "\.": .*is a directory$/ },
  'a file of 17 MiB': { text: Buffer.alloc(17 << 20, '; comment\n'), error: /configuration file is larger than 16 MiB$/ },

  // names and values
  '13, 73: an unknown property': inFile(`[Main]\nprot = 5\n${good}`, 'r.conf:2: unsupported or misspelled section "Main", variable "prot" (did you mean "port"?)'),
  '13, 73: an unknown section': inFile(`${good}[Redsi]\nhost = x\n`, 'r.conf:3: unsupported or misspelled section "Redsi" (did you mean "Redis"?)'),
  '73: a property of another section': inFile(`[Main]\nflushInterval = 5s\n${good}`, /^Error loading .*r\.conf:2: unsupported or misspelled section "Main", variable "flushInterval" \(it belongs to \[Events\]\)$/),
  '13: a subsection where none belongs': inFile(`[Main "x"]\nport = 8030\n${good}`, /r\.conf:1: unsupported or misspelled section "Main"/),
  '14: every mistake is named, once, with its line': inFile(`[Main]\nprot = 1\nport = 0\n[Environment "a"]\nsdkKey = ${key}\nttl = 5\n`, /3 problems:\\nr\.conf:2: unsupported or misspelled section "Main", variable "prot" \(did you mean "port"\?\)\\nr\.conf:3: value must be greater than zero at section "Main", variable "port"\\nr\.conf:6: not a valid duration .* at section "Environment", subsection "a", variable "ttl"|3 problems:\nr\.conf:2: [^\n]*\nr\.conf:3: [^\n]*\nr\.conf:6: [^\n]*/),
  '11: a number without a value': inFile(`[Main]\nport\n${good}`, /r\.conf:2: blank value not supported for type.* at section "Main", variable "port"$/),
  '20: port 0': inFile(`[Main]\nport = 0\n${good}`, /r\.conf:2: value must be greater than zero at section "Main", variable "port"$/),
  '20: port 65536': inFile(`[Main]\nport = 65536\n${good}`, /value must be at most 65535/),
  '19: no decimal number': inFile(`[Main]\nport = 0x10\n${good}`, /r\.conf:2: not a valid integer at section "Main", variable "port"$/),
  '16: no Boolean': inFile(`[Main]\nexitOnError = maybe\n${good}`, /r\.conf:2: failed to parse bool `maybe` at section "Main", variable "exitOnError"$/),
  '21: a duration without a unit': inFile(`[Main]\ninitTimeout = 15\n${good}`, /r\.conf:2: not a valid duration \(must use format "1ms", "1s", "1m", etc\.\) at section "Main", variable "initTimeout" \(did you mean "15s"\?\)$/),
  '22: a byte size with a wrong unit': inFile(`[Events]\nmaxInboundPayloadSize = 10kB\n${good}`, /r\.conf:2: not a valid base-2 byte size at section "Events", variable "maxInboundPayloadSize" \(did you mean "10KiB"\?\)$/),
  '23: a relative URI': inFile(`[Main]\nstreamUri = not/absolute\n${good}`, /r\.conf:2: must be an absolute URL\/URI at section "Main", variable "streamUri"/),
  '23: a host where a scheme belongs': inFile(`[Main]\nstreamUri = localhost:8080\n${good}`, /must be an absolute URL\/URI with scheme http or https.*\(did you mean "http:\/\/localhost:8080"\?\)/),
  '24: an unknown log level': inFile(`[Main]\nlogLevel = warning\n${good}`, /"warning" is not a valid log level.*\(did you mean "warn"\?\)/),
  '25: an unknown TLS version': inFile(`[Main]\ntlsMinVersion = 1.4\n${good}`, /"1\.4" is not a valid TLS version at section "Main", variable "tlsMinVersion"$/),
  'a removed property': inFile(`[Environment "a"]\napiKey = ${key}\n`, /r\.conf:2: unsupported or misspelled .*variable "apiKey" \(removed; use "sdkKey"\)/),

  // what does not fit together
  'no environment at all': later('[Main]\nport = 8030\n', 'you must specify at least one environment in your configuration'),
  'an environment without a key': invalid('[Environment "a"]\n', 'SDK key is required for environment "a"'),
  '80: the same SDK key twice': invalid(`${good}[Environment "b"]\nsdkKey = ${key}\n`, 'environments "a" and "b" have the same SDK key'),
  '50: TLS without a certificate': invalid(`[Main]\ntlsEnabled = true\n${good}`, 'TLS cert and key are required if TLS is enabled'),
  '50: a certificate that is not there': { text: `[Main]\ntlsEnabled = true\ntlsCert = nope.pem\ntlsKey = nope.key\n${good}`, error: /TLS certificate .*nope\.pem.*: .*[Nn]o such file/ },
  '49: filters without project keys': invalid(`${good}[Filters "p"]\nkeys = x\n`, "when filters are configured, all environments must specify a 'projKey'"),
  '49: filters of an unknown project': invalid(`${good}projKey = q\n[Filters "p"]\nkeys = x\n`, "filters are configured for project 'p', but no environment references that project"),
  '49: an empty filter key': invalid(`${good}projKey = p\n[Filters "p"]\nkeys = "a,,b"\n`, "filter key [1] for project 'p' is malformed (note: lists are comma-delimited)"),
  '48: a clean-up interval that is too short': invalid(`[Main]\nexpiredCredentialCleanupInterval = 99ms\n${good}`, 'expired credential cleanup interval must be >= 100ms: expiredCredentialCleanupInterval (line 2)'),
  '22: a limit of nothing': invalid(`[Events]\nmaxInboundPayloadSize = 0B\n${good}`, 'max inbound payload size must be greater than zero: maxInboundPayloadSize (line 2)'),
  '41: two databases': invalid(`${good}[Redis]\nhost = h\n[SQLite]\npath = x.db\n`, 'multiple databases are enabled (Redis, SQLite); only one is allowed'),
  '39: token and token file': { ...invalid(`${good}[Consul]\nhost = h\ntoken = t\ntokenFile = f\n`, 'Consul token must be specified as either an inline value or a file, but not both'), files: { f: 'u' } },
  '45: environments and automatic configuration': invalid(`${good}[AutoConfig]\nkey = rel-1\n`, 'cannot configure specific environments if auto-configuration is enabled'),
  '45: two modes': invalid('[AutoConfig]\nkey = rel-1\n[OfflineMode]\nfileDataSource = x.tar.gz\n', 'cannot specify both auto-configuration key and file data source'),
  '74: a key and its file': { text: `[Environment "a"]\nsdkKey = ${key}\nsdkKeyFile = key.txt\n`, files: { 'key.txt': other }, error: /sdkKey and sdkKeyFile are both set; use only one/ },
  '74: an empty secret file': { text: '[Environment "a"]\nsdkKeyFile = key.txt\n', files: { 'key.txt': '' }, error: /key\.txt.*empty|empty.*key\.txt/ },

  // variables
  '28: several wrong variables at once': variables({ PORT: '99x', LOG_LEVEL: 'loud', LD_ENV_a: key }, 'PORT: not a valid integer, LOG_LEVEL: "loud" is not a valid log level'),
  '17: no Boolean variable': variables({ EXIT_ON_ERROR: 'maybe', LD_ENV_a: key }, 'EXIT_ON_ERROR: not a valid boolean value (must be true/false, yes/no, or 0/1)'),
  'an empty key': variables({ LD_ENV_x: '' }, 'SDK key is required for environment "x"'),
  '53: removed variables': variables({ EVENTS_SAMPLING_INTERVAL: '5', LD_ENV_a: key }, 'EVENTS_SAMPLING_INTERVAL: this variable is no longer supported'),
  '53: a removed variable of an environment': variables({ LD_TTL_MINUTES_a: '5', LD_ENV_a: key }, 'LD_TTL_MINUTES_a: this variable is no longer supported; use LD_TTL_a'),
  'several contradictions (18.3)': variables({ AUTO_CONFIG_KEY: 'k', LD_ENV_a: key, FILE_DATA_SOURCE: 'x', TLS_ENABLED: '1' }, 'TLS cert and key are required if TLS is enabled, cannot configure specific environments if auto-configuration is enabled, cannot specify both auto-configuration key and file data source, cannot configure specific environments if offline mode is enabled'),
};

// What the program cannot do yet: refused, not silently accepted. `--help` says what that is.
const missing = {
  'Redis IAM authentication': `${good}[Redis]\nhost = h\ntls = true\nusername = u\nawsIamAuth = true\nawsIamCacheName = c\n`,
  Consul: `${good}[Consul]\nhost = h\n`,
  DynamoDB: `${good}[DynamoDB]\ntableName = t\n`,
  'automatic configuration': '[AutoConfig]\nkey = rel-1\n',
  'the offline archive': '[OfflineMode]\nfileDataSource = r.conf\n',
  'flagDelivery other than v1': `[Main]\nflagDelivery = v2\n${good}`,
};

async function refusal(t, { text, args = ['--config', 'r.conf'], env, files = {} }) {
  const folder = temporaryFolder(t);
  if (text !== undefined) fs.writeFileSync(path.join(folder, 'r.conf'), text);
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), content);
  return runProgram({ cwd: folder, args, env });
}

describe('configuration', { concurrency: 4 }, () => {
  for (const [title, row] of Object.entries(rows)) {
    it(`refused: ${title}`, { skip: row.skip }, async t => {
      const { code, stderr } = await refusal(t, row);
      const line = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{6} ERROR: /m.exec(stderr);
      assert.ok(line, `no error in the log format on stderr:\n${stderr}`);
      const text = stderr.slice(line.index + line[0].length).replace(/\n$/, '');
      if (row.error instanceof RegExp) assert.match(text, row.error); else assert.equal(text, row.error);
      assert.match(stderr.slice(0, line.index), row.before || /^$/);
      assert.equal(code, 1);
    });
  }

  it('what --help calls refused is refused, with what to do instead', async t => {
    const { stdout } = await refusal(t, { args: ['--help'] });
    for (const name of /^Refused by this version: (.*)\.$/m.exec(stdout)?.[1].split(', ') ?? []) {
      assert.ok(missing[name], `there is no configuration here that wants ${name}`);
      const { code, stderr } = await refusal(t, { text: missing[name] });
      assert.match(stderr, new RegExp(`ERROR: Unable to create relay: (.*, )?${name} is not available in this version; .{10}`));
      assert.equal(code, 1);
    }
  });

  it('60: a port that is taken', async t => {
    const server = net.createServer();
    await new Promise(done => server.listen(0, '::', done));
    t.after(() => server.close());
    const { port } = server.address();
    const { code, stderr } = await refusal(t, { text: `[Main]\nport = ${port}\nstreamUri = http://127.0.0.1:1\n${good}` });
    assert.match(stderr, new RegExp(`ERROR: Error starting http listener on port: ${port}  .*address already in use`));
    assert.equal(code, 1);
  });

  it('5: --version: one log line on stdout, whatever else is wrong', async t => {
    const { code, stdout, stderr } = await refusal(t, { args: ['--config', 'nope.conf', '--version'] });
    assert.match(stdout, /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{6} INFO: flagrelay version \d+\.\d+\S* \(compatible with ld-relay 8\.10\.1\)\n$/);
    assert.deepEqual([code, stderr], [0, '']);
  });

  it('--help names every option of the command line on stdout', async t => {
    for (const word of ['--help', '-h', '-help']) {
      const { code, stdout, stderr } = await refusal(t, { args: [word] });
      for (const option of ['config', 'allow-missing-file', 'from-env', 'version', 'check-config', 'print-config', 'data-file']) assert.match(stdout, new RegExp(`-${option}\\b`));
      assert.deepEqual([code, stderr], [0, '']);
    }
  });

  it('72: --check-config tells how it is, opens no socket, exit code 0 or 1', async t => {
    const folder = temporaryFolder(t);
    const port = await freePort();
    const server = net.createServer();
    await new Promise(done => server.listen(port, '::', done));
    t.after(() => server.close());
    fs.writeFileSync(path.join(folder, 'r.conf'), `[Main]\nport = ${port}\n${good}[SQLite]\npath = flags.db\n`);
    const right = await runProgram({ cwd: folder, args: ['--config', 'r.conf', '--check-config'] });
    assert.match(right.stdout, new RegExp(`^Configuration OK: 1 environment\\(s\\), SQLite, port ${port}$`, 'm'));
    assert.equal(right.code, 0);
    assert.deepEqual(fs.readdirSync(folder), ['r.conf']);
    const wrong = await refusal(t, { text: '[Main]\nprot = 1\n', args: ['--config', 'r.conf', '--check-config'] });
    assert.match(wrong.stderr, /variable "prot"/);
    assert.equal(wrong.code, 1);
  });

  it('72: --print-config can be loaded again, says the same, and shows no secret', async t => {
    const folder = temporaryFolder(t);
    const mobile = mobileKey();
    const text = `[Main]\nPORT = 8031\nheartbeatInterval = 1m30s\n[Environment "Shop Prod"]\nsdkKey = ${key}\nmobileKey = ${mobile}\nenvId = ${environmentId()}\nallowedOrigin = https://a.example, https://b.example\n[Events]\nmaxInboundPayloadSize = 1.5MiB\n`;
    fs.writeFileSync(path.join(folder, 'r.conf'), text);
    const first = await runProgram({ cwd: folder, args: ['--config', 'r.conf', '--print-config'] });
    assert.equal(first.code, 0);
    assert.ok(!first.stdout.includes(key) && !first.stdout.includes(mobile), first.stdout);
    assert.match(first.stdout, /^port = "?8031"? *; from r\.conf:2$/m);
    fs.writeFileSync(path.join(folder, 'r.conf'), first.stdout);
    const second = await runProgram({ cwd: folder, args: ['--config', 'r.conf', '--print-config'] });
    const values = output => output.replace(/ *;.*$/gm, '');
    assert.equal(values(second.stdout), values(first.stdout));
  });

  it('3, 29, 30, 31: file and variables together', async t => {
    const relay = await startRelay(t, {
      config: `[Main]\nport = {port}\nstreamUri = http://127.0.0.1:1\n[Environment "From File"]\n`,
      args: ['--from-env'], env: { 'LD_ENV_From File': key, 'LD_MOBILE_KEY_From File': mobileKey(), LD_ENV_second: other, LD_PREFIX_nowhere: 'x' },
    });
    const { environments } = await relay.status();
    assert.deepEqual(Object.keys(environments), ['From File', 'second']);
    await relay.waitLog(/INFO: Starting flagrelay version \S+ with configuration file relay\.conf plus environment variables$/m);
    await relay.waitLog(/WARN: LD_PREFIX_nowhere is set, but there is no environment "nowhere"; ignoring it$/m);
  });

  it('57: the first line says where the configuration is from, also with logLevel none', async t => {
    const relay = await startRelay(t, { env: { LD_ENV_a: key, STREAM_URI: 'http://127.0.0.1:1', LOG_LEVEL: 'none' } });
    assert.match(relay.log, /^\S+ \S+ INFO: Starting flagrelay version \S+ with configuration from environment variables\n/);
    assert.equal(relay.logCount(/Error in stream|retrying/), 0);
  });

  it('the configuration that options of other endpoints are part of is accepted whole', async t => {
    const relay = await startRelay(t, {
      config: `[Main]\nport = {port}\nstreamUri = "http://127.0.0.1:1"\nbaseUri = "http://127.0.0.1:1"\nclientSideBaseUri = "http://127.0.0.1:1"\nignoreConnectionErrors = true\n`
        + `[Filters "shop"]\nkeys = "small"\n[Events]\nsendEvents = true\neventsUri = "http://127.0.0.1:1"\nflushInterval = 1s\n`
        + `[Environment "prod"]\nsdkKey = "${key}"\nenvId = "${environmentId()}"\nprojKey = "shop"\nsecureMode = true\nallowedOrigin = "https://shop.example"\nallowedOrigin = "https://b.example"\nallowedHeader = "X-Custom"\nttl = 5m\n`,
    });
    assert.deepEqual(Object.keys((await relay.status()).environments), ['prod', 'prod/small']);
  });

  it('79: the packaged sample of the reference loads', async t => {
    const text = `; comments begin with a semicolon\n[main]\nexitOnError = false\nstreamUri = "https://stream.launchdarkly.com"\nbaseUri = "https://app.launchdarkly.com"\nexitAlways = false\nignoreConnectionErrors = true\nheartbeatInterval = 15s\n\n[events]\neventsUri = "https://events.launchdarkly.com"\nsendEvents = true\nflushInterval = 5s\ncapacity = 1000\n\n[environment "Default Project Production"]\nsdkKey = "sdk-11111111-1111-1111-1111-111111111111"\n\n[environment "Default Project Test"]\nsdkKey = "sdk-22222222-2222-2222-2222-222222222222"\n`;
    const { code, stdout } = await refusal(t, { text, args: ['--config', 'r.conf', '--check-config'] });
    assert.match(stdout, /^Configuration OK: 2 environment\(s\), no database, port 8030$/m);
    assert.equal(code, 0);
  });

  it('every example configuration of the repository is right', { timeout: 60000 * slowness }, async () => {
    const folder = path.join(root, 'examples');
    for (const name of fs.readdirSync(folder).filter(name => name.endsWith('.conf'))) {
      const { code, stdout, stderr } = await runProgram({ cwd: root, args: ['--config', path.join('examples', name), '--check-config'] });
      assert.equal(code, 0, `${name}: ${stdout}${stderr}`);
    }
  });
});
