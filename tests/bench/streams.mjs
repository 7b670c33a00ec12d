// Many idle streams on /all, and one changed flag sent to all of them: the relay and the floor in one run.
import fs from 'node:fs';
import { accepting, freePort, healthy, key, measure, median, relayProgram, start, startUpstream, stop, tool, writeConfig } from './programs.mjs';

export const about = 'idle streams and fan-out, beside the least that any server could do';
export const options = { streams: 15000, flags: 1000, rounds: 7 };

// Sizes of the put and of a patch on the wire of this relay, so that the floor sends as much.
async function sizes(port, upstream) {
  const answer = await fetch(`http://127.0.0.1:${port}/all`, { headers: { Authorization: key } });
  const reader = answer.body.getReader();
  const event = async () => {
    let text = '';
    while (!text.endsWith('\n\n')) text += Buffer.from((await reader.read()).value).toString('latin1');
    return text.length;
  };
  const put = await event();
  await fetch(`http://127.0.0.1:${upstream.port}/patch`);
  const patch = await event();
  await reader.cancel();
  return { put, patch };
}

async function measureRelay({ streams, flags, rounds }) {
  const upstream = await startUpstream(flags);
  const port = await freePort();
  const relay = start(relayProgram, '--config', writeConfig(port, upstream));
  await healthy(port);
  const bytes = await sizes(port, upstream);
  const values = await measure(tool('sseload'), port, '/all', key, streams, upstream.port, '/patch', rounds, relay.pid);
  await Promise.all([stop(relay), stop(upstream.child)]);
  return { values, bytes };
}

async function measureFloor({ streams, rounds }, { put, patch }) {
  const [port, trigger] = [await freePort(), await freePort()];
  const floor = start(tool('floor'), port, trigger, put, patch);
  await accepting(port);
  const values = await measure(tool('sseload'), port, '/all', key, streams, trigger, '/patch', rounds, floor.pid);
  await stop(floor);
  return values;
}

function needDescriptors(streams) {
  const soft = Number(/Max open files\s+(\d+)/.exec(fs.readFileSync('/proc/self/limits', 'utf8'))[1]);
  if (soft < streams + 300) throw new Error(`${streams} streams need ${streams + 300} descriptors; the limit is ${soft} (ulimit -n)`);
}

export async function run(settings) {
  needDescriptors(settings.streams);
  const { values: relay, bytes } = await measureRelay(settings);
  const floor = await measureFloor(settings, bytes);
  const perStream = of => (of.rss_after_kib[0] - of.rss_before_kib[0]) / settings.streams;
  const fanOut = (of, name) => median(of[`fan_out_${name}_ms`]);
  const ratio = (measure, unit, floorValue, relayValue, most) => ({ measure, unit, floor: floorValue, relay: relayValue, ratio: relayValue / floorValue, target: most && `${most} x floor`, met: !most || relayValue <= most * floorValue });
  return {
    title: `${settings.streams.toLocaleString('en')} streams, ${settings.flags.toLocaleString('en')} flags (first event ${Math.round(bytes.put / 1000)} kB, patch ${bytes.patch} B)`,
    rows: [
      { measure: 'memory (RSS) per idle stream', unit: 'KiB', floor: perStream(floor), relay: perStream(relay), target: '2 KiB', met: perStream(relay) <= 2 },
      ratio('time until all had their first event', 's', floor.connect_s[0], relay.connect_s[0]),
      ratio('CPU to connect them', 's', floor.connect_cpu_s[0], relay.connect_cpu_s[0], 1.5),
      ratio(`change to median stream (median of ${settings.rounds})`, 'ms', fanOut(floor, 'median'), fanOut(relay, 'median')),
      ratio('change to last stream', 'ms', fanOut(floor, 'last'), fanOut(relay, 'last'), 0.9),
      ratio('CPU to fan it out', 'ms', fanOut(floor, 'cpu'), fanOut(relay, 'cpu'), 1.5),
    ],
  };
}
