import { Worker } from 'node:worker_threads';
import { describeError } from '@tarsier/protocol';
import type { Log } from '../../log.ts';
import type { Connection } from '../database.ts';
import { defaultPolicy, type CompactionPolicy, type CompactionStats } from './compactor.ts';
import type { CompactionMessage, CompactionOrder, CompactionTask } from './messages.ts';
import type { WantedHosts } from './wanted-hosts.ts';

export interface CompactionOptions {
  readonly log: Log;
  readonly policy?: CompactionPolicy;
  /** Told after each round. */
  readonly onRound?: (stats: CompactionStats) => void;
  /** Told how many samples were put in order because somebody reads them. */
  readonly onFlushed?: (samples: number) => void;
}

export interface Compaction {
  /** Ends it after the step that it is in. */
  stop(): Promise<void>;
}

const share = 0.5;
const intervalMs = 10_000;
const restartMs = 5_000;
/** A step takes a fraction of a second; one that takes longer is rolled back: a collector that stops has five seconds. */
const stopMs = 2_000;
const heapMb = 512;

/** Keeps a thread at work on what is cold; one that dies is started again. */
export function startCompaction(
  connection: Connection,
  wanted: WantedHosts,
  { log, policy = defaultPolicy, onRound, onFlushed }: CompactionOptions,
): Compaction {
  // Sources run as they are, built ones beside each other: the same ending as this file's.
  const file = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
  const task: CompactionTask = { connection, policy, share, intervalMs };
  let stopped = false;
  let restart: NodeJS.Timeout | undefined;
  let worker = start();

  function start(): Worker {
    const thread = new Worker(file, { workerData: task, resourceLimits: { maxOldGenerationSizeMb: heapMb } });
    thread.on('message', (message: CompactionMessage) => {
      if (message.kind === 'log') log[message.level](message.message, message.fields);
      else if (message.kind === 'flushed') onFlushed?.(message.samples);
      else onRound?.(message.stats);
    });
    thread.on('error', (error) => log.error('compaction ended', { error: describeError(error) }));
    thread.once('exit', () => {
      if (stopped) return;
      restart = setTimeout(() => (worker = start()), restartMs);
      restart.unref();
    });
    return thread;
  }

  const order = (what: CompactionOrder): void => worker.postMessage(what);
  const unsubscribe = wanted.subscribe((hosts) => order({ kind: 'flush', hosts }));

  return {
    async stop() {
      stopped = true;
      unsubscribe();
      clearTimeout(restart);
      const exited = new Promise<void>((resolve) => {
        if (worker.threadId === -1) resolve();
        else worker.once('exit', () => resolve());
      });
      order({ kind: 'stop' });
      const force = setTimeout(() => void worker.terminate(), stopMs);
      await exited;
      clearTimeout(force);
    },
  };
}
