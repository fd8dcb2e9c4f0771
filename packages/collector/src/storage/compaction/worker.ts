/**
 * The compaction thread: it has its own heap and connections, so that neither its work nor its garbage holds up the
 * batches that come in. The one module of this room that acts when it is imported.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from '@tarsier/protocol';
import type { Log, LogLevel } from '../../log.ts';
import { lowerPriority } from '../../low-priority.ts';
import { connect } from '../database.ts';
import type { HostKey } from '../host-lock.ts';
import { createCompactor } from './compactor.ts';
import type { CompactionMessage, CompactionOrder, CompactionTask } from './messages.ts';

// Whoever starts the thread types it: start-compaction.ts.
const { connection, policy, share, intervalMs } = workerData as CompactionTask;
const tell = (message: CompactionMessage): void => parentPort?.postMessage(message);
const logAt =
  (level: LogLevel): Log['info'] =>
  (message, fields = {}) =>
    tell({ kind: 'log', level, message, fields });
const log: Log = { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') };

let stopping = false;
let wake = (): void => {};
const wanted = new Map<string, HostKey>();
parentPort?.on('message', (order: CompactionOrder) => {
  if (order.kind === 'stop') stopping = true;
  else for (const host of order.hosts) wanted.set(`${host.tenantId}/${host.hostId}`, host);
  wake();
});

/** Ends early when there is an order. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
    if (stopping) wake();
  });
}

class Stopped extends Error {}

let workedSince = performance.now();

/** Sleeps as long as its share of the time asks for. @throws {Stopped} when it is to end */
async function rest(): Promise<void> {
  const until = performance.now() + (performance.now() - workedSince) * (1 / share - 1);
  for (let ms = 1; !stopping && ms > 0;) {
    ms = until - performance.now();
    if (ms > 0) await pause(ms);
  }
  if (stopping) throw new Stopped();
  workedSince = performance.now();
}

lowerPriority();
const database = connect(connection);
const compactor = createCompactor({ database, log, policy });
for (let nextRound = 0; !stopping;) {
  try {
    workedSince = performance.now();
    if (wanted.size > 0) {
      const hosts = [...wanted.values()];
      wanted.clear();
      tell({ kind: 'flushed', samples: await compactor.flush(hosts, Date.now(), rest) });
    }
    if (performance.now() >= nextRound) {
      nextRound = performance.now() + intervalMs;
      tell({ kind: 'round', stats: await compactor.run(Date.now(), rest) });
    }
  } catch (error) {
    if (!(error instanceof Stopped)) log.error('compaction failed', { error: describeError(error) });
  }
  if (wanted.size === 0) await pause(Math.max(0, nextRound - performance.now()));
}
await database.close();
parentPort?.close();
