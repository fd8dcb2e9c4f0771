import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createHost } from '../host/host.ts';
import { createScrapeOutput } from '../samples/scrape-output.ts';
import { collect, fixtureHosts, openPlugin } from '../testing.ts';
import { processes } from './processes.ts';
import { createTally, type Finding } from './tally.ts';

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).toReversed()) step();
});

function process(pid: number, group: string, has: Partial<Finding> = {}): Finding {
  return {
    pid,
    group,
    startTicks: pid,
    cpuTicks: 0,
    majorFaults: 0,
    threads: 1,
    residentPages: 1,
    readBytes: Number.NaN,
    writtenBytes: Number.NaN,
    openFiles: Number.NaN,
    ...has,
  };
}

function tallyOf(options: { named?: string[]; top?: number; maxGroups?: number } = {}) {
  const warnings: string[] = [];
  const tally = createTally({
    named: [],
    top: 1,
    maxGroups: 10,
    warn: (message) => warnings.push(message),
    ...options,
  });
  const look = (...now: Finding[]) =>
    Object.fromEntries(tally.look(now).map(({ name, cpuTicks, processes: count }) => [name, [count, cpuTicks]]));
  return { look, warnings };
}

test('the CPU time of a group never falls, whatever processes end, come anew or take an old number', () => {
  const { look } = tallyOf({ named: ['web'] });
  expect(look(process(1, 'web', { cpuTicks: 500 }), process(2, 'web', { cpuTicks: 100 }))).toEqual({
    web: [2, 0],
    other: [0, 0],
  });
  expect(look(process(1, 'web', { cpuTicks: 510 }))['web']).toEqual([1, 10]);
  // One that began since the look before: all that it has used is new.
  expect(look(process(1, 'web', { cpuTicks: 511 }), process(3, 'web', { cpuTicks: 7 }))['web']).toEqual([2, 18]);
  expect(look(process(1, 'web', { startTicks: 40, cpuTicks: 2 }))['web']).toEqual([1, 20]);
  expect(look()['web']).toEqual([0, 20]);
});

test('a command has series once it was on top twice in a row, and keeps them; what others use counts as other', () => {
  const { look } = tallyOf();
  const [db, job] = ['db', 'job'];
  expect(look(process(1, db, { residentPages: 9 }), process(2, job))).toEqual({ db: [1, 0], other: [1, 0] });
  expect(look(process(1, db, { residentPages: 9 }), process(2, job, { cpuTicks: 50 }))).toEqual({
    db: [1, 0],
    other: [1, 50],
  });
  expect(look(process(1, db, { residentPages: 9 }), process(2, job, { cpuTicks: 90 }))).toEqual({
    db: [1, 0],
    job: [1, 90],
    other: [0, 50],
  });
  expect(look(process(1, db, { residentPages: 9 }))).toEqual({ db: [1, 0], job: [0, 90], other: [0, 50] });
});

test('however many commands come and go, maxGroups ever have series, and the log says so once', () => {
  const { look, warnings } = tallyOf({ maxGroups: 3 });
  let shown = {};
  for (let round = 0; round < 200; round++) {
    const pages = { residentPages: 1 + Math.floor(round / 2) };
    shown = look(process(1000 + Math.floor(round / 2), `job-${Math.floor(round / 2)}`, pages));
  }
  expect(Object.keys(shown)).toEqual(['job-0', 'job-1', 'job-2', 'other']);
  expect(warnings).toEqual(['job-3 has no series of its own: maxGroups (3) have some already; it counts as other']);
});

test('a group of the settings takes in what its expression matches, and is there without a process as well', async () => {
  const [first, second] = await collect(processes, fixtureHosts(new URL('testdata/odd-names/', import.meta.url)), {
    top: 0,
    states: false,
    groups: [
      { name: 'second', match: 'read x; : --second$' },
      { name: 'web', match: '^nginx' },
    ],
  });
  expect(first).toMatchObject({
    'processes_group_processes{group="second"}': 1,
    'processes_group_open_files{group="second"}': 3,
    'processes_group_processes{group="web"}': 0,
    'processes_group_processes{group="other"}': 7,
  });
  expect(second?.['processes_group_cpu_seconds_total{group="second"}']).toBe(0.39);
  expect(second?.['processes_group_written_bytes_total{group="second"}']).toBe(0);
});

test('a wrong regular expression is refused by its place in the settings', () => {
  expect(() => processes.checkConfig({ groups: [{ name: 'web', match: '(' }] })).toThrow(
    expect.objectContaining({ field: 'processes.groups.0.match' }),
  );
});

test('thousands of processes of as many names take turns with other work and stay within bounds', async () => {
  const root = mkdtempSync(join(tmpdir(), 'proc-'));
  undo.push(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, 'stat'), 'btime 1\nprocs_blocked 0\n');
  writeFileSync(join(root, 'loadavg'), '0 0 0 1/3000 3000\n');
  for (let pid = 1; pid <= 3000; pid++) {
    mkdirSync(join(root, String(pid)));
    const rest = `S 1 1 1 0 -1 0 0 0 0 0 ${pid} 0 0 0 20 0 1 0 ${pid} 0 ${pid}`;
    writeFileSync(join(root, String(pid), 'stat'), `${pid} (job ${pid}) ${rest} 0 0\n`);
  }
  const host = createHost({ procRoot: root });
  undo.push(() => host.close());
  let now = 0;
  const instance = processes.open({}, { host: { ...host, now: () => now }, warn() {} });
  const out = createScrapeOutput(processes);
  let turns = 0;
  let done = false;
  const turn = (): void => {
    turns++;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  for (let look = 0; look < 3; look++) {
    out.begin();
    now += 60_000;
    await instance.scrape(out, AbortSignal.timeout(30_000));
  }
  done = true;
  expect(turns).toBeGreaterThan(3 * 20);
  expect(out.seriesList.length).toBeLessThan(200);
  expect(out.dropped).toBe(0);
});

test('where a look takes long, looks become less frequent: at most 0.2 % of a core goes there', async () => {
  const [host] = fixtureHosts(new URL('testdata/odd-names/', import.meta.url));
  if (host === undefined) throw new Error('no captured files');
  let now = 0;
  // Each question about the time finds 20 ms gone.
  const slow = { ...host, now: () => (now += 20) };
  const { scrape } = openPlugin(processes, {}, slow);
  const looks: boolean[] = [];
  for (let turn = 0; turn < 4; turn++) {
    looks.push('processes{state="running"}' in (await scrape()));
    now += 4_900;
  }
  expect(looks).toEqual([true, false, false, true]);
});
