import { z } from 'zod';
import { parseMounts, type Mount } from '../disk/mounts.ts';
import type { Host } from '../host/host.ts';
import { parseKeyValues } from '../text/key-values.ts';
import { cleanText, labelText } from '../text/label-text.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { parseMdstat } from './mdstat.ts';

/** Which can't be written to by their nature. */
const readOnlyTypes = new Set(['squashfs', 'iso9660', 'udf', 'erofs', 'cramfs', 'romfs']);

export const filesystem = definePlugin({
  name: 'filesystem',
  summary: 'File systems that became read-only or have errors, and RAID arrays that are not whole.',
  intervalMs: 30_000,
  config: z.object({}),
  metrics: {
    filesystem_read_only: {
      kind: 'gauge',
      unit: '',
      help: 'Whether a file system can not be written to: 1 or 0. Errors make it so.',
    },
    filesystem_ext4_errors_total: {
      kind: 'counter',
      unit: '',
      help: 'Errors that ext4 has found, since the last check.',
    },
    filesystem_ext4_warnings_total: { kind: 'counter', unit: '', help: 'Warnings of ext4, since it was mounted.' },
    filesystem_btrfs_errors_total: { kind: 'counter', unit: '', help: 'Errors of a device of btrfs, by type.' },
    filesystem_btrfs_device_missing: { kind: 'gauge', unit: '', help: 'Whether a device of btrfs is missing: 1 or 0.' },
    filesystem_zfs_online: { kind: 'gauge', unit: '', help: 'Whether a pool of ZFS is online and whole: 1 or 0.' },
    raid_active: { kind: 'gauge', unit: '', help: 'Whether a RAID array works at all: 1 or 0.' },
    raid_disks: { kind: 'gauge', unit: '', help: 'Disks of an array when it is whole.' },
    raid_disks_missing: { kind: 'gauge', unit: '', help: 'Of those, how many do not work.' },
    raid_disks_failed: { kind: 'gauge', unit: '', help: 'Disks that the array has put out.' },
    raid_disks_spare: { kind: 'gauge', unit: '', help: 'Disks that wait to replace one.' },
    raid_sync_ratio: { kind: 'gauge', unit: 'ratio', help: 'How far a recovery, resync, check or reshape is.' },
  },
  probe: ({ host }) => (host.hasProc ? undefined : 'there is no /proc'),
  create({ host }) {
    return {
      scrape(out) {
        for (const { device, mount } of ofDisks(parseMounts(host.readProc('self/mounts'))).values())
          out.gauge('filesystem_read_only', Number(mount.isReadOnly), { device, mount: cleanText(mount.mount) });
        putExt4(out, host);
        putBtrfs(out, host);
        putZfs(out, host);
        putRaid(out, host);
      },
    };
  },
});

/** The first place of each device: those that it is mounted at besides, as in containers, may be read-only on purpose. */
function ofDisks(mounts: readonly Mount[]): Map<string, { readonly device: string; readonly mount: Mount }> {
  const byDevice = new Map<string, { device: string; mount: Mount }>();
  for (const mount of mounts) {
    const isDisk = mount.device.startsWith('/dev/') || mount.type === 'zfs';
    if (!isDisk || readOnlyTypes.has(mount.type) || byDevice.has(mount.device)) continue;
    byDevice.set(mount.device, { device: cleanText(mount.device), mount });
  }
  return byDevice;
}

/** Kernel: Documentation/admin-guide/ext4.rst. */
function putExt4(out: ScrapeOutput, host: Host): void {
  for (const name of host.listSys('fs/ext4')) {
    const errors = host.readSysOnce(`fs/ext4/${name}/errors_count`);
    if (errors === undefined) continue;
    const labels = { device: labelText(name) };
    out.counter('filesystem_ext4_errors_total', Number(errors), labels);
    out.counter(
      'filesystem_ext4_warnings_total',
      Number(host.readSysOnce(`fs/ext4/${name}/warning_count`) ?? Number.NaN),
      labels,
    );
  }
}

/** Kernel: Documentation/ABI/testing/sysfs-fs-btrfs: `error_stats` has `write_errs 0` and the like. */
function putBtrfs(out: ScrapeOutput, host: Host): void {
  for (const uuid of host.listSys('fs/btrfs')) {
    for (const device of host.listSys(`fs/btrfs/${uuid}/devinfo`)) {
      const path = `fs/btrfs/${uuid}/devinfo/${device}`;
      const labels = { uuid, device };
      for (const [field, count] of parseKeyValues(host.readSysOnce(`${path}/error_stats`) ?? ''))
        out.counter('filesystem_btrfs_errors_total', count, { ...labels, type: field.replace(/_errs$/u, '') });
      const missing = host.readSysOnce(`${path}/missing`);
      if (missing !== undefined) out.gauge('filesystem_btrfs_device_missing', Number(missing), labels);
    }
  }
}

function putZfs(out: ScrapeOutput, host: Host): void {
  for (const pool of host.listProc('spl/kstat/zfs')) {
    const state = host.readOnce(`spl/kstat/zfs/${pool}/state`);
    if (state !== undefined)
      out.gauge('filesystem_zfs_online', Number(state.trim() === 'ONLINE'), { pool: cleanText(pool) });
  }
}

function putRaid(out: ScrapeOutput, host: Host): void {
  for (const { array, level, isActive, disks, working, failed, spare, operation, progress } of parseMdstat(
    host.readProcIfThere('mdstat') ?? '',
  )) {
    const labels = { array, level };
    out.gauge('raid_active', Number(isActive), labels);
    out.gauge('raid_disks', disks, labels);
    out.gauge('raid_disks_missing', disks - working, labels);
    out.gauge('raid_disks_failed', failed, labels);
    out.gauge('raid_disks_spare', spare, labels);
    if (operation !== undefined && progress !== undefined)
      out.gauge('raid_sync_ratio', roundRatio(progress), { ...labels, operation });
  }
}
