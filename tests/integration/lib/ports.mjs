// Free ports for programs that cannot choose one themselves. Test files run side by side, and the relay shares its
// port between threads (SO_REUSEPORT), so a port is reserved by a lock file until this process ends.
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const folder = path.join(os.tmpdir(), `flagrelay-test-ports-${process.getuid()}`);
const mine = [];
process.on('exit', () => { for (const file of mine) fs.rmSync(file, { force: true }); });

function alive(pid) {
  try { process.kill(pid, 0); return true; } catch { return false; }
}

function reserve(file) {
  for (let tries = 0; tries < 2; tries++) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      mine.push(file);
      return true;
    } catch (problem) {
      if (problem.code !== 'EEXIST') throw problem;
      const owner = Number(fs.readFileSync(file, 'utf8'));
      if (owner === 0 || alive(owner)) return false;
      fs.rmSync(file, { force: true });
    }
  }
  return false;
}

const bindable = port => new Promise(done => {
  const probe = net.createServer();
  probe.once('error', () => done(false));
  probe.listen(port, '::', () => probe.close(() => done(true)));
});

// Below the range from which the system takes ports for outgoing connections.
export async function freePort() {
  fs.mkdirSync(folder, { recursive: true });
  for (let tries = 0; tries < 2000; tries++) {
    const port = 10000 + Math.floor(Math.random() * 22000);
    if (reserve(path.join(folder, String(port))) && await bindable(port)) return port;
  }
  throw new Error('no free port found between 10000 and 32000');
}
