/** What one control group uses, from its files: both versions of the kernel's interface give the same. */
import { parseKeyValues } from '../text/key-values.ts';
import { parsePressure } from '../system/pressure.ts';

/** NaN where the kernel does not tell, or there is no limit. */
export interface CgroupUsage {
  readonly cpuSeconds: number;
  readonly throttledSeconds: number;
  readonly throttledPeriods: number;
  /** Cores that it may use. */
  readonly cpuLimitCores: number;
  readonly memoryBytes: number;
  /** Of those, cached files that the kernel can drop at once. */
  readonly inactiveFileBytes: number;
  readonly memoryLimitBytes: number;
  readonly oomKills: number;
  /** Times it ran into its limit of memory. */
  readonly limitHits: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly processes: number;
}

/** Reads a file of the group: `controller` matters where each has a tree of its own. */
export type ReadCgroupFile = (controller: string, file: string) => string | undefined;

/** Documentation/admin-guide/cgroup-v2.rst of the kernel. */
export function readUsageV2(read: ReadCgroupFile): CgroupUsage {
  const cpu = parseKeyValues(read('cpu', 'cpu.stat') ?? '');
  const events = parseKeyValues(read('memory', 'memory.events') ?? '');
  const [quota, period] = (read('cpu', 'cpu.max') ?? '').split(' ');
  const io = sumIoStat(read('io', 'io.stat'));
  return {
    cpuSeconds: microseconds(cpu.get('usage_usec')),
    throttledSeconds: microseconds(cpu.get('throttled_usec')),
    throttledPeriods: cpu.get('nr_throttled') ?? Number.NaN,
    cpuLimitCores: Number(quota) / Number(period),
    memoryBytes: numberOf(read('memory', 'memory.current')),
    inactiveFileBytes: parseKeyValues(read('memory', 'memory.stat') ?? '').get('inactive_file') ?? Number.NaN,
    memoryLimitBytes: numberOf(read('memory', 'memory.max')),
    oomKills: events.get('oom_kill') ?? Number.NaN,
    limitHits: events.get('max') ?? Number.NaN,
    readBytes: io.read,
    writtenBytes: io.written,
    processes: numberOf(read('pids', 'pids.current')),
  };
}

/** Where there is no limit, version 1 says the greatest number of pages. */
const noLimitBytes = 2 ** 60;

/** Documentation/admin-guide/cgroup-v1/ of the kernel. */
export function readUsageV1(read: ReadCgroupFile): CgroupUsage {
  const cpu = parseKeyValues(read('cpu', 'cpu.stat') ?? '');
  const quota = numberOf(read('cpu', 'cpu.cfs_quota_us'));
  const limit = numberOf(read('memory', 'memory.limit_in_bytes'));
  const io = sumBlkio(
    read('blkio', 'blkio.throttle.io_service_bytes_recursive') ?? read('blkio', 'blkio.throttle.io_service_bytes'),
  );
  return {
    cpuSeconds: numberOf(read('cpuacct', 'cpuacct.usage')) / 1e9,
    throttledSeconds: (cpu.get('throttled_time') ?? Number.NaN) / 1e9,
    throttledPeriods: cpu.get('nr_throttled') ?? Number.NaN,
    cpuLimitCores: quota > 0 ? quota / numberOf(read('cpu', 'cpu.cfs_period_us')) : Number.NaN,
    memoryBytes: numberOf(read('memory', 'memory.usage_in_bytes')),
    inactiveFileBytes: parseKeyValues(read('memory', 'memory.stat') ?? '').get('total_inactive_file') ?? Number.NaN,
    memoryLimitBytes: limit < noLimitBytes ? limit : Number.NaN,
    oomKills: parseKeyValues(read('memory', 'memory.oom_control') ?? '').get('oom_kill') ?? Number.NaN,
    limitHits: numberOf(read('memory', 'memory.failcnt')),
    readBytes: io.read,
    writtenBytes: io.written,
    processes: numberOf(read('pids', 'pids.current')),
  };
}

/** Time in which some of the group's tasks waited, by resource. Version 2 alone has it. */
export function readPressure(read: ReadCgroupFile): ReadonlyMap<string, number> {
  const seconds = new Map<string, number>();
  for (const resource of ['cpu', 'memory', 'io']) {
    const some = parsePressure(read(resource, `${resource}.pressure`) ?? '').find(({ share }) => share === 'some');
    if (some !== undefined) seconds.set(resource, some.totalSeconds);
  }
  return seconds;
}

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 …`, a line per device. An empty file says that there was none yet. */
function sumIoStat(text: string | undefined): { readonly read: number; readonly written: number } {
  if (text === undefined) return { read: Number.NaN, written: Number.NaN };
  let [read, written] = [0, 0];
  for (const [, direction, bytes] of text.matchAll(/ ([rw])bytes=(\d+)/gu)) {
    if (direction === 'r') read += Number(bytes);
    else written += Number(bytes);
  }
  return { read, written };
}

/** `8:0 Read 1`, a line per device and direction. */
function sumBlkio(text: string | undefined): { readonly read: number; readonly written: number } {
  if (text === undefined) return { read: Number.NaN, written: Number.NaN };
  let [read, written] = [0, 0];
  for (const [, direction, bytes] of text.matchAll(/^\d+:\d+ (Read|Write) (\d+)$/gmu)) {
    if (direction === 'Read') read += Number(bytes);
    else written += Number(bytes);
  }
  return { read, written };
}

/** NaN for `max` and for what is not there. */
function numberOf(text: string | undefined): number {
  return text === undefined ? Number.NaN : Number(text);
}

function microseconds(value: number | undefined): number {
  return (value ?? Number.NaN) / 1e6;
}
