import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { platform } from 'node:process';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

/** @returns niceness and policy of a thread that has asked for it, and of the one that it left alone */
async function priorityAfter(ask: string) {
  const module = new URL('./low-priority.ts', import.meta.url).href;
  const worker = new Worker(
    `const { readFileSync } = require('node:fs');
    const { parentPort } = require('node:worker_threads');
    // After the name in brackets: niceness and policy are the 19th and the 41st field.
    const own = (file) => {
      const fields = readFileSync(file, 'utf8').split(') ').at(-1).split(' ');
      return [Number(fields[16]), Number(fields[38])];
    };
    void (async () => {
      const asked = await import(${JSON.stringify(module)});
      await asked.${ask}();
      parentPort.postMessage({ own: own('/proc/thread-self/stat'), main: own('/proc/self/stat') });
    })();`,
    { eval: true },
  );
  const [answer] = (await once(worker, 'message')) as [{ readonly own: number[]; readonly main: number[] }];
  await worker.terminate();
  return answer;
}

test.runIf(platform === 'linux')(
  'a thread that works in the background goes behind, and its process does not',
  async () => {
    const main = [getPriority(), 0];
    expect(await priorityAfter('lowerPriority')).toEqual({ own: [Math.min(19, getPriority() + 5), 0], main });
    // 5 is SCHED_IDLE.
    const policy = spawnSync('chrt', ['-m']).status === 0 ? 5 : 0;
    expect(await priorityAfter('yieldToAll')).toEqual({ own: [19, policy], main });
  },
);
