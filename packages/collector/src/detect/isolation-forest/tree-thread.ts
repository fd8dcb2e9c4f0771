/** A thread that trains trees, started with the first that are asked for. */
import { Worker } from 'node:worker_threads';
import type { TrainedTrees, TrainingTask } from './train-trees.ts';
import type { TreeTrainer } from './tree-trainer.ts';

export interface TrainingOrder {
  readonly id: number;
  readonly task: TrainingTask;
}

export interface TrainingAnswer {
  readonly id: number;
  readonly trained: TrainedTrees;
}

export interface TreeThread extends TreeTrainer {
  /** What is under way is given up: whoever asked is told so. */
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (trained: TrainedTrees) => void;
  readonly reject: (error: Error) => void;
}

const heapMb = 256;

/** @param failed  told why a thread ended that was not stopped; the next task starts another */
export function createTreeThread(failed: (error: Error) => void): TreeThread {
  // Sources run as they are, built ones beside each other: the same ending as this file's.
  const file = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let tasks = 0;

  function giveUp(error: Error): void {
    thread = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  function start(): Worker {
    const started = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: heapMb } });
    // A collector that ends does not wait for it.
    started.unref();
    started.on('message', ({ id, trained }: TrainingAnswer) => {
      waiting.get(id)?.resolve(trained);
      waiting.delete(id);
    });
    started.on('error', (error) => {
      const cause = error instanceof Error ? error : new Error(String(error));
      failed(cause);
      if (thread === started) giveUp(cause);
    });
    return started;
  }

  return {
    train(task) {
      thread ??= start();
      const id = tasks++;
      const answer = new Promise<TrainedTrees>((resolve, reject) => waiting.set(id, { resolve, reject }));
      const order: TrainingOrder = { id, task };
      // A copy: whoever asked may need it once more.
      thread.postMessage(order);
      return answer;
    },
    async stop() {
      const ending = thread;
      giveUp(new Error('stopped'));
      await ending?.terminate();
    },
  };
}
