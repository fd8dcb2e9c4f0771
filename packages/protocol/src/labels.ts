/** Label name to label value. The metric name is not among them; see {@link SeriesIdentity}. */
export type Labels = Readonly<Record<string, string>>;

/** A metric name plus labels: what a series is. */
export interface SeriesIdentity {
  readonly name: string;
  readonly labels: Labels;
}

/** Longest label value, in UTF-16 units; longer ones are refused. */
export const maxLabelValueLength = 1024;

/** Most labels of one series. */
export const maxLabels = 32;

/** Label names as Prometheus has them: `[a-zA-Z_][a-zA-Z0-9_]*`, `__` reserved for internal use. */
export function isLabelName(name: string): boolean {
  return /^(?!__)[a-zA-Z_][a-zA-Z0-9_]{0,127}$/u.test(name);
}

/** Label pairs in canonical order: by name, in UTF-16 code unit order. Labels with an empty value do not exist. */
export function canonicalLabels(labels: Labels): readonly (readonly [name: string, value: string])[] {
  return Object.entries(labels)
    .filter(([, value]) => value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * The series as Prometheus writes it, labels in canonical order: `up{host="db-1"}`, or `up` without labels.
 * Two series are the same exactly when their signatures are equal.
 */
export function seriesSignature({ name, labels }: SeriesIdentity): string {
  const pairs = canonicalLabels(labels).map(([label, value]) => `${label}="${escapeLabelValue(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** Backslash, quote and newline escaped as in the Prometheus text format. */
export function escapeLabelValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
