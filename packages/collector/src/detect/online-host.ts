import type { UnixMs } from '@tarsier/protocol';
import { Arena } from '../stats/arena.ts';
import type { HostDetector } from './detector.ts';

/** A detector of a host whose whole memory is one arena. */
export abstract class OnlineHostDetector implements HostDetector {
  readonly contributions: Float64Array;
  protected readonly arena: Arena;

  /** @param bytes  what the kind takes of the arena */
  constructor(bytes: number, width: number) {
    this.arena = new Arena(bytes);
    this.contributions = new Float64Array(width);
  }

  get bytes(): number {
    return this.arena.bytes;
  }

  checkpoint(): Uint8Array {
    return this.arena.checkpoint();
  }

  restore(checkpoint: Uint8Array): void {
    this.arena.restore(checkpoint);
    this.contributions.fill(0);
  }

  abstract push(time: UnixMs, values: Float64Array): number;
}
