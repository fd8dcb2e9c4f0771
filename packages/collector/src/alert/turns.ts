/**
 * Whose turn it is to be evaluated: a query may take all there is of the machine, so only so many go at once. Those that
 * take longer than their interval have places of their own: they are late anyway, and must not make others late.
 */
import type { UnixMs } from '@tarsier/protocol';

export interface Turn {
  readonly began: UnixMs;
  readonly intervalMs: number;
  /** That the evaluation before took longer than its interval, too. */
  readonly isSlow: boolean;
}

export class Turns {
  /** Of those in time, and as many of those that are late. */
  readonly #most: number;
  readonly #taken = new Set<Turn>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns undefined when it has to wait */
  take(turn: Turn): Turn | undefined {
    const late = [...this.#taken].filter(
      ({ isSlow, began, intervalMs }) => isSlow || Math.abs(turn.began - began) > intervalMs,
    ).length;
    const hasPlace = turn.isSlow
      ? late < this.#most
      : this.#taken.size - late < this.#most && this.#taken.size < 2 * this.#most;
    if (!hasPlace) return undefined;
    this.#taken.add(turn);
    return turn;
  }

  giveBack(turn: Turn): void {
    this.#taken.delete(turn);
  }
}
