import { z } from 'zod';
import { selectorSchema } from './query.ts';
import { timeParameter } from './time.ts';

/** A month, so that one series is never more than memory has room for. */
const longestExportMs = 31 * 86_400_000;

/** `GET /v1/export/:format`. */
export const exportParameters = z
  .object({
    /** Series that any of them matches. */
    match: z.array(selectorSchema).min(1, 'expected a selector: match[]={host="db-1"}').max(100),
    start: timeParameter,
    /** Included. */
    end: timeParameter,
  })
  .refine(({ start, end }) => start <= end, { path: ['end'], message: 'expected a time at or after start' })
  .refine(({ start, end }) => end - start <= longestExportMs, {
    path: ['start'],
    message: 'expected at most 31 days before end; ask for more in parts',
  });
