/** Job types that behave as tests want. Threads load this module, too. */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TarsierError } from '@tarsier/protocol';
import { z } from 'zod';
import { defineJobType, jobTypesOf } from './job-type.ts';
import { threadCpuMs } from './threads/thread-cpu.ts';

const anything = z.looseObject({});

const noop = defineJobType({
  name: 'noop',
  summary: 'Does nothing.',
  payload: anything,
  runs: 'inline',
  limits: { maxAttempts: 5 },
  estimateMs: () => 1,
  run: () => Promise.resolve(),
});

const echo = defineJobType({
  name: 'echo',
  summary: 'Answers with its payload.',
  payload: anything,
  runs: 'inline',
  estimateMs: () => 1,
  run: (payload) => Promise.resolve(payload),
});

const pauses = (name: string) =>
  defineJobType({
    name,
    summary: 'Waits, and heeds its signal unless it is stubborn.',
    payload: z.object({ ms: z.number(), stubborn: z.boolean().default(false) }),
    runs: 'inline',
    estimateMs: ({ ms }) => ms,
    async run({ ms, stubborn }, { signal, attempt }) {
      await sleep(ms, undefined, stubborn ? {} : { signal });
      return { attempt };
    },
  });
const pause = pauses('pause');
/** The same for a worker that takes nothing else. */
const doze = pauses('doze');

const poison = defineJobType({
  name: 'poison',
  summary: 'Takes its whole process along, as the system does with one that takes too much memory.',
  payload: anything,
  runs: 'inline',
  limits: { maxAttempts: 2 },
  estimateMs: () => 1,
  async run() {
    // oxlint-disable-next-line no-restricted-globals
    process.kill(process.pid, 'SIGKILL');
    await sleep(60_000);
  },
});

const fails = defineJobType({
  name: 'fails',
  summary: 'Fails so many times.',
  payload: z.object({ times: z.number(), retryable: z.boolean().default(true) }),
  runs: 'inline',
  limits: { maxAttempts: 3 },
  estimateMs: () => 1,
  async run({ times, retryable }, { attempt }) {
    if (attempt <= times) throw new TarsierError('test/failed', `attempt ${attempt} failed`, { retryable });
    return { attempt };
  },
});

const hostile = defineJobType({
  name: 'hostile',
  summary: 'Answers with what a database can not keep.',
  payload: z.object({ how: z.enum(['nul', 'surrogate', 'cycle', 'deep', 'bigint', 'huge']) }),
  runs: 'inline',
  estimateMs: () => 1,
  async run({ how }) {
    if (how === 'nul') return { text: 'a\u0000b', '\u0000': '\\u0000' };
    if (how === 'surrogate') return { text: '\ud800' };
    if (how === 'bigint') return { value: 1n };
    if (how === 'huge') return 'x'.repeat(5 * 1024 * 1024);
    if (how === 'deep') {
      let deep: unknown = 1;
      for (let level = 0; level < 3_000; level++) deep = [deep];
      return deep;
    }
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    return cycle;
  },
});

const compute = defineJobType({
  name: 'compute',
  summary: 'Uses CPU, holds memory, or never ends.',
  payload: z.object({
    ms: z.number().default(0),
    cpuMs: z.number().default(0),
    memoryMb: z.number().default(0),
    endless: z.boolean().default(false),
    exit: z.boolean().default(false),
    touch: z.string().optional(),
    estimateMs: z.number().default(50),
  }),
  runs: 'thread',
  limits: { memoryMb: 128, maxAttempts: 2 },
  estimateMs: ({ estimateMs }) => estimateMs,
  async run({ ms, cpuMs, memoryMb, endless, exit, touch }, { progress, log, jobId, attempt }) {
    log('info', 'computing', { attempt });
    if (touch !== undefined) writeFileSync(touch, jobId);
    // oxlint-disable-next-line no-restricted-globals
    if (exit) process.exit(3);
    const held: Float64Array[] = [];
    for (let megabytes = 0; megabytes < memoryMb; megabytes += 8) {
      held.push(new Float64Array(1024 * 1024).fill(1));
      await sleep(5);
    }
    const computed = threadCpuMs() ?? 0;
    while ((threadCpuMs() ?? Infinity) - computed < cpuMs);
    const until = performance.now() + ms;
    for (let step = 0; endless || performance.now() < until; step++) {
      if (!endless && step % 100_000 === 0) progress({ ratio: 0.5, metrics: { step } });
    }
    return { held: held.length };
  },
});

export const jobTypes = jobTypesOf([noop, echo, pause, doze, poison, fails, hostile, compute]);
