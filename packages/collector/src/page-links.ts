/** Addresses of the page, with the range of time that it is to show. */
import type { Incident, UnixMs } from '@tarsier/protocol';

export interface LinkRange {
  readonly start: UnixMs;
  readonly end: UnixMs;
}

/** @param pageUrl  where people open the page; undefined: a path, for those who know */
export function incidentLink(pageUrl: string | undefined, { id }: Pick<Incident, 'id'>, range: LinkRange): string {
  return address(pageUrl, `#/alerts/${encodeURIComponent(id)}?${rangeOf(range)}`);
}

export function hostLink(pageUrl: string | undefined, host: string, range: LinkRange): string {
  return address(pageUrl, `#/hosts/${encodeURIComponent(host)}?${rangeOf(range)}`);
}

/** A query of the Prometheus API, with at most 300 steps. */
export function queryLink(pageUrl: string | undefined, query: string, { start, end }: LinkRange): string {
  const step = Math.max(1, Math.ceil((end - start) / 300_000));
  const parameters = new URLSearchParams({
    query,
    start: String(start / 1000),
    end: String(end / 1000),
    step: String(step),
  });
  return address(pageUrl, `prometheus/api/v1/query_range?${parameters.toString()}`);
}

function rangeOf({ start, end }: LinkRange): string {
  return `range=${new Date(start).toISOString()}/${new Date(end).toISOString()}`;
}

function address(pageUrl: string | undefined, path: string): string {
  if (pageUrl === undefined) return `/${path}`;
  return new URL(path, pageUrl.endsWith('/') ? pageUrl : `${pageUrl}/`).href;
}
