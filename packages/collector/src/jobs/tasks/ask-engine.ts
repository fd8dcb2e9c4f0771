/** What PromQL answers, for jobs: of another kind than is asked for there is nothing. */
import type { UnixMs } from '@tarsier/protocol';
import type { Engine, LabelledColumn, LabelledSample } from '../../query/engine.ts';
import type { TenantScope } from '../../tenant.ts';

export interface Asking {
  readonly engine: Pick<Engine, 'instant' | 'range'>;
  readonly scope: TenantScope;
  readonly signal?: AbortSignal;
}

/** @throws {TarsierError} `query/…` */
export async function samplesAt(
  { engine, scope, signal }: Asking,
  query: string,
  time: UnixMs,
): Promise<readonly LabelledSample[]> {
  const { data } = await engine.instant(scope, { query, time, ...(signal === undefined ? {} : { signal }) });
  return data.kind === 'vector' ? data.samples : [];
}

/** @throws {TarsierError} `query/…` */
export async function seriesOver(
  { engine, scope, signal }: Asking,
  request: { readonly query: string; readonly start: UnixMs; readonly end: UnixMs; readonly stepMs: number },
): Promise<readonly LabelledColumn[]> {
  const { data } = await engine.range(scope, { ...request, ...(signal === undefined ? {} : { signal }) });
  return data.kind === 'matrix' ? data.series : [];
}
