// Runs the measurements named on the command line, or all of them, and prints a Markdown table. Called by scripts/bench.
//
//   node bench.mjs [NAME...] [option=NUMBER...]
//
// Exit status 1 when a target was missed.
import os from 'node:os';
import * as databases from './databases.mjs';
import * as events from './events.mjs';
import * as members from './members.mjs';
import * as put from './put.mjs';
import * as requests from './requests.mjs';
import * as segments from './segments.mjs';
import * as start from './start.mjs';
import * as streams from './streams.mjs';

const measurements = { start, streams, requests, put, databases, segments, members, events };

const digits = value => value === undefined ? '' : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

function rowText({ measure, unit, floor, relay, ratio, target, met }) {
  const verdict = target ? `${target}${met ? '' : ' **missed**'}` : '';
  const cells = [measure, floor === undefined ? '' : `${digits(floor)} ${unit}`, `${digits(relay)} ${unit}`, digits(ratio), verdict];
  return `| ${cells.join(' | ')} |`;
}

function usage() {
  console.error(`usage: scripts/bench [${Object.keys(measurements).join('|')}]... [option=NUMBER]...`);
  for (const [name, { about, options }] of Object.entries(measurements)) console.error(`  ${name}: ${about}; ${Object.entries(options).map(([option, value]) => `${option}=${value}`).join(' ')}`);
  process.exit(2);
}

const words = process.argv.slice(2);
const changed = Object.fromEntries(words.filter(word => /^\w+=\d+$/.test(word)).map(word => word.split('=')).map(([name, value]) => [name, Number(value)]));
const names = words.filter(word => !word.includes('='));
const known = new Set(Object.values(measurements).flatMap(({ options }) => Object.keys(options)));
if (names.some(name => !measurements[name]) || Object.keys(changed).length + names.length < words.length || Object.keys(changed).some(name => !known.has(name))) usage();

let missed = 0;
for (const name of names.length ? names : Object.keys(measurements)) {
  const { options, run } = measurements[name];
  const settings = Object.fromEntries(Object.entries(options).map(([option, value]) => [option, changed[option] ?? value]));
  const { title, rows, text = '', beside = 'floor', limit = 'at most' } = await run(settings);
  console.log(`\n${title}\n\n| measure | ${beside} | flagrelay | ratio | ${limit} |\n|---|---|---|---|---|`);
  for (const row of rows) console.log(rowText(row));
  if (text) console.log(`\n${text}`);
  missed += rows.filter(row => row.target && !row.met).length;
}
console.log(`\n${os.cpus().length} processors (${os.cpus()[0].model.trim()}), Linux ${os.release()}`);
process.exit(missed ? 1 : 0);
