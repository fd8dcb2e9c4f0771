/** Settings that all plugins have which count calls. */
import { z } from 'zod';

/** @param most  unless set @param what  in the plural */
export function toldApartSetting(most: number, what: string) {
  return z.int().min(1).max(1_000).default(most).describe(`${what} that are told apart; the rest is other.`);
}

export const callSeriesSetting = z
  .int()
  .min(1)
  .max(4_000)
  .default(3_000)
  .describe('Calls that would need more series are not counted.');

/** Long: a counter that ends between two calls would lose what the second one adds. */
export const callIdleSetting = z
  .int()
  .min(60)
  .max(31_536_000)
  .default(86_400)
  .describe('Seconds without a call after which its counters end.');
