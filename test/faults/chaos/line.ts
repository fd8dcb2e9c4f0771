/** A machine of its own for an agent, as far as the network goes: a network namespace whose one line can be unplugged. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface Line {
  /** What runs a program at the far end: to be put in front of its command line. */
  readonly command: readonly string[];
  /** Address of this end. */
  readonly near: string;
  /** Nothing goes through for so long, and neither side is told; with `flapping` it comes and goes. */
  unplug(ms: number, flapping: boolean): Promise<void>;
  remove(): Promise<void>;
}

const shell = promisify(execFile);
const flapMs = 300;

/** @returns undefined where this process may not make network namespaces */
export async function openLine(): Promise<Line | undefined> {
  const name = `tarsier-${process.pid}`;
  const [near, far] = [`tsr${process.pid}a`, `tsr${process.pid}b`];
  // A /30 of its own, so that two runs on one machine do not meet.
  const net = `10.203.${(process.pid >> 6) & 255}`;
  const first = (process.pid & 63) * 4;
  const ip = async (...args: string[]): Promise<void> => void (await shell('ip', args));
  const remove = async (): Promise<void> => {
    await ip('netns', 'del', name).catch(() => {});
    await ip('link', 'del', near).catch(() => {});
  };
  try {
    await ip('netns', 'add', name);
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
    await ip('addr', 'add', `${net}.${first + 1}/30`, 'dev', near);
    await ip('link', 'set', near, 'up');
    await ip('-n', name, 'addr', 'add', `${net}.${first + 2}/30`, 'dev', far);
    await ip('-n', name, 'link', 'set', far, 'up');
    await ip('-n', name, 'link', 'set', 'lo', 'up');
  } catch {
    await remove();
    return undefined;
  }
  return {
    command: ['ip', 'netns', 'exec', name],
    near: `${net}.${first + 1}`,
    async unplug(ms, flapping) {
      const end = Date.now() + ms;
      try {
        do {
          await ip('-n', name, 'link', 'set', far, 'down');
          await sleep(flapping ? flapMs : ms);
          await ip('-n', name, 'link', 'set', far, 'up');
          if (flapping) await sleep(flapMs);
        } while (Date.now() < end);
      } finally {
        await ip('-n', name, 'link', 'set', far, 'up');
      }
    },
    remove,
  };
}
