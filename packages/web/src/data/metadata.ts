import type { Api } from './rest.ts';

/** Names of all metrics that there are. @throws {RequestError} */
export function metricNames(api: Api, signal?: AbortSignal): Promise<readonly string[]> {
  return labelValues(api, '__name__', '', signal);
}

/** @param selector  only of these series; '' of all. @throws {RequestError} */
export async function labelValues(
  api: Api,
  label: string,
  selector = '',
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const match = selector === '' ? '' : `?match[]=${encodeURIComponent(selector)}`;
  return stringsOf(await api.get(`/prometheus/api/v1/label/${encodeURIComponent(label)}/values${match}`, signal));
}

/** The list in an answer of Prometheus's API; what is none is an empty one. */
export function stringsOf(answer: unknown): readonly string[] {
  const data = typeof answer === 'object' && answer !== null && 'data' in answer ? answer.data : undefined;
  return Array.isArray(data) ? data.filter((value): value is string => typeof value === 'string') : [];
}
