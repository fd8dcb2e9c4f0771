/** Settings that all doors have. */
import { z } from 'zod';

export const maxSeriesSetting = z
  .int()
  .min(1)
  .max(4_500)
  .default(1_000)
  .describe('More series are not taken, and counted.');

export const floodSetting = z
  .int()
  .min(1)
  .max(1_000_000)
  .default(20_000)
  .describe('More lines are dropped and counted, and not even read.');

export const idleSetting = z
  .int()
  .min(30)
  .max(86_400)
  .default(300)
  .describe('Seconds without a new value after which a series ends.');
