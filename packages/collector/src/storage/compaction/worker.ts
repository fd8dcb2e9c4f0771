/**
 * The compaction thread: it has its own heap and connections, so that neither its work nor its garbage holds up the
 * batches that come in. The one module of this room that acts when it is imported.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { describeError } from '@tarsier/protocol';
import type { Log, LogLevel } from '../../log.ts';
import { connect } from '../database.ts';
import { createCompactor } from './compactor.ts';
import type { CompactionMessage, CompactionTask } from './messages.ts';

// Whoever starts the thread types it: start-compaction.ts.
const { connection, policy, share, intervalMs } = workerData as CompactionTask;
const stopping = new AbortController();
parentPort?.once('message', () => stopping.abort());

const tell = (message: CompactionMessage): void => parentPort?.postMessage(message);
const logAt =
  (level: LogLevel): Log['info'] =>
  (message, fields = {}) =>
    tell({ kind: 'log', level, message, fields });
const log: Log = { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') };

const database = connect(connection);
const compactor = createCompactor({ sql: database.sql, log, policy });
let workedSince = performance.now();

/** Sleeps as long as its share of the time asks for; throws when it is to stop. */
async function rest(): Promise<void> {
  await pause((performance.now() - workedSince) * (1 / share - 1));
  workedSince = performance.now();
}

async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: stopping.signal });
}

while (!stopping.signal.aborted) {
  try {
    workedSince = performance.now();
    tell({ kind: 'round', stats: await compactor.run(Date.now(), rest) });
    await pause(intervalMs);
  } catch (error) {
    if (stopping.signal.aborted) break;
    log.error('compaction failed', { error: describeError(error) });
    await pause(intervalMs).catch(() => {});
  }
}
await database.close();
parentPort?.close();
