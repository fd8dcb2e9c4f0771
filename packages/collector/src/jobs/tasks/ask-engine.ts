/** What PromQL answers, for jobs: of another kind than is asked for there is nothing. */
import type { UnixMs } from '@tarsier/protocol';
import type { Engine, LabelledColumn, LabelledSample } from '../../query/engine.ts';
import type { TenantScope } from '../../tenant.ts';

export interface Asking {
  readonly engine: Pick<Engine, 'instant' | 'range'>;
  readonly scope: TenantScope;
  readonly signal?: AbortSignal | undefined;
  /** Counts as no query of the tenant. */
  readonly uncounted?: boolean;
}

/** @throws {TarsierError} `query/…` */
export async function samplesAt(
  { engine, scope, ...asking }: Asking,
  query: string,
  time: UnixMs,
): Promise<readonly LabelledSample[]> {
  const { data } = await engine.instant(scope, { query, time, ...optionsOf(asking) });
  return data.kind === 'vector' ? data.samples : [];
}

/** @throws {TarsierError} `query/…` */
export async function seriesOver(
  { engine, scope, ...asking }: Asking,
  request: { readonly query: string; readonly start: UnixMs; readonly end: UnixMs; readonly stepMs: number },
): Promise<readonly LabelledColumn[]> {
  const { data } = await engine.range(scope, { ...request, ...optionsOf(asking) });
  return data.kind === 'matrix' ? data.series : [];
}

/** Who asks may have more than is asked with. */
function optionsOf({ signal, uncounted = false }: Pick<Asking, 'signal' | 'uncounted'>) {
  return { uncounted, ...(signal === undefined ? {} : { signal }) };
}
