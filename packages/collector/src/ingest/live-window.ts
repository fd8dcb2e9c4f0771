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
  /** The samples at or after `from`, oldest first; NaN where there is none. Copied: it stays as it is. */
  rows(from: UnixMs): SampleMatrix;
}

export interface LiveWindows {
  readonly consume: SamplesConsumer;
  hosts(scope: TenantScope): readonly HostWindow[];
  /** @returns ends it */
  subscribe(scope: TenantScope, listener: (stored: StoredSamples) => void): () => void;
}

/** Five minutes of seconds. */
const defaultRows = 300;

/** @param capacity  rows kept per host */
export function createLiveWindows(capacity = defaultRows): LiveWindows {
  const tenants = new Map<number, Map<number, Ring>>();
  const listeners = new Map<number, Set<(stored: StoredSamples) => void>>();

  return {
    consume(stored) {
      const { scope, hostId } = stored.schema;
      let rings = tenants.get(scope.tenantId);
      if (rings === undefined) tenants.set(scope.tenantId, (rings = new Map<number, Ring>()));
      let ring = rings.get(hostId);
      if (ring === undefined) rings.set(hostId, (ring = new Ring(capacity, stored.schema)));
      ring.append(stored);
      for (const listener of listeners.get(scope.tenantId) ?? []) listener(stored);
    },
    hosts: ({ tenantId }) => [...(tenants.get(tenantId)?.values() ?? [])],
    subscribe({ tenantId }, listener) {
      let set = listeners.get(tenantId);
      if (set === undefined) listeners.set(tenantId, (set = new Set()));
      set.add(listener);
      return () => set.delete(listener);
    },
  };
}

/** One host's rows in a ring: row-major, so that a tick is one run of memory and a column may be added by re-laying. */
class Ring implements HostWindow {
  readonly #capacity: number;
  readonly #times: Float64Array;
  #values: Float64Array;
  #width: number;
  #start = 0;
  #count = 0;
  schema: RegisteredSchema;

  constructor(capacity: number, schema: RegisteredSchema) {
    this.#capacity = capacity;
    this.#times = new Float64Array(capacity);
    this.#width = schema.seriesIds.length;
    this.#values = new Float64Array(capacity * this.#width).fill(Number.NaN);
    this.schema = schema;
  }

  get host(): string {
    return this.schema.host;
  }

  get lastSeen(): UnixMs {
    return this.#count === 0 ? 0 : (this.#times[this.#at(this.#count - 1)] ?? 0);
  }

  append({ schema, matrix }: StoredSamples): void {
    const { times, values, present } = matrix;
    const rows = times.length;
    // Late: newer samples are here already, and a window is for what is new.
    if ((times[rows - 1] ?? 0) <= this.lastSeen) return;
    if (schema !== this.schema && !sameColumns(schema, this.schema)) this.#relay(schema);
    this.schema = schema;
    const width = this.#width;
    for (let row = 0; row < rows; row++) {
      const time = times[row] ?? 0;
      if (time <= this.lastSeen) continue;
      if (this.#count === this.#capacity) this.#start = (this.#start + 1) % this.#capacity;
      else this.#count++;
      const slot = this.#at(this.#count - 1);
      this.#times[slot] = time;
      const base = slot * width;
      for (let column = 0, from = row; column < width; column++, from += rows) {
        this.#values[base + column] =
          present !== undefined && present[from] === 0 ? Number.NaN : (values[from] ?? Number.NaN);
      }
    }
  }

  rows(from: UnixMs): SampleMatrix {
    let first = 0;
    while (first < this.#count && (this.#times[this.#at(first)] ?? 0) < from) first++;
    const rows = this.#count - first;
    const times = new Float64Array(rows);
    const values = new Float64Array(rows * this.#width);
    for (let row = 0; row < rows; row++) {
      const slot = this.#at(first + row);
      times[row] = this.#times[slot] ?? 0;
      const base = slot * this.#width;
      for (let column = 0; column < this.#width; column++)
        values[column * rows + row] = this.#values[base + column] ?? Number.NaN;
    }
    return { times, width: this.#width, values };
  }

  #at(row: number): number {
    return (this.#start + row) % this.#capacity;
  }

  /** Moves the rows to the columns of another schema, series by series. */
  #relay(schema: RegisteredSchema): void {
    const former = new Map(Array.from(this.schema.seriesIds, (id, column) => [id, column]));
    const width = schema.seriesIds.length;
    const values = new Float64Array(this.#capacity * width).fill(Number.NaN);
    for (let column = 0; column < width; column++) {
      const from = former.get(schema.seriesIds[column] ?? -1);
      if (from === undefined) continue;
      for (let slot = 0; slot < this.#capacity; slot++) {
        values[slot * width + column] = this.#values[slot * this.#width + from] ?? Number.NaN;
      }
    }
    this.#values = values;
    this.#width = width;
  }
}

function sameColumns(one: RegisteredSchema, other: RegisteredSchema): boolean {
  return (
    one.seriesIds.length === other.seriesIds.length &&
    one.seriesIds.every((id, column) => id === other.seriesIds[column])
  );
}
