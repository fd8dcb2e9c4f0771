/** Runs a plugin in a thread of its own: what blocks, leaks or crashes there is ended without harm to the others. */
import { Worker } from 'node:worker_threads';
import type { Plugin, PluginInstance, ScrapeOutput } from '@tarsier/plugins';
import type { ExternalPlugin } from './load.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';

export interface IsolationLimits {
  /** Heap of the thread, MiB; one that needs more is ended and begun anew. */
  readonly heapMib?: number;
  readonly maxSeries?: number;
}

const defaultHeapMib = 64;
/** How long a thread may take to give back what it holds. */
const closeMs = 1_000;

const workerFile = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/**
 * The same plugin, to be run in a worker thread. A scrape that is aborted ends the thread, even in a loop without end;
 * the next scrape begins a new one, and the plugin starts from its beginning.
 *
 * @param folder  where the settings file is, as for `loadPlugins`
 */
export function isolatePlugin({ plugin, url }: ExternalPlugin, folder: string, limits: IsolationLimits = {}): Plugin {
  return {
    ...plugin,
    open(config, { warn }) {
      // Wrong settings are told at once, here, and not by a thread at the first tick.
      plugin.checkConfig(config);
      const start: WorkerStart = { url, folder, plugin: plugin.name, config, maxSeries: limits.maxSeries };
      return createThread(start, limits.heapMib ?? defaultHeapMib, warn);
    },
  };
}

interface Pending {
  readonly id: number;
  resolve(): void;
  reject(error: Error): void;
  readonly out: ScrapeOutput;
}

function createThread(start: WorkerStart, heapMib: number, warn: (message: string) => void): PluginInstance {
  let worker: Worker | undefined;
  let handles: number[] = [];
  let pending: Pending | undefined;
  /** Why the thread ended while no scrape waited: the next one fails with it, and is logged and counted so. */
  let crashedBetween: Error | undefined;
  let lastId = 0;

  function begin(): Worker {
    const begun = new Worker(workerFile, {
      workerData: start,
      resourceLimits: { maxOldGenerationSizeMb: heapMib },
      // What it prints is no part of the agent's output.
      stdout: true,
      stderr: true,
    });
    begun.stdout.resume();
    begun.stderr.resume();
    handles = [];
    let crash: Error | undefined;
    begun.on('message', (message: FromWorker) => {
      if (worker === begun) take(message);
    });
    begun.on('error', (error) => {
      crash = error;
    });
    begun.on('exit', (code) => {
      if (worker !== begun) return;
      worker = undefined;
      const why = crash ?? new Error(`the plugin's thread ended with code ${code}`);
      if (pending === undefined) crashedBetween = why;
      pending?.reject(why);
      pending = undefined;
    });
    // A plugin must not keep an agent alive that has nothing else to do.
    begun.unref();
    return begun;
  }

  function take(message: FromWorker): void {
    if (message.kind === 'warning') {
      warn(message.message);
      return;
    }
    const waiting = pending;
    if (waiting?.id !== message.id) return;
    pending = undefined;
    if (message.kind === 'failed') {
      waiting.reject(new Error(message.message));
      return;
    }
    try {
      for (const [name, spec] of message.declared) waiting.out.declare(name, spec);
      for (const { name, labels } of message.series) handles.push(waiting.out.series(name, labels));
      for (let series = 0; series < handles.length; series++) {
        if (message.present[series] === 1) waiting.out.set(handles[series] ?? -1, message.values[series] ?? Number.NaN);
      }
      if (message.hurried) waiting.out.hurry();
      waiting.resolve();
    } catch (error) {
      waiting.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async function end(): Promise<void> {
    const ending = worker;
    worker = undefined;
    pending = undefined;
    await ending?.terminate();
  }

  return {
    scrape: (out, signal) =>
      new Promise((resolve, reject) => {
        if (crashedBetween !== undefined) {
          reject(crashedBetween);
          crashedBetween = undefined;
          return;
        }
        const thread = (worker ??= begin());
        const id = ++lastId;
        pending = { id, resolve, reject, out };
        signal.addEventListener(
          'abort',
          () => {
            if (pending?.id !== id) return;
            reject(new Error('the plugin was stopped; its thread begins anew'));
            void end();
          },
          { once: true },
        );
        thread.postMessage({ kind: 'scrape', id } satisfies ToWorker);
      }),
    async close() {
      const closing = worker;
      if (closing === undefined) return;
      const gone = new Promise((resolve) => closing.once('exit', resolve));
      closing.postMessage({ kind: 'close' } satisfies ToWorker);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, closeMs);
      });
      await Promise.race([gone, late]);
      clearTimeout(timer);
      await end();
    },
  };
}
