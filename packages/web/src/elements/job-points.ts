import type { JobEvent } from '@tarsier/protocol';

/** Points of the curves that a job told of, those that have all the numbers. */
export function pointsOf<Point>(events: readonly JobEvent[], names: readonly (keyof Point & string)[]): Point[] {
  return events.flatMap((event) => {
    const metrics = event.kind === 'progress' ? event.metrics : undefined;
    if (metrics === undefined || names.some((name) => !Number.isFinite(metrics[name]))) return [];
    // The names that were looked for are numbers; a caller reads no others.
    return [metrics as Point];
  });
}

/** Whether a result is of a kind and version that this code knows. What is in it was checked where it was made. */
export function isOfKind<Result extends { readonly kind: string; readonly version: number }>(
  result: unknown,
  kind: Result['kind'],
  version: Result['version'],
): result is Result {
  return (
    typeof result === 'object' &&
    result !== null &&
    'kind' in result &&
    result.kind === kind &&
    'version' in result &&
    result.version === version
  );
}
