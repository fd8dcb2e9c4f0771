import { describeIssue } from '@tarsier/protocol';
import { z } from 'zod';
import { CheckFailure, failureReason } from '../host/check-failure.ts';
import type { Host } from '../host/host.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { roundSeconds } from '../samples/round-seconds.ts';
import { createTargets } from '../targets/targets.ts';
import { reportSchema, type RuntimeReport } from './report.ts';
import { createSlots } from './slots.ts';
import { socketPrefix } from './socket-prefix.ts';

const maxReportBytes = 64 * 1024;
const timeoutMs = 2_000;

interface Source {
  readonly name: string;
  readonly path: string;
}

/** Asks Node processes that load the reporter for what they know of their runtime. */
export const node = definePlugin({
  name: 'node',
  summary: 'Runtime of Node processes: event loop, heap, garbage collection.',
  intervalMs: 10_000,
  background: true,
  config: z.object({
    maxProcesses: z.int().min(1).max(40).default(20).describe('Processes that are asked; there may be more.'),
    apps: z.array(z.string()).default([]).describe('Applications that are told of; all when empty.'),
  }),
  metrics: {
    nodejs_processes: { kind: 'gauge', unit: '', help: 'Processes of an application that answered.' },
    nodejs_processes_silent: {
      kind: 'gauge',
      unit: '',
      help: 'Processes that did not answer within two seconds: their event loop is blocked, or they are stopped.',
    },
    nodejs_info: { kind: 'gauge', unit: '', help: 'Version of Node, in a label; always 1.' },
    nodejs_uptime_seconds: { kind: 'gauge', unit: 'seconds', help: 'Time since the process was started.' },
    nodejs_cpu_seconds_total: { kind: 'counter', unit: 'seconds', help: 'CPU time by mode: user, system.' },
    nodejs_resident_memory_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory of the process.' },
    nodejs_heap_used_bytes: { kind: 'gauge', unit: 'bytes', help: "Part of V8's heap that is in use." },
    nodejs_heap_total_bytes: { kind: 'gauge', unit: 'bytes', help: "Size of V8's heap." },
    nodejs_heap_limit_bytes: { kind: 'gauge', unit: 'bytes', help: 'Size at which V8 gives up.' },
    nodejs_external_memory_bytes: {
      kind: 'gauge',
      unit: 'bytes',
      help: 'Memory outside of the heap, buffers included.',
    },
    nodejs_array_buffers_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory of buffers.' },
    nodejs_eventloop_delay_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'How late the event loop was since the scrape before: mean, p50, p99, max.',
    },
    nodejs_eventloop_utilization_ratio: {
      kind: 'gauge',
      unit: 'ratio',
      help: 'Share of time in which the event loop was not waiting, since the scrape before.',
    },
    nodejs_gc_runs_total: {
      kind: 'counter',
      unit: '',
      help: 'Garbage collections by kind: minor, major, incremental, weak.',
    },
    nodejs_gc_seconds_total: { kind: 'counter', unit: 'seconds', help: 'Time of garbage collections by kind.' },
    nodejs_active_resources: {
      kind: 'gauge',
      unit: '',
      help: 'What keeps the event loop alive: timers, sockets, requests.',
    },
  },
  async probe({ host }) {
    if (sourcesOf(host).length > 0) return undefined;
    return 'no Node process loads @tarsier/plugins/node-runtime';
  },
  create({ config, host, warn }) {
    const targets = createTargets<Source>({ timeoutMs, warn });
    const slots = createSlots();
    let loops = new Map<string, RuntimeReport['eventLoop']>();
    return {
      async scrape(out, signal) {
        const reports = new Map<string, RuntimeReport>();
        let silent = 0;
        await targets.each(sourcesOf(host).slice(0, config.maxProcesses), { out, signal }, async (source, signal) => {
          try {
            const report = await ask(host, source, signal);
            if (config.apps.length === 0 || config.apps.includes(report.app)) reports.set(source.name, report);
          } catch (error) {
            const reason = failureReason(error);
            if (reason === 'timeout') silent++;
            // It has ended since it was listed.
            else if (reason !== 'connect' && reason !== 'closed') throw error;
          }
        });
        const placed = slots.place([...reports].map(([id, { app, startedAt }]) => ({ id, app, startedAt })));
        const processes = new Map<string, number>();
        for (const [id, report] of reports) {
          const { app } = report;
          processes.set(app, (processes.get(app) ?? 0) + 1);
          put(report, loops.get(id), { app, process: String(placed.get(id)) }, out);
        }
        out.gauge('nodejs_processes_silent', silent);
        for (const [app, count] of processes) out.gauge('nodejs_processes', count, { app });
        loops = new Map([...reports].map(([id, { eventLoop }]) => [id, eventLoop]));
      },
    };
  },
});

/** Sockets of reporters, from the kernel's list: `@` stands for the zero byte that an abstract name begins with. */
function sourcesOf(host: Host): Source[] {
  const paths = new Set<string>();
  for (const line of (host.readProcIfThere('net/unix') ?? '').split('\n')) {
    const at = line.indexOf(` @${socketPrefix}`);
    // Connections of a socket are listed by its name as well.
    if (at >= 0) paths.add(line.slice(at + 1));
  }
  return [...paths].toSorted().map((path) => ({
    // Older versions of Node fill the name up with zeros, and these belong to it.
    name: path.replaceAll('@', ''),
    path: path.replaceAll('@', '\0'),
  }));
}

async function ask(host: Host, { path }: Source, signal: AbortSignal): Promise<RuntimeReport> {
  const connection = await host.connect({ path, signal });
  try {
    const line = await connection.receive(
      (received) => (received.at(-1) === 10 ? received.toString() : undefined),
      maxReportBytes,
    );
    const report: unknown = JSON.parse(line);
    const parsed = reportSchema.safeParse(report);
    if (parsed.success) return parsed.data;
    throw new CheckFailure('report', describeIssue(parsed.error, report, 'report', true).message);
  } finally {
    connection.close();
  }
}

function put(
  { version, uptimeSeconds, cpuSeconds, memoryBytes: memory, eventLoop, gc, resources }: RuntimeReport,
  before: RuntimeReport['eventLoop'] | undefined,
  labels: Readonly<Record<'app' | 'process', string>>,
  out: ScrapeOutput,
): void {
  out.gauge('nodejs_info', 1, { ...labels, version });
  out.gauge('nodejs_uptime_seconds', Math.round(uptimeSeconds), labels);
  for (const [mode, seconds] of Object.entries(cpuSeconds))
    out.counter('nodejs_cpu_seconds_total', roundSeconds(seconds), { ...labels, mode });
  out.gauge('nodejs_resident_memory_bytes', memory.resident, labels);
  out.gauge('nodejs_heap_used_bytes', memory.heapUsed, labels);
  out.gauge('nodejs_heap_total_bytes', memory.heapTotal, labels);
  out.gauge('nodejs_heap_limit_bytes', memory.heapLimit, labels);
  out.gauge('nodejs_external_memory_bytes', memory.external, labels);
  out.gauge('nodejs_array_buffers_bytes', memory.arrayBuffers, labels);
  for (const [statistic, seconds] of Object.entries(eventLoop.delaySeconds ?? {}))
    out.gauge('nodejs_eventloop_delay_seconds', roundSeconds(seconds), { ...labels, statistic });
  if (before !== undefined) {
    const active = eventLoop.activeSeconds - before.activeSeconds;
    const idle = eventLoop.idleSeconds - before.idleSeconds;
    out.gauge('nodejs_eventloop_utilization_ratio', roundRatio(active / (active + idle)), labels);
  }
  for (const kind of ['minor', 'major', 'incremental', 'weak']) {
    out.counter('nodejs_gc_runs_total', gc.runs[kind] ?? 0, { ...labels, kind });
    out.counter('nodejs_gc_seconds_total', roundSeconds(gc.seconds[kind] ?? 0), { ...labels, kind });
  }
  const alive = Object.values(resources).reduce((sum, count) => sum + count, 0);
  out.gauge('nodejs_active_resources', alive, labels);
}
