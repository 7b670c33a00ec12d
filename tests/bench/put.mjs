// One huge put from upstream, all of it on one line: how much memory it takes beside the data itself.
import { freePort, healthy, memory, relayProgram, start, startUpstream, stop, writeConfig } from './programs.mjs';

export const about = 'a huge put from upstream';
export const options = { megabytes: 300, kilobytes: 10 };

export async function run({ megabytes, kilobytes }) {
  const upstream = await startUpstream(Math.ceil(megabytes * 1000 / kilobytes), kilobytes * 1000);
  const port = await freePort();
  const began = performance.now();
  const relay = start(relayProgram, '--config', writeConfig(port, upstream));
  await healthy(port, 60);
  const seconds = (performance.now() - began) / 1000;
  const peak = memory(relay, 'VmHWM');
  const size = megabytes * 1e6 / 1048576;
  await Promise.all([stop(relay), stop(upstream.child)]);
  return {
    title: `a put of ${megabytes} MB, items of ${kilobytes} kB`,
    rows: [
      { measure: 'start to healthy', unit: 's', relay: seconds },
      { measure: 'most memory (RSS) ever; floor: the put itself', unit: 'MiB', floor: size, relay: peak, ratio: peak / size, target: '1.4 x floor', met: peak <= 1.4 * size },
    ],
  };
}
