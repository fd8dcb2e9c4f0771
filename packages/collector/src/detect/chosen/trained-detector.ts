/** A detector that was trained on past samples elsewhere, and is gone on with. */
import type { ExcursionSeries } from '../anomaly.ts';

export interface TrainedDetector {
  /** The same while it is the same model and version. */
  readonly key: string;
  /** Of the detector. */
  readonly kind: string;
  /** Signatures of the series that it was trained on, in the order of its channels. */
  readonly channels: readonly string[];
  readonly body: Uint8Array;
}

/**
 * One for just these series, whichever order they are in. Counters have none: they are looked at as rates, and were
 * trained on as they count.
 *
 * @returns it, and the series in the order of its channels
 */
export function trainedFor(
  models: readonly TrainedDetector[],
  kind: string,
  wanted: readonly ExcursionSeries[],
): { readonly model: TrainedDetector; readonly series: readonly ExcursionSeries[] } | undefined {
  if (models.length === 0 || wanted.some(({ isCounter }) => isCounter)) return undefined;
  const bySignature = new Map(wanted.map((series) => [series.signature, series]));
  for (const model of models) {
    if (model.kind !== kind || model.channels.length !== bySignature.size) continue;
    const series = model.channels.flatMap((signature) => bySignature.get(signature) ?? []);
    if (series.length === bySignature.size) return { model, series };
  }
  return undefined;
}
