/** Names and units as they are inside, made of those that other tools use. */
import { maxLabelValueLength } from '../labels.ts';
import type { MetricDescription, MetricKind } from '../metric.ts';

const maxMetricNameLength = 256;
const maxLabelNameLength = 128;
const maxHelpLength = 500;
const maxUnitLength = 40;

/** `http.server.duration` → `http_server_duration`: every other character becomes an underscore. Never empty. */
export function toMetricName(name: string): string {
  const legal = name.replaceAll(/[^a-zA-Z0-9_:]/gu, '_').slice(0, maxMetricNameLength - 1);
  return /^[a-zA-Z_:]/u.test(legal) ? legal : `_${legal}`;
}

/** As {@link toMetricName}; without the two leading underscores that are for internal use. */
export function toLabelName(name: string): string {
  const legal = name
    .replaceAll(/[^a-zA-Z0-9_]/gu, '_')
    .slice(0, maxLabelNameLength - 1)
    .replace(/^__+/u, '_');
  return /^[a-zA-Z_]/u.test(legal) ? legal : `_${legal}`;
}

/** A label value of whatever text: cut to the longest there may be, without halves of characters and without NUL. */
export function toLabelValue(text: string): string {
  return storable(text, maxLabelValueLength);
}

/** Neither half a character nor NUL could be stored in PostgreSQL. */
function storable(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? text.slice(0, maxLength) : text;
  return cut.isWellFormed() && !cut.includes('\0') ? cut : cut.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Counters say so by their name where nothing else does. */
export function kindByName(name: string): MetricKind {
  return name.endsWith('_total') ? 'counter' : 'gauge';
}

const baseUnits = new Set(['seconds', 'bytes', 'ratio', 'celsius', 'meters', 'volts', 'amperes', 'joules', 'grams']);

/** The base unit that a name ends with, as OpenMetrics has it; '' for plain counts. */
export function unitByName(name: string): string {
  const last =
    name
      .replace(/_(?:total|sum|created)$/u, '')
      .split('_')
      .at(-1) ?? '';
  return baseUnits.has(last) ? last : '';
}

/** A description within the limits of a batch's schema: help and unit are cut, not refused. */
export function describeMetric(name: string, kind: MetricKind, unit: string, help: string): MetricDescription {
  return { name, kind, unit: storable(unit, maxUnitLength), help: storable(help, maxHelpLength) };
}
