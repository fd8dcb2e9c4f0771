import { describeError, TarsierError } from '@tarsier/protocol';
import type { Log } from '../../log.ts';
import { exportFormats, exportText, type ExportFormat } from '../../query/export-text.ts';
import type { Exporter } from '../../query/export.ts';
import { parseSelector } from '../../query/language/parse.ts';
import type { Api } from '../api/call.ts';
import { streamBody } from '../stream-body.ts';

/** `GET /v1/export/:format`: raw samples as text, read and sent a few series at a time. */
export function exportRoutes(api: Api, { exporter, log }: { readonly exporter: Exporter; readonly log: Log }): void {
  api.on('GET /v1/export/{format}', async ({ c, tenant, params, query, signal }) => {
    const format = formatOf(params.format);
    const { 'match[]': match, start, end } = query;
    const series = await exporter.series(tenant, match.map(parseSelector));
    const samples = exporter.samples(tenant, { series, from: start, to: end, signal });
    const body = streamBody(exportText(format, series, samples), (error) => {
      if (!signal.aborted) log.error('an export ended too early', { error: describeError(error) });
    });
    return c.body(body, 200, { 'content-type': format.contentType });
  });
}

function formatOf(name: string): ExportFormat {
  const found = Object.entries<ExportFormat>(exportFormats).find(([known]) => known === name);
  if (found !== undefined) return found[1];
  const known = Object.keys(exportFormats).join(', ');
  throw new TarsierError('http/not-found', `format: expected one of ${known}, got ${name}`, { field: 'format' });
}
