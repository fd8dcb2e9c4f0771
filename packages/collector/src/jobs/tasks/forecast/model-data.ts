import { TarsierError } from '@tarsier/protocol';
import type { ForecastModel } from '../../../learn/forecasting/forecasting-network.ts';
import { z } from 'zod';

/** What is kept of a forecaster beside its weights. */
export const forecasterParameters = z.object({
  query: z.string(),
  stepMs: z.number(),
  lookback: z.int(),
  horizon: z.int(),
  seasons: z.array(z.int()),
  calibration: z.array(z.number()),
});
export type ForecasterParameters = z.infer<typeof forecasterParameters>;

/** Of the training: raised when the same data and seed give another model than before. */
export const forecasterCode = 1;

export const forecasterKind = 'forecaster';

export function weightsToBytes({ weights }: ForecastModel): Uint8Array {
  const bytes = new Uint8Array(weights.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [at, weight] of weights.entries()) view.setFloat32(at * 4, weight, true);
  return bytes;
}

/** @throws {TarsierError} `jobs/model` */
export function toForecastModel(parameters: ForecasterParameters, bytes: Uint8Array): ForecastModel {
  if (bytes.byteLength % 4 !== 0) throw new TarsierError('jobs/model', 'model: expected weights of four bytes each');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const weights = Float32Array.from({ length: bytes.byteLength / 4 }, (_, at) => view.getFloat32(at * 4, true));
  const { stepMs, lookback, horizon, seasons, calibration } = parameters;
  return { shape: { stepMs, lookback, horizon, seasons }, weights, calibration };
}
