import { definePlugin } from '@tarsier/plugins';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createAgent } from './agent.ts';
import { loadConfig } from './config/config.ts';
import { systemClock, type Clock } from './scrape/clock.ts';
import { recordingLog, startReceiver, temporaryFolder } from './testing.ts';

const hourMs = 3_600_000;

/** An agent on a clock that can be set, shipping to a real receiver, with a plugin that counts its scrapes. */
async function startOnClock({ flushMs = 300, hurryAt = -1 } = {}) {
  let setMs = 0;
  const clock: Clock = { ...systemClock, now: () => Date.now() + setMs };
  const counting = definePlugin({
    name: 'counting',
    summary: 'Counts its scrapes.',
    config: z.object({}),
    metrics: { scrapes_total: { kind: 'counter', unit: '', help: 'Scrapes.' } },
    create() {
      let scrapes = 0;
      return {
        scrape(out) {
          if (++scrapes === hurryAt) out.hurry();
          out.counter('scrapes_total', scrapes);
        },
      };
    },
  });
  const receiver = await startReceiver();
  const { log, lines } = recordingLog();
  const spool = await temporaryFolder();
  const settings = { url: receiver.url.origin, key: 'tsr_k', host: 'h', spool, intervalMs: 100, flushMs };
  const agent = await createAgent(loadConfig(JSON.stringify(settings), {}, [counting]), {
    log,
    usage: () => ({ cpuSeconds: 0, residentBytes: 0 }),
    clock,
    plugins: [counting],
  });
  agent.start();
  const points = (series: string): { time: number; value: number }[] =>
    receiver.samples().flatMap((line) => {
      const [name, time, value] = line.split(' ');
      return name === series ? [{ time: Number(time), value: Number(value) }] : [];
    });
  return { agent, receiver, lines, points, set: (ms: number) => (setMs += ms) };
}

test('a clock set back an hour begins an epoch of its own: no tick is lost, no name and no time comes twice', async () => {
  const { agent, receiver, lines, points, set } = await startOnClock();
  await expect.poll(() => points('scrapes_total').length, { timeout: 20_000 }).toBeGreaterThan(5);
  set(-hourMs);
  const jumped = Date.now();
  const after = () => points('scrapes_total').filter(({ time }) => time < jumped - hourMs / 2);
  await expect.poll(() => after().length, { timeout: 20_000 }).toBeGreaterThan(5);
  await agent.stop();
  const sent = points('scrapes_total');
  // All but the marker that the series end with the agent.
  const counted = sent.filter(({ value }) => !Number.isNaN(value));
  expect(sent.length - counted.length).toBe(1);
  expect(counted.map(({ value }) => value).toSorted((a, b) => a - b)).toEqual(counted.map((_, index) => index + 1));
  expect(new Set(counted.map(({ time }) => time)).size).toBe(counted.length);
  // By epoch and number the counter only grows: so no rate over it is negative.
  const epochs = [...new Set(receiver.requests.map(({ epoch }) => epoch))];
  expect(epochs).toHaveLength(2);
  expect(epochs[1]).toBeGreaterThan(epochs[0] ?? 0);
  const jumps = points('agent_clock_jumps_total{kind="back"}').filter(({ value }) => !Number.isNaN(value));
  expect(Math.max(...jumps.map(({ value }) => value))).toBe(1);
  expect(lines.filter((line) => line.includes('the clock jumped kind="back" bySeconds=-3600'))).toHaveLength(1);
});

test('samples that are urgent are sent with their tick, whatever the batch would wait for', async () => {
  const { agent, receiver, points } = await startOnClock({ flushMs: 3_600_000, hurryAt: 25 });
  // At first batches are small anyway; the 25th tick is in that time, and the next batch is not due yet.
  await expect.poll(() => points('scrapes_total').some(({ value }) => value === 25), { timeout: 20_000 }).toBe(true);
  const last = receiver.requests.findLast(({ schema }) => schema === undefined)?.t1;
  expect(points('scrapes_total').find(({ value }) => value === 25)?.time).toBe(last);
  await agent.stop();
});
