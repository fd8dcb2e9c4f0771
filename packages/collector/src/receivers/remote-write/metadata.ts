import { createFamilies, kindByName, type Families, type FamilyType } from '@tarsier/protocol/formats';
import type { MetricKind } from '@tarsier/protocol';

/** By the number that remote_write has for it; https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/ */
const familyTypes: readonly FamilyType[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
];

export function familyTypeOf(number: number): FamilyType {
  return familyTypes[number] ?? 'unknown';
}

/** What is known of metric families; with guesses for what comes before its description. */
export function createMetadata(): Families {
  return createFamilies(kindByEnding);
}

/** Samples may come a minute before what they mean: the series of histograms and summaries are told by their endings. */
function kindByEnding(name: string): MetricKind {
  return /_(?:bucket|count|sum)$/u.test(name) ? 'counter' : kindByName(name);
}
