import { seriesSignature } from '@tarsier/protocol/labels';
import type { LiveFrame, LiveSeries } from '@tarsier/protocol/live';
import { SeriesRing } from './ring.ts';
import type { HeldSeries, LiveQuery, SubscriptionState } from './source.ts';

interface Held {
  readonly about: Omit<LiveSeries, 'ref'>;
  readonly ring: SeriesRing;
}

/**
 * One subscription's series and samples, kept over reconnects: refs are the connection's, signatures are ours.
 */
export class HeldSubscription {
  readonly query: LiveQuery;
  readonly id: number;
  readonly listeners = new Set<() => void>();
  state: SubscriptionState = { kind: 'loading' };
  #signatureByRef = new Map<number, string>();
  readonly #held = new Map<string, Held>();

  constructor(id: number, query: LiveQuery) {
    this.id = id;
    this.query = query;
  }

  /** A new connection will announce its series anew. */
  forgetRefs(): void {
    this.#signatureByRef = new Map();
  }

  announce(series: readonly LiveSeries[]): void {
    for (const { ref, ...about } of series) {
      const signature = seriesSignature(about);
      this.#signatureByRef.set(ref, signature);
      if (!this.#held.has(signature)) {
        this.#held.set(signature, { about, ring: new SeriesRing(this.query.windowMs) });
      }
    }
  }

  take({ kind, groups }: LiveFrame): void {
    for (const { times, columns } of groups) {
      for (const { ref, values } of columns) {
        const ring = this.#held.get(this.#signatureByRef.get(ref) ?? '')?.ring;
        if (kind === 'snap') ring?.merge(times, values);
        else ring?.append(times, values);
      }
    }
    this.#forgetGone();
  }

  get series(): readonly HeldSeries[] {
    return [...this.#held].map(([signature, { about, ring }]) => ({ ...about, signature, column: ring.column }));
  }

  changed(): void {
    for (const listener of [...this.listeners]) listener();
  }

  /** A series that ended (a container stopped) leaves the chart when its last sample leaves the window. */
  #forgetGone(): void {
    let newest = -Infinity;
    for (const { ring } of this.#held.values()) newest = Math.max(newest, ring.newest);
    for (const [signature, { ring }] of this.#held) {
      if (ring.length === 0) continue;
      ring.forget(newest - this.query.windowMs);
      if (ring.length === 0) this.#held.delete(signature);
    }
  }
}
