// What node_reporter.mjs wrote, over one or two runs: a file that was run twice counts as it did the second time.
//
//   node_tally.mjs again RESULTS    the files that deserve a second run, alone: what failed there may be a matter of time
//   node_tally.mjs count RESULTS    "PASSED FAILED"
import fs from 'node:fs';

const [what, results] = process.argv.slice(2);
const files = new Map();
for (const line of fs.readFileSync(results, 'utf8').split('\n').filter(Boolean)) {
  const file = JSON.parse(line);
  files.set(file.file, file);
}
if (what === 'again') {
  for (const { file, failed, final } of files.values()) if (failed > 0 && !final) console.log(file);
} else {
  const sum = name => [...files.values()].reduce((total, file) => total + file[name], 0);
  console.log(`${sum('passed')} ${sum('failed')}`);
}
