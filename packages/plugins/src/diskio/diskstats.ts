/** One line of /proc/diskstats (kernel: Documentation/admin-guide/iostats.rst). Sizes in bytes, times in seconds. */
export interface DiskStats {
  readonly device: string;
  readonly reads: number;
  readonly readBytes: number;
  readonly readSeconds: number;
  readonly readsMerged: number;
  readonly writes: number;
  readonly writtenBytes: number;
  readonly writeSeconds: number;
  readonly writesMerged: number;
  readonly inFlight: number;
  readonly busySeconds: number;
  readonly weightedSeconds: number;
}

/** The kernel counts in sectors of 512 bytes, whatever the device has. */
const sectorBytes = 512;

export function parseDiskstats(text: string): DiskStats[] {
  const result: DiskStats[] = [];
  for (const line of text.split('\n')) {
    const [, , device, ...fields] = line.trim().split(/ +/u);
    if (device === undefined || fields.length < 11) continue;
    const at = (index: number): number => Number(fields[index] ?? Number.NaN);
    result.push({
      device,
      reads: at(0),
      readsMerged: at(1),
      readBytes: at(2) * sectorBytes,
      readSeconds: at(3) / 1000,
      writes: at(4),
      writesMerged: at(5),
      writtenBytes: at(6) * sectorBytes,
      writeSeconds: at(7) / 1000,
      inFlight: at(8),
      busySeconds: at(9) / 1000,
      weightedSeconds: at(10) / 1000,
    });
  }
  return result;
}
