import { fileURLToPath } from 'node:url';
import { optimisationResultSchema, recommendationSchema } from '@tarsier/protocol/api';
import { afterAll, afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually, freePort, killAll, temporaryFolder } from '../support/processes.ts';
import { createApi, createKey, startCollector } from '../support/tarsier.ts';

const folder = await temporaryFolder();
afterEach(killAll);
afterAll(() => folder.remove());

const movedClock = fileURLToPath(new URL('../support/moved-clock.ts', import.meta.url));
const minute = 60_000;
const hour = 60 * minute;
const gib = 1024 ** 3;
const described = z.object({ job: z.looseObject({ id: z.string(), state: z.string() }) });
const listed = z.object({ recommendations: z.array(recommendationSchema) });
const counted = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

interface Use {
  readonly cores: number;
  readonly busy: number;
  readonly gib: number;
  readonly memory: number;
  /** Share of the time in which something waits for its disks. */
  readonly waiting: number;
}
const large: Use = { cores: 8, busy: 0.05, gib: 16, memory: 0.3, waiting: 0.01 };
const fit: Use = { cores: 8, busy: 0.66, gib: 16, memory: 0.69, waiting: 0.01 };

/** What agents would have sent of such hosts, a sample for each step. */
function samplesOf(uses: ReadonlyMap<string, Use>, from: number, to: number, stepMs: number): string {
  const lines: string[] = [];
  for (const [host, { cores, busy, gib: size, memory, waiting }] of uses) {
    const series = {
      [`cpu_busy_ratio{host="${host}",cpu="all"}`]: busy,
      [`cpu_cores{host="${host}"}`]: cores,
      [`memory_total_bytes{host="${host}"}`]: size * gib,
      [`memory_used_ratio{host="${host}"}`]: memory,
      [`system_pressure_ratio{host="${host}",resource="io",share="some"}`]: waiting,
    };
    for (let time = from; time <= to; time += stepMs) {
      for (const [name, value] of Object.entries(series)) lines.push(`${name} ${value} ${time}\n`);
    }
  }
  return lines.join('');
}

test('what a job recommends is followed, and a day later compared with what became of the host, beside hosts that nothing was done to', async () => {
  const data = `${folder.path}/data`;
  let offset = -42 * hour;
  const clock = (): number => Date.now() + offset;
  const collector = await startCollector(data, await freePort(), { MOVED_CLOCK_MS: String(offset) }, [
    '--import',
    movedClock,
  ]);
  const api = createApi(collector.url, await createKey(data, 'write'));
  const feed = createApi(collector.url, await createKey(data, 'ingest'));
  const use = new Map([
    ['small-job', large],
    ['only-said', large],
    ['fit', fit],
  ]);
  let fedTo = clock() - 25 * hour;
  const feedTo = async (to: number, stepMs = minute): Promise<void> => {
    const last = fedTo + Math.floor((to - fedTo) / stepMs) * stepMs;
    if (last === fedTo) return;
    // At once: a score of half of it would be another one.
    await feed.importText('none', samplesOf(use, fedTo + stepMs, last, stepMs));
    fedTo = last;
  };
  const leap = (ms: number): void => {
    offset += ms;
    collector.say(String(ms));
  };
  const scores = async (): Promise<number> => {
    const query = encodeURIComponent('count(optimisation_score{kind="host"})');
    const answer = counted.parse(await api.get(`/prometheus/api/v1/query?query=${query}&time=${clock() / 1_000}`));
    return Number(answer.data.result[0]?.value[1] ?? 0);
  };
  /** The collector scores hosts by itself, once a minute. */
  const pass = async (hours: number): Promise<void> => {
    leap(hours * hour - minute);
    await eventually(async () => {
      await feedTo(clock());
      leap(minute / 2);
      return (await scores()) === use.size ? true : undefined;
    });
  };
  const score = async () => {
    const { id } = described.parse(await api.post('/v1/jobs', { type: 'optimise.score', payload: {} })).job;
    const job = await eventually(async () => {
      const { job: now } = described.parse(await api.get(`/v1/jobs/${id}`));
      return ['succeeded', 'failed'].includes(now.state) ? now : undefined;
    }, 120_000);
    expect(job).toMatchObject({ state: 'succeeded' });
    return optimisationResultSchema.parse(job['result']);
  };

  await feedTo(clock() - hour, 5 * minute);
  for (let past = 0; past < 13; past++) await pass(1);
  const before = await score();
  const toResize = before.recommendations.filter(({ kind }) => kind === 'cost-efficiency');
  expect(toResize.map(({ subject }) => subject.name).toSorted()).toEqual(['only-said', 'small-job']);
  for (const { id } of toResize) {
    expect(await api.post(`/v1/recommendations/${id}/follow`, {})).toMatchObject({ state: 'followed' });
  }
  // Too early to tell.
  expect((await score()).outcomes).toMatchObject({ measured: 0, isBetter: false });

  // One of the two gets the size that was recommended; on all hosts disks get slower meanwhile.
  const [, cores, memoryGib] =
    /^Give small-job (\d+) cores? and ([\d.]+) GiB/u.exec(
      toResize.find(({ subject }) => subject.name === 'small-job')?.title ?? '',
    ) ?? [];
  for (const [host, of] of use) use.set(host, { ...of, waiting: 0.03 });
  use.set('small-job', {
    cores: Number(cores),
    busy: (large.cores * large.busy) / Number(cores),
    gib: Number(memoryGib),
    memory: (large.gib * large.memory) / Number(memoryGib),
    waiting: 0.03,
  });
  for (let past = 0; past < 13; past++) await pass(1);
  await pass(12);

  let after = await score();
  // On a busy machine an hour of the past is looked at late.
  for (let more = 0; after.outcomes.measured < toResize.length && more < 3; more++) {
    await pass(1);
    after = await score();
  }
  const { recommendations } = listed.parse(await api.get('/v1/recommendations?state=measured'));
  const outcomes = new Map(recommendations.map(({ subject, outcome }) => [subject.name, outcome]));
  const said = toResize[0]?.gain.subject ?? 0;
  expect(said).toBeGreaterThan(5);
  const [real, none] = [outcomes.get('small-job'), outcomes.get('only-said')];
  expect(real).toMatchObject({ expected: said, verdict: 'as-expected' });
  // What all have lost by their disks is no fault of the recommendation.
  expect((real?.after ?? 0) - (real?.before ?? 0)).toBeLessThan(said - 5);
  expect(none).toMatchObject({ expected: said, verdict: 'less' });
  expect(Math.abs(none?.actual ?? Infinity)).toBeLessThan(said / 8);
  // Off by nothing once, and by all once; that nothing changes would have been as right.
  expect(after.outcomes).toMatchObject({ measured: 2 });
  expect(Math.abs((after.outcomes.meanError ?? 0) - said / 2)).toBeLessThan(said / 8);
  // Who followed is not told the opposite.
  expect(
    after.recommendations.filter(({ subject, kind }) => subject.name === 'small-job' && kind !== 'saturation'),
  ).toEqual([]);
  expect(await collector.end('SIGTERM')).toBe(0);
});
