/**
 * Runs in the application, not in the agent: tells of the process's runtime when the agent asks. No timer of JavaScript,
 * nothing to send when nobody asks, and nothing that keeps the process alive or fails it.
 */
import { createServer } from 'node:net';
import { monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { RuntimeReport } from './report.ts';
import { socketPrefix } from './socket-prefix.ts';

export interface ReporterOptions {
  /** What the application is called in the label `app`. */
  readonly app: string;
}

export interface Reporter {
  close(): void;
}

/** Of the event loop's delay, ms: the loop is woken so often. */
const resolutionMs = 20;
/** Bits of V8's kinds of garbage collection. */
const gcKinds: Readonly<Record<number, string>> = { 1: 'minor', 2: 'minor', 4: 'major', 8: 'incremental', 16: 'weak' };

/** Listens on a socket of this process. Once is enough; where there are no abstract sockets nothing happens. */
export function reportRuntime({ app }: ReporterOptions): Reporter {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  const gc = { runs: {} as Record<string, number>, seconds: {} as Record<string, number> };
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration } = entry;
      // The types know no details of entries.
      const kind = gcKinds[(entry as { detail?: { kind?: number } }).detail?.kind ?? 0] ?? 'other';
      gc.runs[kind] = (gc.runs[kind] ?? 0) + 1;
      gc.seconds[kind] = (gc.seconds[kind] ?? 0) + duration / 1000;
    }
  });
  observer.observe({ entryTypes: ['gc'] });

  function report(): RuntimeReport {
    const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const { active, idle } = performance.eventLoopUtilization();
    const resources: Record<string, number> = {};
    for (const type of process.getActiveResourcesInfo()) resources[type] = (resources[type] ?? 0) + 1;
    return {
      app,
      version: process.versions.node,
      startedAt: performance.timeOrigin,
      uptimeSeconds: process.uptime(),
      cpuSeconds: { user: user / 1e6, system: system / 1e6 },
      memoryBytes: {
        resident: rss,
        heapUsed,
        heapTotal,
        heapLimit: getHeapStatistics().heap_size_limit,
        external,
        arrayBuffers,
      },
      eventLoop: {
        ...(delays.count === 0 ? {} : { delaySeconds: delaysSince() }),
        activeSeconds: active / 1000,
        idleSeconds: idle / 1000,
      },
      gc,
      resources,
    };
  }

  function delaysSince() {
    // Node measures from one waking to the next: what is more than that is the delay.
    const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs) / 1000;
    const { mean, max } = delays;
    const told = {
      mean: seconds(mean),
      p50: seconds(delays.percentile(50)),
      p99: seconds(delays.percentile(99)),
      max: seconds(max),
    };
    // The interval in which it is reset is not measured: one of five hundred between two scrapes.
    delays.reset();
    return told;
  }

  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.unref();
    socket.end(`${JSON.stringify(report())}\n`);
  });
  // A name that is taken, or a system without abstract sockets: the application goes on unwatched.
  server.on('error', () => {});
  const name = `${socketPrefix}${process.pid}-${Math.floor(Math.random() * 0xffff_ffff).toString(16)}`;
  if (process.platform === 'linux') server.listen({ path: `\0${name}` }).unref();
  return {
    close() {
      server.close();
      observer.disconnect();
      delays.disable();
    },
  };
}
