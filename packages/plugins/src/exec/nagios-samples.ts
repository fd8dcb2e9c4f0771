import type { NagiosOutput, NagiosRange } from '@tarsier/protocol/formats';
import type { Labels } from '@tarsier/protocol';
import type { MetricSpec, ScrapeOutput } from '../plugin.ts';

/** What exit codes of Nagios plugins mean. */
export const nagiosStates = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
export const unknownState = 3;

const units = ['', 'seconds', 'bytes', 'ratio'] as const;

export const nagiosMetrics: Readonly<Record<string, MetricSpec>> = {
  nagios_state: { kind: 'gauge', unit: '', help: 'Of a check: 0 is OK, 1 is WARNING, 2 is CRITICAL, 3 is UNKNOWN.' },
  ...Object.fromEntries(
    units.flatMap((unit): [string, MetricSpec][] => [
      [withUnit('nagios_value', unit), { kind: 'gauge', unit, help: 'What a check measured, by its label.' }],
      [
        withUnit('nagios_bound', unit),
        { kind: 'gauge', unit, help: 'Where a check warns, or ends: of a threshold, or of what there can be.' },
      ],
    ]),
  ),
  nagios_value_total: { kind: 'counter', unit: '', help: 'What a check counted, by its label.' },
};

/** Performance data of a check as samples: values, and the bounds to draw beside them. */
export function putPerfdata(out: ScrapeOutput, { perfdata }: NagiosOutput, common: Labels): void {
  for (const { label, unit, isCounter, value, warning, critical, min, max } of perfdata) {
    const labels = { ...common, label: label.slice(0, maxLabelLength) };
    if (value !== undefined) {
      if (isCounter) out.counter('nagios_value_total', value, labels);
      else out.gauge(withUnit('nagios_value', unit), value, labels);
    }
    const bounds = { ...boundsOf('warning', warning), ...boundsOf('critical', critical), min, max };
    for (const [bound, at] of Object.entries(bounds)) {
      if (at !== undefined) out.gauge(withUnit('nagios_bound', unit), at, { ...labels, bound });
    }
  }
}

const maxLabelLength = 1024;

/** `warning_high`, and `warning_inside_high` where it warns inside of the range. Bounds at infinity are none. */
function boundsOf(level: string, range: NagiosRange | undefined): Readonly<Record<string, number>> {
  if (range === undefined) return {};
  const { from, to, inside } = range;
  const prefix = inside ? `${level}_inside` : level;
  // `10` means 0 to 10, and hardly ever that there is something below 0.
  return { ...(from === 0 && !inside ? {} : { [`${prefix}_low`]: from }), [`${prefix}_high`]: to };
}

function withUnit(name: string, unit: string): string {
  return unit === '' ? name : `${name}_${unit}`;
}
