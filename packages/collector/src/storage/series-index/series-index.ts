import { TarsierError, type Labels } from '@tarsier/protocol';
import type { LabelTest, TenantScope } from '../../tenant.ts';
import type { Database } from '../database.ts';
import type { SeriesRow } from '../series-catalog.ts';
import {
  LabelIndex,
  tooManySeries,
  type Cardinality,
  type HostIds,
  type MatchOptions,
  type Tally,
} from './label-index.ts';

/** Every tenant's series by their labels. As new as the database at each call, whichever collector wrote there. */
export interface SeriesIndex {
  /**
   * In order of host name, then of series number.
   *
   * @throws {TarsierError} `query/too-many-series` where more than `most` match, and are not to be cut off
   */
  match(scope: TenantScope, tests: readonly LabelTest[], options?: MatchOptions): Promise<SeriesRow[]>;
  /**
   * The same of what is in memory, as of then: who reads rows anyway asks the database in the same statement whether
   * that is still so. Undefined while nothing is.
   */
  matchKnown(scope: TenantScope, tests: readonly LabelTest[], options?: MatchOptions): KnownSeries | undefined;
  /** Labels of the series that one of the selectors finds, or of all, in order. */
  labelNames(scope: TenantScope, selectors: Selectors, hosts?: HostIds): Promise<string[]>;
  /** Values of a label among the series that one of the selectors finds, or among all, in order. */
  labelValues(scope: TenantScope, name: string, selectors: Selectors, hosts?: HostIds): Promise<string[]>;
  /** Each metric once, as the first of its series describes it. */
  metrics(scope: TenantScope): Promise<Pick<SeriesRow, 'name' | 'kind' | 'unit'>[]>;
  /** The one that has the most series: does not read them into memory where they are not. */
  largestMetric(scope: TenantScope): Promise<Tally | undefined>;
  /** What a tenant's series are made of. @param most  of each list */
  cardinality(scope: TenantScope, most: number): Promise<Cardinality>;
}

export interface KnownSeries {
  readonly series: readonly SeriesRow[];
  readonly asOf: SeriesState;
}

/** Tells two states of a tenant's series apart: they are the same where both numbers are. */
export interface SeriesState {
  /** Counts deletions. */
  readonly version: number;
  /** Number of the newest series. */
  readonly last: number;
}

type Selectors = readonly (readonly LabelTest[])[];

interface TenantIndex {
  labels: LabelIndex;
  /** Names by number, up to the last host's that was given out. */
  hosts: Map<number, string>;
  lastHostId: number;
  /** Counts what was deleted: the numbers of series only tell what is new. */
  version: number;
  /** Of the last series given out. */
  lastSeriesId: number;
  /** One reader at a time brings it up to date. */
  loading: Promise<void>;
}

interface FoundState extends SeriesState {
  readonly lastHost: number;
}

/** Series read at once. */
const cursorRows = 5_000;

export function createSeriesIndex({ run, stream, reads }: Pick<Database, 'run' | 'stream' | 'reads'>): SeriesIndex {
  const tenants = new Map<number, TenantIndex>();

  async function current(scope: TenantScope): Promise<LabelIndex> {
    const { tenantId } = scope;
    let index = tenants.get(tenantId);
    if (index === undefined) {
      index = {
        labels: new LabelIndex(),
        hosts: new Map(),
        lastHostId: 0,
        version: 0,
        lastSeriesId: 0,
        loading: Promise.resolve(),
      };
      tenants.set(tenantId, index);
    }
    const known = index;
    const [state] = await run(
      scope,
      (sql) => sql<FoundState[]>`
      select series_version as version, next_series_id - 1 as last, next_host_id - 1 as "lastHost"
      from tenant where tenant_id = ${tenantId}`,
    );
    if (state === undefined) {
      tenants.delete(tenantId);
      return new LabelIndex();
    }
    if (state.version !== known.version || state.last > known.lastSeriesId) {
      // After another that is at it, which may have read all that is wanted here.
      known.loading = known.loading.catch(() => {}).then(() => load(scope, known, state));
      await known.loading;
    }
    return known.labels;
  }

  async function load(scope: TenantScope, index: TenantIndex, state: FoundState): Promise<void> {
    if (state.version === index.version && state.last <= index.lastSeriesId) return;
    const isSame = state.version === index.version;
    const labels = isSame ? index.labels : new LabelIndex();
    const hosts = isSame ? index.hosts : new Map<number, string>();
    const knownHost = isSame ? index.lastHostId : 0;
    // Numbers are given out under a lock that is held until the commit: what is below the last one is there.
    const newHosts = await run(
      scope,
      (sql) => sql<{ host_id: number; name: string }[]>`
      select host_id, name from host
      where tenant_id = ${scope.tenantId} and host_id > ${knownHost} and host_id <= ${state.lastHost}`,
    );
    for (const { host_id, name } of newHosts) hosts.set(host_id, name);
    // Not joined with the hosts: a planner that takes them to be few, as while a fleet is new, goes through all of them
    // for each series.
    const pages = stream(
      scope,
      cursorRows,
      (sql) => sql<{ series_id: number; host_id: number; name: string; labels: Labels; kind: string; unit: string }[]>`
      select series_id, host_id, name, labels, kind, unit from series
      where tenant_id = ${scope.tenantId} and series_id > ${labels.lastSeriesId} and series_id <= ${state.last}
      order by series_id`,
    );
    for await (const some of pages) {
      for (const { series_id, host_id, name, labels: own, kind, unit } of some) {
        const host = hosts.get(host_id);
        // Deleted meanwhile.
        if (host === undefined) continue;
        labels.add({
          seriesId: series_id,
          hostId: host_id,
          name,
          // What rules record says by itself which host it is of, if any.
          labels: { host, ...own },
          kind: kind === 'counter' ? 'counter' : 'gauge',
          unit,
        });
      }
    }
    index.labels = labels;
    index.hosts = hosts;
    index.lastHostId = state.lastHost;
    index.version = state.version;
    index.lastSeriesId = state.last;
  }

  return {
    match: async (scope, tests, options) => matchIn(await current(scope), scope, tests, options),
    matchKnown(scope, tests, options) {
      const index = tenants.get(scope.tenantId);
      if (index === undefined) return undefined;
      const { labels, version, lastSeriesId: last } = index;
      return { series: matchIn(labels, scope, tests, options), asOf: { version, last } };
    },
    labelNames: async (scope, selectors, hosts) => (await current(scope)).labelNames(narrowed(scope, selectors), hosts),
    labelValues: async (scope, name, selectors, hosts) =>
      (await current(scope)).labelValues(name, narrowed(scope, selectors), hosts),
    async metrics(scope) {
      requireAll(scope);
      return (await current(scope)).metrics();
    },
    async largestMetric(scope) {
      requireAll(scope);
      if (tenants.has(scope.tenantId)) return (await current(scope)).largestMetric();
      const [largest] = await reads.run(
        scope,
        (sql) => sql<Tally[]>`
        select name, count(*)::int as series from series where tenant_id = ${scope.tenantId}
        group by name order by series desc, name limit 1`,
      );
      return largest;
    },
    async cardinality(scope, most) {
      requireAll(scope);
      return (await current(scope)).cardinality(most);
    },
  };
}

function matchIn(
  index: LabelIndex,
  scope: TenantScope,
  tests: readonly LabelTest[],
  options: MatchOptions | undefined,
): SeriesRow[] {
  const [only, ...more] = narrowed(scope, [tests]);
  if (only === undefined) return [];
  if (more.length === 0) return index.match(only, options);
  // A view of several selectors: a series that two of them show is shown once.
  const rows = new Map([only, ...more].flatMap((all) => index.match(all, options)).map((row) => [row.seriesId, row]));
  return cutOff([...rows.values()], options);
}

/** Selectors within what may be seen. None stands for all series. */
function narrowed({ view }: TenantScope, selectors: Selectors): Selectors {
  if (view === undefined) return selectors;
  const wanted = selectors.length === 0 ? [[]] : selectors;
  return wanted.flatMap((tests) => view.map((seen) => [...tests, ...seen]));
}

function cutOff(rows: SeriesRow[], { most = Infinity, whatIsMore = 'refuse' }: MatchOptions = {}): SeriesRow[] {
  const sorted = rows.toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : a.seriesId - b.seriesId));
  if (sorted.length > most && whatIsMore === 'refuse') throw tooManySeries(sorted.length, most);
  return sorted.slice(0, most);
}

/** Counts of all of a tenant's series are not for who may see some of them. */
function requireAll({ view }: TenantScope): void {
  if (view !== undefined) throw new TarsierError('auth/scope', 'a view token sees the series of its selectors alone');
}
