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

/** One host's ticks in a ring, each series in a column of its own: it is kept while another schema lacks the series. */
class Ring implements HostWindow {
  readonly #most: number;
  /** Rows that there is room for now: of a host that is measured each ten seconds, never as many as of one each second. */
  #capacity: number;
  #times: Float64Array;
  /** By series number. */
  readonly #columns = new Map<number, Float64Array>();
  /** In the order of the schema's columns. */
  #current: readonly Float64Array[] = [];
  /** Columns that the schema lacks, with the ticks that may come before nothing is left in them. */
  readonly #parked = new Map<number, number>();
  #start = 0;
  #count = 0;
  schema: RegisteredSchema;

  constructor(capacity: number, schema: RegisteredSchema) {
    this.#most = capacity;
    this.#capacity = Math.min(firstRows, capacity);
    this.#times = new Float64Array(this.#capacity);
    this.schema = schema;
    this.#use(schema);
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

  /** Whether these series belong here: an agent that restarts has some of them, and maybe others. */
  shares({ seriesIds }: RegisteredSchema): boolean {
    return seriesIds.some((id) => this.#columns.has(id));
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
    this.#write(this.#times, begin, times, first, added);
    for (let column = 0; column < this.#current.length; column++) {
      const target = this.#current[column];
      if (target !== undefined) this.#write(target, begin, values, column * rows + first, added);
    }
    if (this.#parked.size > 0) this.#passParked(begin, added);
    return late + added;
  }

  /** Puts rows before newer ones; those of a time that is here, or that was forgotten, change nothing. */
  #insertLate({ seriesIds }: RegisteredSchema, { times, values }: SampleMatrix, before: UnixMs): number {
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
      this.#putAt(this.#times, place, time);
      for (const column of this.#columns.values()) this.#putAt(column, place, Number.NaN);
      for (const [column, id] of seriesIds.entries()) {
        const ring = this.#columns.get(id);
        if (ring !== undefined) ring[this.#at(place)] = values[column * times.length + row] ?? Number.NaN;
      }
      inserted++;
    }
    return inserted;
  }

  #putAt(ring: Float64Array, place: number, value: number): void {
    for (let row = this.#count - 1; row > place; row--) ring[this.#at(row)] = ring[this.#at(row - 1)] ?? Number.NaN;
    ring[this.#at(place)] = value;
  }

  /** @param times  of the rows that come */
  #makeRoom(rows: number, times: Float64Array): void {
    const oldest = this.#count === 0 ? (times[0] ?? 0) : (this.#times[this.#at(0)] ?? 0);
    const newest = times[rows - 1] ?? 0;
    const wanted = this.#count + rows;
    if (wanted <= this.#capacity || this.#capacity >= this.#most || newest - oldest >= spanMs) return;
    const capacity = Math.min(this.#most, Math.max(wanted, this.#capacity * 2));
    const grown = (ring: Float64Array): Float64Array => {
      const next = new Float64Array(capacity).fill(Number.NaN);
      for (let row = 0; row < this.#count; row++) next[row] = ring[this.#at(row)] ?? Number.NaN;
      return next;
    };
    this.#times = grown(this.#times);
    const current = this.#current.map(grown);
    const moved = new Map(this.#current.map((ring, at) => [ring, current[at]]));
    for (const [id, ring] of this.#columns) this.#columns.set(id, moved.get(ring) ?? grown(ring));
    this.#current = current;
    for (const id of this.#parked.keys()) this.#parked.set(id, capacity);
    this.#start = 0;
    this.#capacity = capacity;
  }

  /** Column by column: their rings are far from each other in memory. */
  #write(ring: Float64Array, begin: number, from: Float64Array, first: number, count: number): void {
    let slot = begin;
    for (let row = first; row < first + count; row++) {
      ring[slot] = from[row] ?? Number.NaN;
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
    const times = Float64Array.from({ length: rows }, (_, row) => this.#times[this.#at(first + row)] ?? 0);
    const values = new Float64Array(rows * this.#current.length);
    for (const [column, source] of this.#current.entries()) {
      for (let row = 0; row < rows; row++) values[column * rows + row] = source[this.#at(first + row)] ?? Number.NaN;
    }
    return { times, width: this.#current.length, values };
  }

  #at(row: number): number {
    return (this.#start + row) % this.#capacity;
  }

  #use(schema: RegisteredSchema): void {
    const ids = new Set(schema.seriesIds);
    for (const id of this.#columns.keys())
      if (!ids.has(id) && !this.#parked.has(id)) this.#parked.set(id, this.#capacity);
    this.#current = Array.from(schema.seriesIds, (id) => {
      this.#parked.delete(id);
      let column = this.#columns.get(id);
      if (column === undefined) this.#columns.set(id, (column = new Float64Array(this.#capacity).fill(Number.NaN)));
      return column;
    });
    this.schema = schema;
  }

  /** Nothing comes for them in `count` ticks from `begin` on. */
  #passParked(begin: number, count: number): void {
    for (const [id, left] of this.#parked) {
      const column = this.#columns.get(id);
      for (let row = 0; row < count && column !== undefined; row++) {
        column[(begin + row) % this.#capacity] = Number.NaN;
      }
      if (left > count) {
        this.#parked.set(id, left - count);
        continue;
      }
      this.#parked.delete(id);
      this.#columns.delete(id);
    }
  }
}
