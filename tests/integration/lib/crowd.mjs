// Thousands of connections from a process of their own (crowd.py), so that they do not use up the test's descriptors.
//
//   const crowd = await startCrowd(t, relay.port, 1000, requestText(...));
//   await crowd.wait('all closed', counts => counts.open === 0);   crowd.vanish();   crowd.close(100);
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './wait.mjs';

const script = path.join(path.dirname(fileURLToPath(import.meta.url)), 'crowd.py');

class Crowd {
  counts = { open: 0, closed: 0, answered: 0 };

  constructor(child) {
    this.child = child;
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) this.counts = JSON.parse(line);
    });
  }

  wait(what, holds, ms) {
    return until(() => `${what}; it is ${JSON.stringify(this.counts)}`, () => holds(this.counts) && this.counts, ms);
  }

  // Their machines are gone: nothing arrives there any more, and nobody says so.
  vanish() { this.child.stdin.write('vanish\n'); }
  close(count) { this.child.stdin.write(`close ${count}\n`); }
  end() { this.child.kill('SIGKILL'); }
}

// `how`: 'whole', or 'drip' for a byte every tenth of a second. Resolves when all have been dialled.
export async function startCrowd(t, port, count, text, how = 'whole') {
  const child = spawn('python3', [script, String(port), String(count), text, how], { stdio: ['pipe', 'pipe', 'inherit'] });
  const crowd = new Crowd(child);
  t.after(() => crowd.end());
  await crowd.wait(`${count} connections to be made`, ({ open, closed }) => open + closed === count, 60000);
  return crowd;
}
