/** What rules record comes in by a door of its own: it is stored as other samples are, under no host. */
import { seriesSignature, TarsierError, type SeriesIdentity, type UnixMs } from '@tarsier/protocol';
import { noHost } from '../no-host.ts';
import type { TenantScope } from '../tenant.ts';
import type { Receiver } from './receiver.ts';

/**
 * The function resolves when all samples are committed.
 *
 * @throws {TarsierError} from the function: `rules/refused` where series can not be stored
 */
export function createRecorder({ receiver, maxAgeMs }: { readonly receiver: Receiver; readonly maxAgeMs: number }) {
  /** @param values  one per series; their bits are kept: one NaN says that the series has ended */
  return async (
    scope: TenantScope,
    series: readonly SeriesIdentity[],
    values: Float64Array,
    time: UnixMs,
  ): Promise<void> => {
    const foreign = series.map(({ name, labels }, index) => ({
      metric: { name, kind: 'gauge' as const, unit: '', help: '' },
      labels,
      key: seriesSignature({ name, labels }),
      times: [time],
      values: values.subarray(index, index + 1),
    }));
    const { rejected, reason } = await receiver.take(scope, foreign, { hosts: noHost, maxAgeMs });
    if (rejected > 0) throw new TarsierError('rules/refused', `${rejected} samples were not stored: ${reason}`);
  };
}
