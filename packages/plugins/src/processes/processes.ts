import { z } from 'zod';
import { ByteFields } from '../text/byte-fields.ts';
import type { Host } from '../host/host.ts';
import { createPace } from '../samples/pace.ts';
import { pageSize } from '../host/page-size.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { createProcessFinder, kernelGroup } from './find.ts';
import { createTally, otherGroup, type GroupTotals } from './tally.ts';

/** Letters of /proc/<pid>/stat (proc(5)) in words. */
const states: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'disk_sleep',
  Z: 'zombie',
  T: 'stopped',
  t: 'traced',
  I: 'idle',
};

/** In which /proc gives CPU time, on every architecture. */
const ticksPerSecond = 100;

/** Most of a core that looking at every process may take: where there are thousands, looks become less frequent. */
const mostBusyRatio = 0.002;

export const processes = definePlugin({
  name: 'processes',
  summary: 'How many processes there are, in which state, and what the largest and busiest use.',
  intervalMs: 10_000,
  background: true,
  config: z.object({
    states: z.boolean().default(true).describe('Counts by state.'),
    top: z
      .int()
      .min(0)
      .max(50)
      .default(10)
      .describe('So many commands that use most CPU time, and so many that use most memory, have series of their own.'),
    maxGroups: z
      .int()
      .min(1)
      .max(100)
      .default(50)
      .describe('Most commands that ever get series of their own by being on top; the rest counts as `other`.'),
    groups: z
      .array(
        z.object({
          name: z.string().min(1).max(100),
          match: z.string().min(1).refine(isRegularExpression, 'expected a regular expression'),
        }),
      )
      .max(50)
      .default([])
      .describe(
        'Processes to measure together, as `[{"name": "billing", "match": "java .*billing\\\\.jar"}]`: by a regular expression on the command line; the first that matches counts.',
      ),
  }),
  metrics: {
    processes: { kind: 'gauge', unit: '', help: 'Processes, by state.' },
    processes_threads: { kind: 'gauge', unit: '', help: 'Processes and threads that exist.' },
    processes_threads_limit: { kind: 'gauge', unit: '', help: 'Processes and threads that can exist.' },
    processes_runnable: { kind: 'gauge', unit: '', help: 'Processes and threads that run or wait for a core.' },
    processes_blocked: { kind: 'gauge', unit: '', help: 'Processes that wait for I/O.' },
    processes_group_processes: { kind: 'gauge', unit: '', help: 'Processes of a group.' },
    processes_group_threads: { kind: 'gauge', unit: '', help: 'Threads of a group.' },
    processes_group_cpu_seconds_total: { kind: 'counter', unit: 'seconds', help: 'CPU time of a group.' },
    processes_group_resident_bytes: {
      kind: 'gauge',
      unit: 'bytes',
      help: 'Memory of a group; what its processes share counts for each.',
    },
    processes_group_major_faults_total: { kind: 'counter', unit: '', help: 'Page faults that needed a disk.' },
    processes_group_oldest_start_time_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'When the oldest process of a group began, Unix time.',
    },
    processes_group_open_files: { kind: 'gauge', unit: '', help: 'Files that a group of the settings has open.' },
    processes_group_read_bytes_total: {
      kind: 'counter',
      unit: 'bytes',
      help: 'Bytes that a group of the settings had read from disks.',
    },
    processes_group_written_bytes_total: {
      kind: 'counter',
      unit: 'bytes',
      help: 'Bytes that a group of the settings had written to disks.',
    },
  },
  // Elsewhere it would take a program for each look.
  probe: ({ host }) => (host.hasProc ? undefined : 'there is no /proc, which alone tells of processes cheaply'),
  create({ config, host, warn }) {
    const named = config.groups.map(({ name, match }) => ({ name, match: new RegExp(match, 'u') }));
    const finder = createProcessFinder(host, named);
    const names = new Set(named.map(({ name }) => name));
    const tally = createTally({ named: [...names], top: config.top, maxGroups: config.maxGroups, warn });
    const stat = new ByteFields(['btime', 'procs_blocked']);
    const looks = config.states || config.top > 0 || named.length > 0;
    let pageBytes: number | undefined;
    const pace = createPace(host, mostBusyRatio);

    return {
      async scrape(out, signal) {
        stat.read(host.readProcBytes('stat') ?? new Uint8Array());
        const [bootSeconds = Number.NaN, blocked = Number.NaN] = stat.values;
        putTotals(out, host, blocked);
        if (!looks || !pace.isDue()) return;
        const { findings, states: counts, busyMs } = await finder.look(signal);
        pace.took(busyMs);
        if (config.states) {
          for (const [letter, state] of Object.entries(states))
            out.gauge('processes', counts.get(letter) ?? 0, { state });
        }
        if (config.top === 0 && named.length === 0) return;
        pageBytes ??= pageSize(host);
        for (const totals of tally.look(findings)) putGroup(out, totals, { pageBytes, bootSeconds });
      },
    };

    function putGroup(
      to: ScrapeOutput,
      totals: GroupTotals,
      { pageBytes: page, bootSeconds }: { readonly pageBytes: number; readonly bootSeconds: number },
    ): void {
      const labels = { group: totals.name };
      to.gauge('processes_group_processes', totals.processes, labels);
      to.gauge('processes_group_threads', totals.threads, labels);
      to.counter('processes_group_cpu_seconds_total', totals.cpuTicks / ticksPerSecond, labels);
      to.counter('processes_group_major_faults_total', totals.majorFaults, labels);
      if (totals.name !== kernelGroup) to.gauge('processes_group_resident_bytes', totals.residentPages * page, labels);
      if (totals.name !== kernelGroup && totals.name !== otherGroup)
        to.gauge(
          'processes_group_oldest_start_time_seconds',
          Math.round(bootSeconds + totals.oldestStartTicks / ticksPerSecond),
          labels,
        );
      // Others' files may not be looked at without being root; a process has some open.
      if (!names.has(totals.name) || (totals.processes > 0 && totals.openFiles === 0)) return;
      to.gauge('processes_group_open_files', totals.openFiles, labels);
      to.counter('processes_group_read_bytes_total', totals.readBytes, labels);
      to.counter('processes_group_written_bytes_total', totals.writtenBytes, labels);
    }
  },
});

function putTotals(out: ScrapeOutput, host: Host, blocked: number): void {
  const [runnable, threads] = host.readProc('loadavg').split(' ')[3]?.split('/') ?? [];
  out.gauge('processes_runnable', Number(runnable));
  out.gauge('processes_threads', Number(threads));
  out.gauge('processes_blocked', blocked);
  const limits = ['sys/kernel/pid_max', 'sys/kernel/threads-max'].flatMap((file) => host.readProcIfThere(file) ?? []);
  if (limits.length > 0) out.gauge('processes_threads_limit', Math.min(...limits.map(Number)));
}

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== '';
  } catch {
    return false;
  }
}
