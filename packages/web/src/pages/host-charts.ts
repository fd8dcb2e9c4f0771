import { escapeLabelValue } from '@tarsier/protocol/labels';

/** One chart of a host's page; attributes of `tarsier-chart`. */
export interface HostChart {
  readonly label: string;
  readonly selector: string;
  readonly rate?: boolean;
  readonly by?: string;
  readonly max?: number;
}

/** The vital signs of a host, in the order in which trouble is usually looked for. */
export function hostCharts(name: string): readonly HostChart[] {
  const host = `host="${escapeLabelValue(name)}"`;
  return [
    { label: 'CPU by mode', selector: `cpu_usage_ratio{${host},cpu="all",mode!="idle"}`, by: 'mode' },
    { label: 'Memory', selector: `{__name__=~"memory_(used|available|total)_bytes",${host}}` },
    { label: 'Load average', selector: `load_average{${host}}`, by: 'window' },
    { label: 'Network', selector: `{__name__=~"network_(received|sent)_bytes_total",${host}}`, rate: true },
    { label: 'Disk throughput', selector: `{__name__=~"diskio_(read|written)_bytes_total",${host}}`, rate: true },
    { label: 'Disk space used', selector: `disk_used_ratio{${host}}`, by: 'mount', max: 1 },
  ];
}
