import { z } from 'zod';
import { parseKeyValues } from '../text/key-values.ts';
import { definePlugin } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { parseSwaps } from './swaps.ts';

export const swap = definePlugin({
  name: 'swap',
  summary: 'Swap devices, and memory that the kernel keeps compressed.',
  intervalMs: 10_000,
  config: z.object({}),
  metrics: {
    swap_device_size_bytes: { kind: 'gauge', unit: 'bytes', help: 'Size of a swap device.' },
    swap_device_used_bytes: { kind: 'gauge', unit: 'bytes', help: 'What is swapped out to it.' },
    swap_device_used_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of it in use.' },
    swap_device_priority: { kind: 'gauge', unit: '', help: 'Its priority: the greatest is used first.' },
    swap_zram_original_bytes: { kind: 'gauge', unit: 'bytes', help: 'What a zram device holds, uncompressed.' },
    swap_zram_memory_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory that a zram device takes.' },
    swap_zswap_original_bytes: { kind: 'gauge', unit: 'bytes', help: 'What zswap holds, uncompressed.' },
    swap_zswap_memory_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory that zswap takes.' },
  },
  probe({ host }) {
    return parseSwaps(host.readProcIfThere('swaps') ?? '').length > 0 ? undefined : 'there is no swap device';
  },
  create({ host }) {
    return {
      scrape(out) {
        for (const { device, sizeBytes, usedBytes, priority } of parseSwaps(host.readProcIfThere('swaps') ?? '')) {
          const labels = { device };
          out.gauge('swap_device_size_bytes', sizeBytes, labels);
          out.gauge('swap_device_used_bytes', usedBytes, labels);
          out.gauge('swap_device_used_ratio', roundRatio(usedBytes / sizeBytes), labels);
          out.gauge('swap_device_priority', priority, labels);
          const zram = /^\/dev\/(zram\d+)$/u.exec(device)?.[1];
          // Documentation/admin-guide/blockdev/zram.rst: orig_data_size, compr_data_size, mem_used_total, …
          const [original, , used] =
            (zram === undefined ? undefined : host.readSys(`block/${zram}/mm_stat`))?.trim().split(/ +/u) ?? [];
          if (used === undefined) continue;
          out.gauge('swap_zram_original_bytes', Number(original), labels);
          out.gauge('swap_zram_memory_bytes', Number(used), labels);
        }
        const meminfo = parseKeyValues(host.readProcIfThere('meminfo') ?? '');
        const zswapped = meminfo.get('Zswapped');
        if (zswapped === undefined || host.readSys('module/zswap/parameters/enabled')?.trim() !== 'Y') return;
        out.gauge('swap_zswap_original_bytes', zswapped * 1024);
        out.gauge('swap_zswap_memory_bytes', (meminfo.get('Zswap') ?? Number.NaN) * 1024);
      },
    };
  },
});
