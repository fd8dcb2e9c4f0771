import { Worker } from 'node:worker_threads';
import { describeError, type JobError } from '@tarsier/protocol';
import type { StorageConnection } from '../../storage/storage.ts';
import type { Assignment, ThreadMessage, ThreadOrder, ThreadTask } from './messages.ts';
import { keptWaitingMs } from './thread-cpu.ts';

export interface ThreadRun {
  /** Never rejects: a thread that dies is a failed run. */
  readonly ended: Promise<
    | { readonly kind: 'done'; readonly result: unknown; readonly meteredMs: number | undefined }
    | { readonly kind: 'failed'; readonly error: JobError; readonly meteredMs: number | undefined }
  >;
  /** Resolves when its thread has loaded and the run begins. */
  readonly started: Promise<void>;
  /** Asks it to end. */
  abort(why: string): void;
  /** Ends it, whatever it does. */
  kill(error: JobError): void;
  /** CPU time so far, ms; undefined where it can't be told. */
  meteredMs(): Promise<number | undefined>;
  /** How long of the time so far others had the cores that it wanted to compute on, ms. */
  keptWaitingMs(): Promise<number>;
  /** Its arrays now, bytes: the heap has its own limit. */
  arrayBytes(): Promise<number>;
}

export interface ThreadPool {
  /** @param memoryMb  what its heap, and its arrays, may each take, MiB */
  run(
    assignment: Assignment,
    memoryMb: number,
    on: (message: Extract<ThreadMessage, { kind: 'progress' | 'log' }>) => void,
  ): ThreadRun;
  /** Has a thread ready that waits for such work. */
  warm(memoryMb: number): void;
  close(): Promise<void>;
}

interface Thread {
  readonly worker: Worker;
  readonly memoryMb: number;
  /** With its name to the system. */
  readonly loaded: Promise<string | undefined>;
  busy: boolean;
  receive: (message: ThreadMessage) => void;
  died: (error: JobError) => void;
}

/** Room for what a thread needs besides a job's own memory, MiB. */
const baseMb = 64;
/** Threads without work beyond the first end after this. */
const idleMs = 60_000;

export function createThreadPool({
  connection,
  registry,
  yields,
}: {
  readonly connection: StorageConnection;
  /** URL of the module with the job types. */
  readonly registry: string;
  /** Its threads compute only with what all others leave of a core. */
  readonly yields: boolean;
}): ThreadPool {
  const file = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);
  const threads = new Set<Thread>();
  let closed = false;

  function start(memoryMb: number): Thread {
    const task: ThreadTask = { connection, registry, yields };
    const worker = new Worker(file, {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb + baseMb },
      // What a job writes is told by its log.
      stdout: true,
    });
    worker.unref();
    const loaded = Promise.withResolvers<string | undefined>();
    const thread: Thread = { worker, memoryMb, loaded: loaded.promise, busy: false, receive() {}, died() {} };
    let why: JobError = { code: 'jobs/thread', message: 'its thread ended', retryable: true };
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'ready') loaded.resolve(message.thread);
      else thread.receive(message);
    });
    worker.on('error', (error: Error & { code?: string }) => {
      why =
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? { code: 'jobs/memory', message: `it took more than ${memoryMb} MiB`, retryable: false }
          : { code: 'jobs/thread', message: describeError(error), retryable: true };
    });
    worker.on('exit', () => {
      threads.delete(thread);
      thread.died(why);
    });
    threads.add(thread);
    return thread;
  }

  function idle(memoryMb: number): Thread | undefined {
    return [...threads].find((thread) => !thread.busy && thread.memoryMb === memoryMb);
  }

  function retireIdle(): void {
    for (const { worker } of [...threads].filter(({ busy }) => !busy).slice(1))
      worker.postMessage({ kind: 'stop' } satisfies ThreadOrder);
  }
  const timer = setInterval(retireIdle, idleMs);
  timer.unref();

  return {
    run(assignment, memoryMb, on) {
      const thread = idle(memoryMb) ?? start(memoryMb);
      thread.busy = true;
      thread.worker.ref();
      const { promise, resolve } = Promise.withResolvers<Awaited<ThreadRun['ended']>>();
      const end = (outcome: Awaited<ThreadRun['ended']>): void => {
        thread.busy = false;
        thread.receive = () => {};
        thread.died = () => {};
        thread.worker.unref();
        resolve(outcome);
      };
      thread.receive = (message) => {
        if (message.kind === 'progress' || message.kind === 'log') on(message);
        else if (message.kind === 'failed') end(message);
        else if (message.kind === 'done') {
          end({ ...message, result: message.result === undefined ? undefined : JSON.parse(message.result) });
        }
      };
      thread.died = (error) => end({ kind: 'failed', error, meteredMs: undefined });
      const started = thread.loaded.then(() => {
        thread.worker.postMessage({ kind: 'run', assignment } satisfies ThreadOrder);
      });
      const before = thread.loaded.then(() => cpuMs(thread.worker));
      const keptBefore = thread.loaded.then(keptWaitingMs);
      return {
        ended: promise,
        started,
        abort: (why) => thread.worker.postMessage({ kind: 'abort', why } satisfies ThreadOrder),
        kill(error) {
          threads.delete(thread);
          void thread.worker.terminate();
          end({ kind: 'failed', error, meteredMs: undefined });
        },
        async meteredMs() {
          const [from, to] = await Promise.all([before, cpuMs(thread.worker)]);
          return from === undefined || to === undefined ? undefined : to - from;
        },
        async keptWaitingMs() {
          const [from, to] = await Promise.all([keptBefore, thread.loaded.then(keptWaitingMs)]);
          return Math.max(0, to - from);
        },
        async arrayBytes() {
          try {
            return (await thread.worker.getHeapStatistics()).external_memory;
          } catch {
            // It has ended meanwhile.
            return 0;
          }
        },
      };
    },
    warm(memoryMb) {
      if (!closed && idle(memoryMb) === undefined) start(memoryMb);
    },
    async close() {
      closed = true;
      clearInterval(timer);
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}

async function cpuMs(worker: Worker): Promise<number | undefined> {
  // Node.js before 24.6 can't tell.
  if (typeof worker.cpuUsage !== 'function') return undefined;
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1_000;
  } catch {
    return undefined;
  }
}
