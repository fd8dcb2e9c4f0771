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

  /** The wanted columns of the rows after that time; undefined when there are none. */
  group(schema: RegisteredSchema, { times, values }: SampleMatrix, after: UnixMs = 0): LiveGroup | undefined {
    const columns = this.#columnsOf(schema);
    const rows = times.length;
    let first = 0;
    while (first < rows && (times[first] ?? 0) <= after) first++;
    if (columns.length === 0 || first === rows) return undefined;
    return {
      times: times.subarray(first),
      columns: columns.map((column) => ({
        ref: schema.seriesIds[column] ?? -1,
        values: values.subarray(column * rows + first, (column + 1) * rows),
      })),
    };
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
