import type { Labels, SampleMatrix, UnixMs } from '@tarsier/protocol';
import type { LiveGroup, LiveSeries } from '@tarsier/protocol/live';
import { parseSelector } from '../query/language/parse.ts';
import { compileMatchers } from '../query/selector.ts';
import type { RegisteredSchema } from '../storage/series-catalog.ts';
import { sees, type TenantScope } from '../tenant.ts';

/** Which of a host's columns one client wants. A series' `ref` is its number in the tenant, so it never changes. */
export class Subscription {
  readonly id: number;
  readonly selector: string;
  /** How far back a snap reaches, ms. */
  readonly windowMs: number;
  /** Hosts of which it shows a series. */
  readonly hosts = new Set<string>();
  /** Since when the client has been too slow for it. */
  laggingSince: UnixMs | undefined;
  /** What else a frame depends on: pages that may see different series never get the same bytes. */
  readonly view: TenantScope['view'];
  readonly #wants: (series: { readonly name: string; readonly labels: Labels }) => boolean;
  readonly #columns = new WeakMap<RegisteredSchema, readonly number[]>();
  readonly #announced = new Set<number>();
  /** By series: those of a host that come together have the same. */
  readonly #sentUntil = new Map<number, UnixMs>();
  /** The client says that it has what is not newer. */
  #heldUntil: UnixMs = 0;

  /** @throws {TarsierError} `query/…` when the selector is none */
  constructor(id: number, selector: string, windowMs: number, { view }: Pick<TenantScope, 'view'> = {}) {
    this.id = id;
    this.selector = selector;
    this.windowMs = windowMs;
    this.view = view;
    const matches = compileMatchers(parseSelector(selector));
    this.#wants = (series) => matches(series) && sees({ view }, series);
  }

  matches(schema: RegisteredSchema): boolean {
    return this.#columnsOf(schema).length > 0;
  }

  /** The wanted series that the client does not know yet. */
  announce(schema: RegisteredSchema): readonly LiveSeries[] {
    const fresh: LiveSeries[] = [];
    for (const column of this.#columnsOf(schema)) {
      const ref = schema.seriesIds[column] ?? -1;
      if (this.#announced.has(ref)) continue;
      this.#announced.add(ref);
      const series = describe(schema, column);
      if (series !== undefined) fresh.push({ ref, ...series });
    }
    return fresh;
  }

  /** The wanted columns, of rows newer than what was sent of them before; undefined when there are none. */
  group(schema: RegisteredSchema, { times, values }: SampleMatrix): LiveGroup | undefined {
    const columns = this.#columnsOf(schema);
    const rows = times.length;
    const refs = columns.map((column) => schema.seriesIds[column] ?? -1);
    const sentUntil = refs.reduce((until, ref) => Math.max(until, this.#sentUntil.get(ref) ?? 0), this.#heldUntil);
    let first = 0;
    while (first < rows && (times[first] ?? 0) <= sentUntil) first++;
    if (columns.length === 0 || first === rows) return undefined;
    for (const ref of refs) this.#sentUntil.set(ref, times[rows - 1] ?? 0);
    return {
      times: times.subarray(first),
      columns: columns.map((column, index) => ({
        ref: refs[index] ?? -1,
        values: values.subarray(column * rows + first, (column + 1) * rows),
      })),
    };
  }

  /** The client starts anew: a snap will send all again. */
  restart(): void {
    this.#sentUntil.clear();
    this.#heldUntil = 0;
  }

  /** The client goes on from there. */
  resume(since: UnixMs): void {
    this.#sentUntil.clear();
    this.#heldUntil = since;
  }

  #columnsOf(schema: RegisteredSchema): readonly number[] {
    let columns = this.#columns.get(schema);
    if (columns === undefined) {
      columns = schema.schema.series.flatMap((_, column) => {
        const series = describe(schema, column);
        return series !== undefined && this.#wants(series) ? [column] : [];
      });
      this.#columns.set(schema, columns);
      if (columns.length > 0) this.hosts.add(schema.host);
    }
    return columns;
  }
}

function describe({ schema, host }: RegisteredSchema, column: number): Omit<LiveSeries, 'ref'> | undefined {
  const series = schema.series[column];
  const metric = series === undefined ? undefined : schema.metrics[series.metric];
  if (series === undefined || metric === undefined) return undefined;
  return { name: metric.name, labels: { ...series.labels, host }, kind: metric.kind, unit: metric.unit };
}
