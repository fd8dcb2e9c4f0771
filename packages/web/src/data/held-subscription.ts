import { seriesSignature } from '@tarsier/protocol/labels';
import type { LiveFrame, LiveSeries } from '@tarsier/protocol/live';
import { SeriesRing } from './ring.ts';
import type { UnixMs } from '@tarsier/protocol';
import type { Span } from './time-range.ts';
import type { HeldSeries, LiveQuery, SubscriptionState } from './source.ts';

/** A pause shorter than this is an agent's own. */
const holeMs = 12_000;
/** What comes late comes within so long after the hole: further back the collector lets nobody go on. */
const backlogMs = 5 * 60_000;
/** No frame names it. */
const unannounced = -1;

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
  /** What the collector said that it left out; a snapshot follows. */
  #leftOut: Span | undefined;
  /** Holes that ended before it were asked for when all that comes late had come: those that stayed are the hosts' own. */
  #askedUntil = -Infinity;
  #asking: UnixMs | undefined;

  constructor(id: number, query: LiveQuery) {
    this.id = id;
    this.query = query;
  }

  /** A new connection will announce its series anew, and is asked for what is missing. */
  connected(): void {
    this.#signatureByRef = new Map();
    const { heldUntil } = this;
    this.#asking = heldUntil === undefined ? undefined : heldUntil - backlogMs;
  }

  /** The collector leaves that out: this client read too slowly, or was away for too long. */
  leaveOut({ from, to }: Span): void {
    this.#leftOut = { from: Math.min(from, this.#leftOut?.from ?? from), to: Math.max(to, this.#leftOut?.to ?? to) };
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

  /**
   * @returns what a snapshot leaves missing: from the newest that was held (or the start of the window) until its first
   *   sample. Undefined when nothing is.
   */
  take({ kind, groups }: LiveFrame): Span | undefined {
    this.#askedUntil = this.#asking ?? this.#askedUntil;
    this.#asking = undefined;
    const before = this.newest;
    for (const { times, columns } of groups) {
      for (const { ref, values } of columns) {
        const ring = this.#held.get(this.#signatureByRef.get(ref) ?? '')?.ring;
        if (kind === 'snap') ring?.merge(times, values);
        else ring?.append(times, values);
      }
    }
    this.#forgetGone();
    if (kind !== 'snap') return undefined;
    const leftOut = this.#leftOut;
    this.#leftOut = undefined;
    const windowStart = this.newest - this.query.windowMs;
    const firsts = groups.flatMap(({ times }) => times[0] ?? []);
    if (firsts.length === 0) return undefined;
    if (leftOut !== undefined) {
      // The host that came last may have begun late: what is held already is not taken twice.
      const span = { from: Math.max(leftOut.from, windowStart), to: Math.min(leftOut.to, Math.max(...firsts)) };
      return span.to > span.from ? span : undefined;
    }
    const first = Math.min(...firsts);
    const from = Math.max(before, windowStart);
    return first - from > holeMs ? { from, to: first } : undefined;
  }

  /**
   * Until when nothing is missing: there a new connection goes on. What a host could not send at once comes where it has
   * a hole, also while nobody hears of it here; one that stays is given up in the end. Undefined where nothing is held.
   */
  get completeUntil(): UnixMs | undefined {
    const densest = new Map<string, SeriesRing>();
    for (const { about, ring } of this.#held.values()) {
      // A host's series come together; one that pauses has holes of its own.
      const host = about.labels['host'] ?? '';
      if (ring.length > (densest.get(host)?.length ?? 0)) densest.set(host, ring);
    }
    const { heldUntil } = this;
    if (heldUntil === undefined) return undefined;
    return Math.min(heldUntil, ...[...densest.values()].map((ring) => ring.beforeHole(this.#askedUntil) ?? heldUntil));
  }

  /** Until when all that comes in time is held. Undefined where nothing is held. */
  get heldUntil(): UnixMs | undefined {
    const byHost = new Map<string, UnixMs>();
    for (const { about, ring } of this.#held.values()) {
      // A host's series come together; one that ended does not hold up the others.
      const host = about.labels['host'] ?? '';
      byHost.set(host, Math.max(byHost.get(host) ?? -Infinity, ring.newest));
    }
    const until = Math.min(...byHost.values());
    return Number.isFinite(until) ? until : undefined;
  }

  /** Time of the newest sample; -Infinity when there is none. */
  get newest(): UnixMs {
    let newest = -Infinity;
    for (const { ring } of this.#held.values()) newest = Math.max(newest, ring.newest);
    return newest;
  }

  /** Samples from elsewhere, for where there are none. */
  fill(series: readonly Omit<HeldSeries, 'signature'>[]): void {
    for (const { column, ...about } of series) {
      this.announce([{ ref: unannounced, ...about }]);
      this.#held.get(seriesSignature(about))?.ring.fill(column.times, column.values);
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
    const { newest } = this;
    for (const [signature, { ring }] of this.#held) {
      if (ring.length === 0) continue;
      ring.forget(newest - this.query.windowMs);
      if (ring.length === 0) this.#held.delete(signature);
    }
  }
}
