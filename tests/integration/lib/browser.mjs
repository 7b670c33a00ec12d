// Pages in a real, headless Chromium, driven over the DevTools protocol on two pipes.
//
//   const browser = await startBrowser(t);   const page = await browser.open(t, relay.port);
//   await page.run(async (a, b) => ..., 1, 2);   page.requests -> [{ method, url, status, protocol, failed }] to that port
//
// Each page is a profile of its own. The browser can reach 127.0.0.1, also named localhost, and nothing else.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './secrets.mjs';
import { startServer } from './server.mjs';
import { until, within } from './wait.mjs';

const modules = path.join(root, 'tests/integration/node_modules');
const driver = path.join(root, 'tests/integration/lib/browser_sdk.mjs');
const switches = [
  '--headless=new', '--no-sandbox', '--remote-debugging-pipe', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-extensions',
  '--no-proxy-server', '--ignore-certificate-errors', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost', '--log-level=3',
];

// The names under which scripts in a page import the SDKs.
const imports = {
  'launchdarkly-js-client-sdk': '/launchdarkly-js-client-sdk/dist/ldclient.es.js',
  'launchdarkly-js-client-sdk-2': '/launchdarkly-js-client-sdk-2/dist/ldclient.es.js',
  '@launchdarkly/js-client-sdk': '/@launchdarkly/js-client-sdk/dist/index.js',
  '@openfeature/core': '/@openfeature/core/dist/esm/index.js',
  '@openfeature/web-sdk': '/@openfeature/web-sdk/dist/esm/index.js',
  '@openfeature/ofrep-core': '/@openfeature/ofrep-web-provider/node_modules/@openfeature/ofrep-core/index.esm.js',
  '@openfeature/ofrep-web-provider': '/@openfeature/ofrep-web-provider/index.esm.js',
};
const empty = `<!doctype html><title>test</title><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify({ imports })}</script>`;

// A server for pages: `/` loads nothing by itself, /sdk.mjs is lib/browser_sdk.mjs, every other path a file of node_modules.
async function startPages(t) {
  const server = await startServer(t, (req, res) => {
    const target = req.url.split('?')[0];
    if (target === '/') { res.writeHead(200, { 'Content-Type': 'text/html' }).end(empty); return; }
    const file = target === '/sdk.mjs' ? driver : path.join(modules, path.normalize(target));
    if (!fs.existsSync(file)) { res.writeHead(404).end(); return; }
    res.writeHead(200, { 'Content-Type': 'text/javascript' }).end(fs.readFileSync(file));
  });
  return server.uri;
}

class Page {
  requests = [];            // those to the port it was opened with, in order
  console = [];

  constructor(browser, session, port) { this.browser = browser; this.session = session; this.port = port; }

  send(method, params) { return this.browser.send(method, params, this.session); }

  // Goes to the empty page, from wherever it is.
  async empty() {
    await this.send('Page.navigate', { url: `${this.browser.origin}/` });
    await this.run(() => new Promise(done => { if (document.title === 'test') done(); else addEventListener('load', done); }));
  }

  // Runs the function in the page and returns what it resolves to; its arguments and its result travel as JSON.
  async run(code, ...words) {
    const expression = `(${code})(...${JSON.stringify(words)})`;
    const { result, exceptionDetails } = await within(() => `the page to run ${code}\n${this.story()}`, this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true }), 20000);
    if (exceptionDetails) throw new Error(`the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}\n${this.story()}`);
    return result.value;
  }

  // Runs the text as a module script; what it prints is kept in `console`.
  script(text) { return this.run(code => { document.head.append(Object.assign(document.createElement('script'), { type: 'module', textContent: code })); }, text); }

  // What it asked for, and what it said.
  story() { return [...this.requests.map(one => `${one.method} ${one.url} ${one.failed ?? one.status ?? 'open'}`), ...this.console].join('\n'); }

  // The first request from position `from` on that fits and has been answered, or has failed.
  request(fits, from = 0) {
    return until(() => `a request of the page like ${fits}; there were\n${this.story()}`,
      () => this.requests.slice(from).find(one => fits(one) && (one.status || one.failed)));
  }

  take(method, params) {
    if (method === 'Network.requestWillBeSent' && new URL(params.request.url).port === String(this.port)) {
      const { method: verb, url } = params.request;
      this.requests.push({ id: params.requestId, method: verb, url: url.slice(new URL(url).origin.length), preflight: params.initiator?.type === 'preflight' });
    }
    const one = this.requests.findLast(({ id }) => id === params.requestId);
    if (one && method === 'Network.responseReceived') Object.assign(one, { status: params.response.status, protocol: params.response.protocol });
    if (one && method === 'Network.loadingFailed') one.failed = params.corsErrorStatus?.corsError ?? params.errorText;
    if (method === 'Runtime.consoleAPICalled') this.console.push(params.args.map(arg => arg.value ?? arg.description).join(' '));
  }
}

class Browser {
  #last = 0;
  #waiting = new Map();
  #pages = new Map();       // session -> Page
  errors = '';

  constructor(child, origin) {
    this.child = child;
    this.origin = origin;
    this.gone = new Promise(done => child.on('close', done));
    child.stderr.setEncoding('utf8').on('data', text => { this.errors = (this.errors + text).slice(-4000); });
    let rest = '';
    child.stdio[4].setEncoding('utf8').on('data', text => {
      const parts = (rest + text).split('\0');
      rest = parts.pop();
      for (const part of parts) this.#take(JSON.parse(part));
    });
    child.stdio[3].on('error', () => {});
  }

  #take({ id, result, error, method, params, sessionId }) {
    if (id === undefined) { this.#pages.get(sessionId)?.take(method, params); return; }
    const { done, fail, what } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) fail(new Error(`${what}: ${error.message}`)); else done(result);
  }

  send(method, params = {}, sessionId) {
    const id = ++this.#last;
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const answer = new Promise((done, fail) => this.#waiting.set(id, { done, fail, what: method }));
    const ended = this.gone.then(code => { throw new Error(`Chromium ended with ${code}:\n${this.errors}`); });
    return Promise.race([answer, ended]);
  }

  // A new page, in a profile of its own; what it asks for at that port is kept in `requests`.
  async open(t, port) {
    const { browserContextId } = await this.send('Target.createBrowserContext');
    t.after(() => this.send('Target.disposeBrowserContext', { browserContextId }));
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId, port);
    this.#pages.set(sessionId, page);
    await Promise.all(['Page', 'Runtime', 'Network'].map(domain => page.send(`${domain}.enable`)));
    await page.empty();
    return page;
  }
}

// One browser for all tests of a file; it ends with `t`, the suite's or a test's context.
export async function startBrowser(t) {
  const origin = await startPages(t);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flagrelay-test-browser-'));
  const child = spawn('chromium', [...switches, `--user-data-dir=${folder}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: folder } });
  await within('Chromium to start', new Promise((done, fail) => { child.once('spawn', done); child.once('error', fail); }));
  const browser = new Browser(child, origin);
  t.after(async () => {
    browser.send('Browser.close').catch(() => {});
    await within('the end of Chromium', browser.gone).catch(() => child.kill('SIGKILL'));
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  await within(() => `Chromium to answer\n${browser.errors}`, browser.send('Browser.getVersion'), 30000);
  return browser;
}
