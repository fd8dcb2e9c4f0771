/**
 * Which column of which batch a foreign series is. A batch has a schema that is stored once and named by its hash, so
 * series have to keep their places: those of a host are put into groups in the order in which they first come. A group
 * takes new series until it has settled; from then on they go to the next one, so that a host with one new series now
 * and then does not store its whole list again each time.
 */
import { encodeSchema, seriesSignature, type Labels, type MetricDescription, type UnixMs } from '@tarsier/protocol';
import { schemaHash } from '@tarsier/protocol/zstd';

/** Series of one group: one batch per group and request. */
const mostInGroup = 2_000;
/** A group that is as old as this takes no more new series, unless it is still small. */
const settledMs = 60_000;
const smallGroup = 64;

export interface Place {
  readonly group: ColumnGroup;
  readonly column: number;
}

export class ColumnGroup {
  readonly #metrics: MetricDescription[] = [];
  readonly #metricIndex = new Map<string, number>();
  readonly #series: { readonly metric: number; readonly labels: Labels }[] = [];
  readonly #openedAt: UnixMs;
  #schema: { readonly bytes: Uint8Array; readonly hash: Uint8Array } | undefined;
  usedAt: UnixMs;

  constructor(now: UnixMs) {
    this.#openedAt = now;
    this.usedAt = now;
  }

  get width(): number {
    return this.#series.length;
  }

  takesMore(now: UnixMs): boolean {
    return this.width < (now - this.#openedAt < settledMs ? mostInGroup : smallGroup);
  }

  /** @returns the column of the series */
  add(metric: MetricDescription, labels: Labels): number {
    let index = this.#metricIndex.get(metric.name);
    if (index === undefined) {
      index = this.#metrics.push(metric) - 1;
      this.#metricIndex.set(metric.name, index);
    }
    this.#schema = undefined;
    return this.#series.push({ metric: index, labels }) - 1;
  }

  /** A group of its own that has the others of the first `width` only, in their order. */
  without(columns: ReadonlySet<number>, width: number, now: UnixMs): ColumnGroup {
    const rest = new ColumnGroup(now);
    for (const [column, { metric, labels }] of this.#series.slice(0, width).entries()) {
      const description = this.#metrics[metric];
      if (!columns.has(column) && description !== undefined) rest.add(description, labels);
    }
    return rest;
  }

  get schema(): { readonly bytes: Uint8Array; readonly hash: Uint8Array } {
    if (this.#schema === undefined) {
      const bytes = encodeSchema({ metrics: this.#metrics, series: this.#series });
      this.#schema = { bytes, hash: schemaHash(bytes) };
    }
    return this.#schema;
  }
}

/** How long a series that there was no room for is not tried again, ms. */
const refusedMs = 60_000;
/** Series of a host that are remembered as refused. */
const mostRefused = 10_000;

/** The foreign series of one host. */
export class HostColumns {
  /** By the key of a series as it is sent; several may be the same once they are stored. */
  readonly #places = new Map<string, Place>();
  readonly #stored = new Map<string, Place>();
  /** By key, until when. */
  readonly #refused = new Map<string, UnixMs>();
  #groups: ColumnGroup[] = [];

  find(sent: string): Place | undefined {
    return this.#places.get(sent);
  }

  /**
   * Gives a series that is new its place.
   *
   * @param sent    its key
   * @param labels  as they are stored
   */
  add(sent: string, metric: MetricDescription, labels: Labels, now: UnixMs): Place {
    const stored = seriesSignature({ name: metric.name, labels });
    const place = this.#stored.get(stored) ?? this.#open(metric, labels, now);
    this.#stored.set(stored, place);
    this.#places.set(sent, place);
    return place;
  }

  #open(metric: MetricDescription, labels: Labels, now: UnixMs): Place {
    let group = this.#groups.at(-1);
    if (group?.takesMore(now) !== true) {
      group = new ColumnGroup(now);
      this.#groups.push(group);
    }
    return { group, column: group.add(metric, labels) };
  }

  /** Whether there was no room for the series of this key a moment ago. */
  isRefused(sent: string, now: UnixMs): boolean {
    return (this.#refused.get(sent) ?? 0) > now;
  }

  /** Takes columns that there is no room for out of a group: the others are in a new one from now on. */
  refuse(group: ColumnGroup, refused: ReadonlySet<number>, now: UnixMs): void {
    const at = this.#groups.indexOf(group);
    // Another request has done it, or the host began anew.
    if (at === -1) return;
    const rest = group.without(refused, group.width, now);
    this.#groups[at] = rest;
    const kept = Array.from({ length: group.width }, (_, column) => column).filter((column) => !refused.has(column));
    const placeOf = new Map(kept.map((old, column): [number, Place] => [old, { group: rest, column }]));
    for (const places of [this.#places, this.#stored]) {
      for (const [key, place] of places) {
        if (place.group !== group) continue;
        const moved = placeOf.get(place.column);
        if (moved !== undefined) places.set(key, moved);
        else {
          places.delete(key);
          if (places === this.#places) this.#remember(key, now + refusedMs);
        }
      }
    }
  }

  #remember(key: string, until: UnixMs): void {
    if (this.#refused.size >= mostRefused) this.#refused.clear();
    this.#refused.set(key, until);
  }

  /** Forgets groups that were not used since then. @returns whether any is left */
  expire(since: UnixMs): boolean {
    if (this.#groups.some(({ usedAt }) => usedAt < since)) {
      this.#groups = this.#groups.filter(({ usedAt }) => usedAt >= since);
      for (const places of [this.#places, this.#stored]) {
        for (const [signature, { group }] of places) if (group.usedAt < since) places.delete(signature);
      }
    }
    return this.#groups.length > 0;
  }
}
