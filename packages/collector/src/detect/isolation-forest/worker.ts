/** The thread that trains trees. The one module of this room that acts when it is imported. */
import { parentPort } from 'node:worker_threads';
import { lowerPriority } from '../../low-priority.ts';
import { trainTrees } from './train-trees.ts';
import type { TrainingAnswer, TrainingOrder } from './tree-thread.ts';

lowerPriority();
parentPort?.on('message', ({ id, task }: TrainingOrder) => {
  const answer: TrainingAnswer = { id, trained: trainTrees(task) };
  parentPort?.postMessage(answer);
});
