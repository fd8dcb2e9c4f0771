import { escapeLabelValue } from '@tarsier/protocol/labels';
import type { FleetWords } from '../../i18n/fleet/en.ts';

/** One chart of a host; attributes of `tarsier-chart`. */
export interface Vital {
  /** Its name is in the words. */
  readonly id: keyof FleetWords['host']['vitals'];
  readonly selector: string;
  readonly rate?: boolean;
  readonly by?: string;
  readonly max?: number;
}

/** The vital signs of a host, in the order in which trouble is usually looked for. */
export function vitalsOf(name: string): readonly Vital[] {
  const host = `host="${escapeLabelValue(name)}"`;
  return [
    { id: 'cpu', selector: `cpu_usage_ratio{${host},cpu="all",mode!="idle"}`, by: 'mode' },
    { id: 'memory', selector: `{__name__=~"memory_(used|available|total)_bytes",${host}}` },
    { id: 'load', selector: `load_average{${host}}`, by: 'window' },
    { id: 'network', selector: `{__name__=~"network_(received|sent)_bytes_total",${host}}`, rate: true },
    { id: 'disk', selector: `{__name__=~"diskio_(read|written)_bytes_total",${host}}`, rate: true },
    { id: 'space', selector: `disk_used_ratio{${host}}`, by: 'mount', max: 1 },
  ];
}
