/** Hot file: the newest samples of every host in memory, for what has to be answered at once. */
import type { SampleMatrix, UnixMs } from '@tarsier/protocol';
import type { RegisteredSchema } from '../storage/series-catalog.ts';
import type { SamplesConsumer, StoredSamples } from '../stored-samples.ts';
import type { TenantScope } from '../tenant.ts';

export interface HostWindow {
  readonly host: string;
  /** Of the newest batch; its columns are the window's. */
  readonly schema: RegisteredSchema;
  /** Time of the newest sample. */
  readonly lastSeen: UnixMs;
  /** Samples before that one's time were here and are not any more; 0 when there are none such. */
  readonly forgottenUntil: UnixMs;
  /** Of its samples, in memory. */
  readonly bytes: number;
  /** Whether it has a tick of that time. */
  has(time: UnixMs): boolean;
  /** The samples at or after `from`, oldest first; NaN where there is none. Copied: it stays as it is. */
  rows(from: UnixMs): SampleMatrix;
}

export interface LiveWindows {
  readonly consume: SamplesConsumer;
  /** The same of what may be here already: whoever listens hears of it only where some of it was not. */
  readonly fill: SamplesConsumer;
  /** One or more of each host: what its agent and what other systems send for it have columns of their own. */
  hosts(scope: TenantScope): readonly HostWindow[];
  /** Drops what is held of a host that was deleted. */
  forget(scope: TenantScope, host: string): void;
  /** @returns ends it */
  subscribe(scope: TenantScope, listener: (stored: StoredSamples) => void): () => void;
}

/** Five minutes of seconds. */
const defaultRows = 300;
/** Of those a window has room for so many at first, and for more as long as it holds less than so much time. */
const firstRows = 32;
const spanMs = 300_000;

/** Series are numbered from 1. */
const noSeries = 0;

/** Windows of one host; past it the oldest goes. */
const mostWindows = 16;

/** @param capacity  rows kept per host */
export function createLiveWindows(capacity = defaultRows): LiveWindows {
  const tenants = new Map<number, Map<number, Ring[]>>();
  const listeners = new Map<number, Set<(stored: StoredSamples) => void>>();

  /** @returns whether something of it was not here */
  function append(stored: StoredSamples): boolean {
    const { scope, hostId } = stored.schema;
    let rings = tenants.get(scope.tenantId);
    if (rings === undefined) tenants.set(scope.tenantId, (rings = new Map<number, Ring[]>()));
    let ofHost = rings.get(hostId);
    if (ofHost === undefined) rings.set(hostId, (ofHost = []));
    let ring = ofHost.find((one) => one.schema === stored.schema) ?? ofHost.find((one) => one.shares(stored.schema));
    if (ring === undefined) {
      ofHost.push((ring = new Ring(capacity, stored.schema)));
      if (ofHost.length > mostWindows) ofHost.splice(0, 1);
    }
    return ring.append(stored) > 0;
  }

  function tell(stored: StoredSamples): void {
    for (const listener of listeners.get(stored.schema.scope.tenantId) ?? []) listener(stored);
  }

  return {
    consume(stored) {
      append(stored);
      tell(stored);
    },
    fill(stored) {
      if (append(stored)) tell(stored);
    },
    hosts: ({ tenantId }) => [...(tenants.get(tenantId)?.values() ?? [])].flat(),
    forget({ tenantId }, host) {
      const rings = tenants.get(tenantId);
      for (const [hostId, [ring]] of rings ?? []) if (ring?.host === host) rings?.delete(hostId);
    },
    subscribe({ tenantId }, listener) {
      let set = listeners.get(tenantId);
      if (set === undefined) listeners.set(tenantId, (set = new Set()));
      set.add(listener);
      return () => set.delete(listener);
    },
  };
}

/**
 * One host's ticks in a ring. All series are in one piece of memory, each in a place of its own, which it keeps while
 * another schema lacks it: an array for each is what most of a large fleet's memory went for, and its garbage collection.
 */
class Ring implements HostWindow {
  readonly #most: number;
  /** Rows that there is room for now: of a host that is measured each ten seconds, never as many as of one each second. */
  #capacity: number;
  #times: Float64Array;
  /** Place by place, `#capacity` rows each. */
  #values: Float64Array;
  /** The series of each place; 0 where there is none. */
  #seriesIds: Int32Array;
  /** The place of each of the schema's columns; undefined while it is that of the same number. */
  #places: Int32Array | undefined;
  /** Places of series that the schema lacks, with the ticks that may come before nothing is left in them. */
  readonly #parked = new Map<number, number>();
  #start = 0;
  #count = 0;
  schema: RegisteredSchema;

  constructor(capacity: number, schema: RegisteredSchema) {
    this.#most = capacity;
    this.#capacity = Math.min(firstRows, capacity);
    this.#times = new Float64Array(this.#capacity);
    this.#seriesIds = schema.seriesIds.slice();
    this.#values = new Float64Array(this.#capacity * schema.seriesIds.length).fill(Number.NaN);
    this.schema = schema;
  }

  get host(): string {
    return this.schema.host;
  }

  get lastSeen(): UnixMs {
    return this.#count === 0 ? 0 : (this.#times[this.#at(this.#count - 1)] ?? 0);
  }

  get forgottenUntil(): UnixMs {
    return this.#count < this.#capacity ? 0 : (this.#times[this.#at(0)] ?? 0);
  }

  get bytes(): number {
    return this.#values.byteLength;
  }

  /** Whether these series belong here: an agent that restarts has some of them, and maybe others. */
  shares({ seriesIds }: RegisteredSchema): boolean {
    const known = this.#placeBySeries();
    return seriesIds.some((id) => known.has(id));
  }

  /** @returns how many rows were not here */
  append({ schema, matrix }: StoredSamples): number {
    const { times, values } = matrix;
    const rows = times.length;
    const { lastSeen } = this;
    // Late, as after an outage: an agent sends its newest batch first.
    const late = this.#count > 0 && (times[0] ?? 0) < lastSeen ? this.#insertLate(schema, matrix, lastSeen) : 0;
    if ((times[rows - 1] ?? 0) <= lastSeen) return late;
    if (schema !== this.schema) this.#use(schema);
    this.#makeRoom(rows, times);
    let first = Math.max(0, rows - this.#capacity);
    while ((times[first] ?? 0) <= lastSeen) first++;
    const added = rows - first;
    const overwritten = Math.max(0, this.#count + added - this.#capacity);
    const begin = this.#at(this.#count);
    this.#start = (this.#start + overwritten) % this.#capacity;
    this.#count += added - overwritten;
    this.#write(this.#times, 0, begin, times, first, added);
    const width = schema.seriesIds.length;
    for (let column = 0; column < width; column++) {
      this.#write(this.#values, this.#placeOf(column), begin, values, column * rows + first, added);
    }
    if (this.#parked.size > 0) this.#passParked(begin, added);
    return late + added;
  }

  /** Puts rows before newer ones; those of a time that is here, or that was forgotten, change nothing. */
  #insertLate({ seriesIds }: RegisteredSchema, { times, values }: SampleMatrix, before: UnixMs): number {
    const known = this.#placeBySeries();
    let inserted = 0;
    for (let row = 0; row < times.length; row++) {
      const time = times[row] ?? 0;
      if (time >= before) break;
      this.#makeRoom(1, times.subarray(row, row + 1));
      let place = this.#count;
      while (place > 0 && (this.#times[this.#at(place - 1)] ?? 0) > time) place--;
      if (place > 0 && this.#times[this.#at(place - 1)] === time) continue;
      if (this.#count === this.#capacity) {
        if (place === 0) continue;
        this.#start = this.#at(1);
        place--;
      } else this.#count++;
      this.#putAt(this.#times, 0, place, time);
      for (let at = 0; at < this.#seriesIds.length; at++) {
        // In a free place there is nothing to move.
        if (this.#seriesIds[at] !== noSeries) this.#putAt(this.#values, at, place, Number.NaN);
      }
      for (const [column, id] of seriesIds.entries()) {
        const at = known.get(id);
        if (at === undefined) continue;
        this.#values[at * this.#capacity + this.#at(place)] = values[column * times.length + row] ?? Number.NaN;
      }
      inserted++;
    }
    return inserted;
  }

  /** @param of  which of the pieces, of `#capacity` rows each */
  #putAt(rings: Float64Array, of: number, place: number, value: number): void {
    const base = of * this.#capacity;
    for (let row = this.#count - 1; row > place; row--)
      rings[base + this.#at(row)] = rings[base + this.#at(row - 1)] ?? Number.NaN;
    rings[base + this.#at(place)] = value;
  }

  /** @param times  of the rows that come */
  #makeRoom(rows: number, times: Float64Array): void {
    const oldest = this.#count === 0 ? (times[0] ?? 0) : (this.#times[this.#at(0)] ?? 0);
    const newest = times[rows - 1] ?? 0;
    const wanted = this.#count + rows;
    if (wanted <= this.#capacity || this.#capacity >= this.#most || newest - oldest >= spanMs) return;
    const capacity = Math.min(this.#most, Math.max(wanted, this.#capacity * 2));
    const grown = (rings: Float64Array, count: number): Float64Array => {
      const next = new Float64Array(capacity * count).fill(Number.NaN);
      for (let of = 0; of < count; of++) {
        for (let row = 0; row < this.#count; row++)
          next[of * capacity + row] = rings[of * this.#capacity + this.#at(row)] ?? Number.NaN;
      }
      return next;
    };
    this.#times = grown(this.#times, 1);
    this.#values = grown(this.#values, this.#seriesIds.length);
    for (const place of this.#parked.keys()) this.#parked.set(place, capacity);
    this.#start = 0;
    this.#capacity = capacity;
  }

  /** Column by column: their rings are far from each other in memory. */
  #write(rings: Float64Array, of: number, begin: number, from: Float64Array, first: number, count: number): void {
    const base = of * this.#capacity;
    let slot = begin;
    for (let row = first; row < first + count; row++) {
      rings[base + slot] = from[row] ?? Number.NaN;
      if (++slot === this.#capacity) slot = 0;
    }
  }

  has(time: UnixMs): boolean {
    let row = this.#count - 1;
    while (row >= 0 && (this.#times[this.#at(row)] ?? 0) > time) row--;
    return row >= 0 && this.#times[this.#at(row)] === time;
  }

  rows(from: UnixMs): SampleMatrix {
    let first = 0;
    while (first < this.#count && (this.#times[this.#at(first)] ?? 0) < from) first++;
    const rows = this.#count - first;
    const width = this.schema.seriesIds.length;
    const times = Float64Array.from({ length: rows }, (_, row) => this.#times[this.#at(first + row)] ?? 0);
    const values = new Float64Array(rows * width);
    for (let column = 0; column < width; column++) {
      const base = this.#placeOf(column) * this.#capacity;
      for (let row = 0; row < rows; row++)
        values[column * rows + row] = this.#values[base + this.#at(first + row)] ?? Number.NaN;
    }
    return { times, width, values };
  }

  #at(row: number): number {
    return (this.#start + row) % this.#capacity;
  }

  #placeOf(column: number): number {
    return this.#places === undefined ? column : (this.#places[column] ?? 0);
  }

  #placeBySeries(): Map<number, number> {
    const places = new Map<number, number>();
    for (const [place, id] of this.#seriesIds.entries()) if (id !== noSeries) places.set(id, place);
    return places;
  }

  #use(schema: RegisteredSchema): void {
    this.schema = schema;
    const { seriesIds } = schema;
    // Another of the same columns, as after the collector forgot the first.
    if (this.#places === undefined && isSame(this.#seriesIds, seriesIds)) return;
    const known = this.#placeBySeries();
    const wanted = new Set(seriesIds);
    for (const [id, place] of known)
      if (!wanted.has(id) && !this.#parked.has(place)) this.#parked.set(place, this.#capacity);
    this.#addPlaces(seriesIds.filter((id) => !known.has(id)).length);
    const free = [...this.#seriesIds.keys()].filter((place) => this.#seriesIds[place] === noSeries);
    this.#places = Int32Array.from(seriesIds, (id) => {
      const place = known.get(id) ?? free.pop() ?? 0;
      this.#parked.delete(place);
      this.#seriesIds[place] = id;
      return place;
    });
  }

  /** Makes room for so many more series than are here, and for some that may follow: all are copied each time. */
  #addPlaces(count: number): void {
    const used = this.#seriesIds.filter((id) => id !== noSeries).length;
    const places = this.#seriesIds.length;
    if (used + count <= places) return;
    const seriesIds = new Int32Array(Math.max(used + count, places + Math.ceil(places / 8)));
    seriesIds.set(this.#seriesIds);
    const values = new Float64Array(this.#capacity * seriesIds.length).fill(Number.NaN, this.#values.length);
    values.set(this.#values);
    this.#seriesIds = seriesIds;
    this.#values = values;
  }

  /** Nothing comes for them in `count` ticks from `begin` on. */
  #passParked(begin: number, count: number): void {
    for (const [place, left] of this.#parked) {
      const base = place * this.#capacity;
      for (let row = 0; row < count; row++) this.#values[base + ((begin + row) % this.#capacity)] = Number.NaN;
      if (left > count) {
        this.#parked.set(place, left - count);
        continue;
      }
      this.#parked.delete(place);
      this.#seriesIds[place] = noSeries;
      this.#values.fill(Number.NaN, base, base + this.#capacity);
    }
    const used = this.schema.seriesIds.length + this.#parked.size;
    if (used < this.#seriesIds.length / 2) this.#pack();
  }

  /** Gives the memory of free places back: of a host that once sent very many series it would stay with it. */
  #pack(): void {
    const capacity = this.#capacity;
    const parked = [...this.#parked];
    const { seriesIds: columns } = this.schema;
    const kept = [...Array.from(columns, (_, column) => this.#placeOf(column)), ...parked.map(([place]) => place)];
    const values = new Float64Array(capacity * kept.length);
    for (const [to, place] of kept.entries()) {
      values.set(this.#values.subarray(place * capacity, (place + 1) * capacity), to * capacity);
    }
    this.#values = values;
    this.#seriesIds = Int32Array.from(kept, (place) => this.#seriesIds[place] ?? noSeries);
    this.#places = undefined;
    this.#parked.clear();
    for (const [at, [, left]] of parked.entries()) this.#parked.set(columns.length + at, left);
  }
}

function isSame(one: Int32Array, other: Int32Array): boolean {
  return one.length === other.length && one.every((id, at) => id === other[at]);
}
