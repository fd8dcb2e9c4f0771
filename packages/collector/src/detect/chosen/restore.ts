import type { Checkpointed } from '../detector.ts';

/** One of another version is learnt anew. @returns whether it goes on */
export function restore(detector: Checkpointed, body: Uint8Array): boolean {
  try {
    detector.restore(body);
    return true;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return false;
  }
}
