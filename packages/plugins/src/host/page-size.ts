import type { Host } from './host.ts';
import { parseKeyValues } from '../text/key-values.ts';

/** Bytes of a page: /proc tells a process's memory in pages here and in kB there. 4 KiB where that can't be compared. */
export function pageSize(host: Host): number {
  const pages = Number.parseInt(host.readOnce('self/statm') ?? '', 10);
  const kilobytes = parseKeyValues(host.readOnce('self/status') ?? '').get('VmSize');
  const bytes = Math.round(((kilobytes ?? Number.NaN) * 1024) / pages / 4096) * 4096;
  return bytes > 0 ? bytes : 4096;
}
