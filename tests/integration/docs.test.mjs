// Every example of README.md and docs/*.md is run. A fenced block takes part when `test` stands behind its language:
//
//   ```ini test file=relay.conf     the block is written to that file, beside examples/
//   ```console test                 `$ ` starts a command; the lines below are its output, where `...` stands for anything.
//                                   No lines below: only the exit status must be 0.
//   ```js test, ```python test      run by node or Python, beside a relay with examples/flags.yaml; the next `text` block is its output
//   ```js browser                   the same in a page: browser.test.mjs
//
// All console blocks of a document run in one shell, in a folder of their own; port 8030 becomes a free one.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { blocksOf } from './lib/documents.mjs';
import { freePort } from './lib/ports.mjs';
import { program, runProgram, startRelay, temporaryFolder } from './lib/relay.mjs';
import { root } from './lib/secrets.mjs';
import { slowness, until, within } from './lib/wait.mjs';

const documents = ['README.md', ...fs.readdirSync(path.join(root, 'docs')).filter(name => name.endsWith('.md')).map(name => `docs/${name}`)];

const interpreters = { js: [process.execPath, '-e'], python: [path.join(root, '.cache/python/bin/python'), '-c'] };

// Does the text look like this, `...` standing for anything?
function looksLike(text, wanted) {
  const parts = wanted.trimEnd().split('...').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*?')}\\s*$`).test(text);
}

// A shell that keeps its variables and background jobs from one command to the next.
class Shell {
  #text = '';
  constructor(t, cwd, port) {
    this.port = port;
    const folder = path.dirname(program);
    this.child = spawn('bash', ['--norc'], { cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: `${folder}:${process.env.PATH}`, HOME: cwd } });
    for (const stream of ['stdout', 'stderr']) this.child[stream].setEncoding('utf8').on('data', text => { this.#text += text; });
    const gone = new Promise(done => this.child.once('close', done));
    t.after(async () => { try { process.kill(-this.child.pid, 'SIGKILL'); } catch { /* it ended */ } await gone; });
  }

  // { output, status } of one command; behind one that ends with & somebody listens on the port.
  async run(command) {
    const from = this.#text.length;
    this.child.stdin.write(`${command}\necho "@@$?"\n`);
    const [, output, status] = await until(() => `the end of ${command}\n${this.#text.slice(from)}`, () => /^([^]*)@@(\d+)\n$/.exec(this.#text.slice(from)), 30000);
    if (command.endsWith('&')) await until('the relay to listen', () => new Promise(done => {
      const socket = net.connect(this.port, '127.0.0.1', () => { socket.destroy(); done(true); });
      socket.on('error', () => done(false));
    }));
    return { output, status: Number(status) };
  }
}

// [{ command, wanted }] of a console block; a backslash at the end of a line continues the command.
function commandsOf(text) {
  const commands = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const last = commands.at(-1);
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), wanted: '' });
    else if (last?.command.endsWith('\\')) last.command += `\n${line}`;
    else last.wanted += line + '\n';
  }
  return commands;
}

describe('documents', { concurrency: 2 }, () => {
  for (const document of documents) {
    it(`the examples of ${document}`, { timeout: 120000 * slowness }, async t => {
      const folder = temporaryFolder(t);
      const port = await freePort();
      fs.symlinkSync(path.join(root, 'examples'), path.join(folder, 'examples'));
      fs.mkdirSync(path.join(folder, 'build'));
      fs.symlinkSync(program, path.join(folder, 'build/flagrelay'));
      const here = text => text.replaceAll('8030', String(port));
      const shell = new Shell(t, folder, port);
      let ran = 0;
      for (const { language, words, text, line } of blocksOf(document)) {
        if (words[0] !== 'test' || interpreters[language]) continue;
        const file = words.find(word => word.startsWith('file='))?.slice(5);
        if (file) { fs.writeFileSync(path.join(folder, file), here(text)); ran++; continue; }
        assert.equal(language, 'console', `${document}:${line}: nothing can be done with this block`);
        for (const { command, wanted } of commandsOf(here(text))) {
          const { output, status } = await shell.run(command);
          if (wanted) assert.ok(looksLike(output, wanted), `${document}:${line}: ${command}\nprinted\n${output}\nnot\n${wanted}`);
          else assert.equal(status, 0, `${document}:${line}: ${command}\n${output}`);
          ran++;
        }
      }
      t.diagnostic(`${document}: ${ran} examples`);
    });
  }

  for (const document of documents) {
    const blocks = blocksOf(document);
    for (const [i, { language, words, text, line }] of blocks.entries()) {
      if (words[0] !== 'test' || !interpreters[language]) continue;
      it(`the program at ${document}:${line} prints what is said there`, { timeout: 120000 * slowness }, async t => {
        const relay = await startRelay(t, { args: ['--data-file', path.join(root, 'examples/flags.yaml')] });
        await relay.waitHealthy();
        const [command, option] = interpreters[language];
        const child = spawn(command, [option, text.replaceAll('8030', String(relay.port))], { cwd: path.join(root, 'tests/integration') });
        t.after(() => child.kill('SIGKILL'));
        const out = { stdout: '', stderr: '' };
        for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', part => { out[name] += part; });
        await within(() => `the end of the example; ${out.stderr}`, new Promise(done => child.on('close', done)), 20000);
        assert.equal(blocks[i + 1].language, 'text');
        assert.equal(out.stdout, blocks[i + 1].text, out.stderr);
      });
    }
  }

  it('the quickstart prints the lines of the README', () => {
    const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
    const lines = fs.readFileSync(path.join(root, 'scripts/quickstart'), 'utf8').split('\n').filter(line => /^ {2}const (url|client)/.test(line));
    assert.equal(lines.length, 2);
    for (const line of lines) assert.ok(readme.includes(line.trim().replaceAll('$port', '8030')), `README.md lacks: ${line.trim()}`);
  });

  it('links between the documents lead somewhere', () => {
    for (const document of documents) {
      for (const [, target] of fs.readFileSync(path.join(root, document), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
        assert.ok(fs.existsSync(path.join(root, path.dirname(document), target)), `${document} links to ${target}`);
      }
    }
  });

  it('the README says what this version refuses, and what it answers with 404', async t => {
    const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
    const { stdout } = await runProgram({ args: ['--help'] });
    assert.equal(/^\| refused at the start \| (.*) \|$/m.exec(readme)?.[1], /^Refused by this version: (.*)\.$/m.exec(stdout)?.[1]);
    const relay = await startRelay(t, { args: ['--data-file', path.join(root, 'examples/flags.yaml')] });
    const paths = [.../^\| answered with 404; .*\| (.*) \|$/m.exec(readme)[1].matchAll(/`([^`]+)`/g)].map(([, target]) => target.replace('...', 'x'));
    assert.ok(paths.length > 0);
    for (const target of paths) assert.equal((await relay.get(target, { Authorization: 'sdk-local' })).status, 404, target);
  });

  it('every configuration in docs/configuration.md is right', async t => {
    const folder = temporaryFolder(t);
    const files = { 'sdk-key': 'sdk-from-a-file', 'redis-password': 'x', 'flags.yaml': 'flagValues: {a: 1}', 'demo.json': '{"flagValues":{"b":1}}', 'more.json': '{"flagValues":{"c":1}}' };
    for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), content);
    let seen = 0;
    for (const { language, text, line } of blocksOf('docs/configuration.md')) {
      if (language !== 'conf' && language !== 'env') continue;
      const here = text.replaceAll('/etc/flagrelay/', `${folder}/`);
      const words = language === 'conf' ? ['--config', 'block.conf'] : ['--from-env'];
      const env = language === 'env' ? Object.fromEntries(here.trim().split('\n').map(pair => pair.split(/=(.*)/s).slice(0, 2))) : {};
      if (language === 'conf') fs.writeFileSync(path.join(folder, 'block.conf'), here);
      const { code, stdout, stderr } = await runProgram({ cwd: folder, args: [...words, '--check-config'], env });
      assert.equal(code, 0, `docs/configuration.md:${line}: ${stdout}${stderr}`);
      seen++;
    }
    assert.ok(seen > 5);
  });

  it('functions and files that docs/architecture.md names are there', () => {
    const page = fs.readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');
    const hops = [...page.matchAll(/^ +\d +(\w+)\(\) +(\S+\.c) /gm)];
    const folders = fs.readdirSync(path.join(root, 'src'));
    assert.equal(hops.length, 5);
    for (const [, name, file] of hops) assert.match(fs.readFileSync(path.join(root, 'src', file), 'utf8'), new RegExp(`^[^*]*\\b${name}\\(`, 'm'), `${file} has no ${name}()`);
    for (const [, file] of page.matchAll(/`(?:src\/)?((?:[a-z]+\/)?[a-z_]+\.[ch])`/g)) {
      assert.ok([file, ...folders.map(folder => `${folder}/${file}`)].some(name => fs.existsSync(path.join(root, 'src', name))), `there is no src/${file}`);
    }
  });
});
