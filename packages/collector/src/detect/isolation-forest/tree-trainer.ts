import type { TrainedTrees, TrainingTask } from './train-trees.ts';

/** Trains elsewhere, so that nothing here waits for it. */
export interface TreeTrainer {
  /** @throws when it can't; then whoever asked does it */
  train(task: TrainingTask): Promise<TrainedTrees>;
}
