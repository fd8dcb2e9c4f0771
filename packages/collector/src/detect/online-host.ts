import type { UnixMs } from '@tarsier/protocol';
import type { HostDetector } from './detector.ts';
import { KeptInArena } from './kept-in-arena.ts';

/** A detector of a host whose whole memory is one arena. */
export abstract class OnlineHostDetector extends KeptInArena implements HostDetector {
  readonly contributions: Float64Array;

  /** @param bytes  what the kind takes of the arena */
  constructor(bytes: number, width: number) {
    super(bytes);
    this.contributions = new Float64Array(width);
  }

  abstract push(time: UnixMs, values: Float64Array): number;

  protected forgetVerdict(): void {
    this.contributions.fill(0);
  }
}
