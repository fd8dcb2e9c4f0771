/** Texts of samples to fill in what was: `POST /v1/import/prometheus`, `/v1/import/json`, `/v1/import/csv`. */
import { TarsierError } from '@tarsier/protocol';
import {
  parseCsv,
  parseJsonLines,
  parseOpenMetrics,
  parsePrometheusText,
  type FormatReading,
} from '@tarsier/protocol/formats';
import type { OperationKey } from '@tarsier/protocol/api';
import type { Context } from 'hono';
import { seriesOf } from '../../receivers/foreign-series.ts';
import type { Api, Call } from '../api/call.ts';
import type { AppEnv } from '../app-env.ts';
import { readUnpacked, receive, utf8, type DoorDeps } from './door.ts';

/** Samples may be as old as they are kept. @param deps.maxAgeMs  how long that is */
export function importRoutes(api: Api, deps: DoorDeps): void {
  const take =
    (read: (text: string, c: Context<AppEnv>) => FormatReading) =>
    async ({ c, identity }: Pick<Call<OperationKey>, 'c' | 'identity'>): Promise<{ readonly stored: number }> => {
      const reading = read(utf8(await readUnpacked(c)), c);
      const series = seriesOf(reading.samples, deps.now());
      const hostLabels = ['host', 'instance'];
      const { stored, rejected, reason } = await receive(c, deps, { identity, door: 'import', hostLabels, series });
      const { badLines, errors } = reading;
      if (badLines === 0 && rejected === 0) return { stored };
      const why = errors[0]?.message ?? reason;
      const counts = `${stored} samples stored, ${rejected} not taken, ${badLines} lines not read`;
      throw new TarsierError('receive/rejected', `${counts}: ${why}`);
    };

  api.on('POST /v1/import/prometheus', take(readPrometheus));
  api.on(
    'POST /v1/import/json',
    take((text) => parseJsonLines(text)),
  );
  api.on('POST /v1/import/csv', take(readCsv));
}

/** Whole or not at all: a line may change what those before it mean. */
function readPrometheus(text: string, c: Context<AppEnv>): FormatReading {
  const isOpenMetrics = c.req.header('content-type')?.startsWith('application/openmetrics-text') === true;
  const samples = isOpenMetrics ? parseOpenMetrics(text) : parsePrometheusText(text);
  return { samples, badLines: 0, errors: [] };
}

/** `?metric=` names the columns that are one each. */
function readCsv(text: string, c: Context<AppEnv>): FormatReading {
  return parseCsv(text, { metrics: c.req.queries('metric') ?? [] });
}
