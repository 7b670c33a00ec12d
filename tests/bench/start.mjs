// From the start of the process to `healthy` on /status, and the memory of an idle relay.
import { freePort, measure, median, relayProgram, startUpstream, stop, tool, writeConfig } from './programs.mjs';

export const about = 'time until healthy, memory when idle';
export const options = { flags: 1000, starts: 21 };

export async function run({ flags, starts }) {
  const upstream = await startUpstream(flags);
  const values = { healthy_ms: [], rss_kib: [] };
  for (let i = 0; i < starts; i++) {
    const port = await freePort();
    const once = await measure(tool('starttime'), port, relayProgram, '--config', writeConfig(port, upstream));
    for (const name of Object.keys(values)) values[name].push(...once[name]);
  }
  await stop(upstream.child);
  const ms = median(values.healthy_ms);
  const mib = median(values.rss_kib) / 1024;
  return {
    title: `start with ${flags.toLocaleString('en')} flags (median of ${starts})`,
    rows: [
      { measure: 'start to healthy', unit: 'ms', relay: ms, target: '15 ms', met: ms <= 15 },
      { measure: 'memory (RSS) when idle', unit: 'MiB', relay: mib, target: '10 MiB', met: mib <= 10 },
    ],
  };
}
