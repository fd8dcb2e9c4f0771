import { Arena } from '../stats/arena.ts';
import type { Checkpointed } from './detector.ts';

/** What learns in one arena and nowhere else. */
export abstract class KeptInArena implements Checkpointed {
  protected readonly arena: Arena;

  /** @param bytes  what is taken of it */
  constructor(bytes: number) {
    this.arena = new Arena(bytes);
  }

  get bytes(): number {
    return this.arena.bytes;
  }

  checkpoint(): Uint8Array {
    return this.arena.checkpoint();
  }

  restore(checkpoint: Uint8Array): void {
    this.arena.restore(checkpoint);
    this.forgetVerdict();
  }

  /** What was said of the sample judged last is no more, for another may have been the last. */
  protected abstract forgetVerdict(): void;
}
