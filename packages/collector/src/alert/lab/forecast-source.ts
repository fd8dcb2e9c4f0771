/** What forecast rules saw: at each time from what was known then. */
import { TarsierError, type UnixMs } from '@tarsier/protocol';
import type { LabRule } from '@tarsier/protocol/api';
import type { Forecaster } from '../../forecast/forecaster.ts';
import type { TenantScope } from '../../tenant.ts';
import type { AlertSample } from '../groups/alert-rule-run.ts';
import { lookAhead } from '../periodic/forecast-look.ts';
import { asSamples } from '../periodic/seen.ts';
import type { Source } from './trial.ts';

/** Each forecast of a series takes some hundredths of a second. */
const mostLooks = 500;

/** @throws {TarsierError} `rules/lab`, `forecast/…`, `query/…` */
export async function forecastSource(
  forecaster: Pick<Forecaster, 'forecast'>,
  scope: TenantScope,
  rule: Extract<LabRule, { kind: 'forecast' }>,
  limit: number,
  { start, end, stepMs }: { readonly start: UnixMs; readonly end: UnixMs; readonly stepMs: number },
): Promise<Source> {
  const everyMs = Math.max(rule.everyMs, stepMs);
  const looks = Math.floor((end - start) / everyMs) + 1;
  if (looks * rule.values.length > mostLooks) {
    throw new TarsierError(
      'rules/lab',
      `everyMs: expected at most ${mostLooks} forecasts over all values, got ${looks * rule.values.length}; look less often`,
      { field: 'rule.everyMs' },
    );
  }
  const look = lookAhead(forecaster, scope, { ...rule, limit });
  const seen: (readonly AlertSample[])[] = [];
  for (let at = start; at <= end; at += everyMs) seen.push(asSamples(rule, await look(at, false)));
  // Between two looks it goes on as it is.
  return (time) => seen[Math.floor((time - start) / everyMs)] ?? [];
}
