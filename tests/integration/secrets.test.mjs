// Nothing that a relay wrote in a whole run of the tests may contain a key in full (configuration.md 20, line 59). It must run
// when the others are done: scripts/test does so, and names the folder of their logs in FLAGRELAY_SECRETS_IN.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { logFolder } from './lib/secrets.mjs';

const folder = process.env.FLAGRELAY_SECRETS_IN ?? logFolder;

describe('secrets', () => {
  it('59: no log and no status document contains a key', t => {
    const keys = new Set(fs.readFileSync(path.join(folder, 'keys.txt'), 'utf8').split('\n').filter(Boolean));
    const files = fs.readdirSync(folder).filter(name => name !== 'keys.txt');
    let bytes = 0;
    for (const name of files) {
      const text = fs.readFileSync(path.join(folder, name), 'utf8');
      bytes += text.length;
      const found = (text.match(/(?:sdk|mob)-[A-Za-z0-9-]+/g) ?? []).filter(word => keys.has(word));
      assert.deepEqual(found, [], `${path.join(folder, name)} shows a key`);
    }
    t.diagnostic(`${files.length} files, ${bytes} characters, ${keys.size} keys`);
    assert.ok(keys.size > 0 && bytes > 0, `there are no logs in ${folder}`);
  });
});
