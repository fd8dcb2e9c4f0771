import { z } from 'zod';
import type { FileSystemSpace } from '../host/host.ts';
import { definePlugin } from '../plugin.ts';
import { cleanText } from '../text/label-text.ts';
import { roundRatio } from '../samples/ratio.ts';
import { parseMounts } from './mounts.ts';

/** File systems without a disk behind them, or whose space is another's. */
const pseudo =
  'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fuse.gvfsd-fuse fuse.lxcfs fusectl hugetlbfs mqueue nsfs overlay proc pstore ramfs rpc_pipefs securityfs selinuxfs squashfs sysfs tmpfs tracefs';

/** A file system that takes longer is passed over, ms. */
const longestMs = 250;

export const disk = definePlugin({
  name: 'disk',
  summary: 'Space and inodes of file systems.',
  intervalMs: 5_000,
  config: z.object({
    excludeTypes: z.array(z.string()).default(pseudo.split(' ')).describe('Types of file systems that are left out.'),
    maxMounts: z
      .int()
      .min(1)
      .max(140)
      .default(100)
      .describe('At most so many file systems, those that were mounted first. One has 7 series.'),
    excludeMounts: z.array(z.string()).default([]).describe('Mount points that are left out.'),
  }),
  metrics: {
    disk_total_bytes: { kind: 'gauge', unit: 'bytes', help: 'Size of the file system.' },
    disk_used_bytes: { kind: 'gauge', unit: 'bytes', help: 'Space in use.' },
    disk_free_bytes: { kind: 'gauge', unit: 'bytes', help: 'Space that users other than root can still use.' },
    disk_used_ratio: {
      kind: 'gauge',
      unit: 'ratio',
      help: 'Share of the usable space that is in use, as df shows it.',
    },
    disk_inodes: { kind: 'gauge', unit: '', help: 'Files that the file system can hold.' },
    disk_inodes_free: { kind: 'gauge', unit: '', help: 'Files that it can still take.' },
    disk_inodes_used_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of the inodes in use.' },
  },
  create({ config, host, warn }) {
    const excludedTypes = new Set(config.excludeTypes);
    const excludedMounts = new Set(config.excludeMounts);
    const failed = new Set<string>();
    let full = false;
    /** Which were asked and have not answered yet, as a network file system whose server is away. */
    const waiting = new Set<string>();

    /** undefined while it does not answer: the others must not wait for it, nor be asked in vain again and again. */
    async function spaceOf(mount: string): Promise<FileSystemSpace | undefined> {
      if (waiting.has(mount)) return undefined;
      waiting.add(mount);
      const asking = host.fileSystem(mount).finally(() => waiting.delete(mount));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, longestMs, undefined);
      });
      try {
        const space = await Promise.race([asking, late]);
        if (space !== undefined) return space;
        if (!failed.has(mount)) warn(`${mount} does not answer; it is left out until it does`);
        failed.add(mount);
        asking.catch(() => {});
        return undefined;
      } finally {
        clearTimeout(timer);
      }
    }

    return {
      async scrape(out) {
        if (!host.hasProc) {
          for (const { device, mount, totalBytes, usedBytes, availableBytes } of await host.portable.disks()) {
            const labels = { device, mount };
            out.gauge('disk_total_bytes', totalBytes, labels);
            out.gauge('disk_used_bytes', usedBytes, labels);
            out.gauge('disk_free_bytes', availableBytes, labels);
            out.gauge('disk_used_ratio', roundRatio(usedBytes / (usedBytes + availableBytes)), labels);
          }
          return;
        }
        const seen = new Set<string>();
        for (const { device, mount, type } of parseMounts(host.readProc('self/mounts'))) {
          // A device that is mounted twice, as by containers, has its space once.
          if (excludedTypes.has(type) || excludedMounts.has(mount) || seen.has(device)) continue;
          if (seen.size >= config.maxMounts) {
            if (!full) warn(`more file systems than maxMounts (${config.maxMounts}); the first left out is ${mount}`);
            full = true;
            break;
          }
          seen.add(device);
          const labels = { device: cleanText(device), mount: cleanText(mount) };
          try {
            const space = await spaceOf(mount);
            if (space === undefined || space.totalBytes === 0) continue;
            const usedBytes = space.totalBytes - space.freeBytes;
            out.gauge('disk_total_bytes', space.totalBytes, labels);
            out.gauge('disk_used_bytes', usedBytes, labels);
            out.gauge('disk_free_bytes', space.availableBytes, labels);
            out.gauge('disk_used_ratio', roundRatio(usedBytes / (usedBytes + space.availableBytes)), labels);
            if (space.inodes > 0) {
              out.gauge('disk_inodes', space.inodes, labels);
              out.gauge('disk_inodes_free', space.inodesFree, labels);
              out.gauge('disk_inodes_used_ratio', roundRatio(1 - space.inodesFree / space.inodes), labels);
            }
          } catch (error) {
            // One that may not be looked into must not hide the others.
            if (!failed.has(mount)) warn(`${mount} can not be measured: ${String(error)}`);
            failed.add(mount);
          }
        }
      },
    };
  },
});
