import { z } from 'zod';
import { ByteFields } from '../text/byte-fields.ts';
import type { Host } from '../host/host.ts';
import { definePlugin, type MetricSpec, type ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { createNumaNodes } from './numa.ts';

/** Fields of /proc/meminfo (proc(5)), in kB there. */
const sizes: Readonly<Record<string, readonly [metric: string, help: string]>> = {
  MemTotal: ['memory_total_bytes', 'Memory that the kernel can use.'],
  MemFree: ['memory_free_bytes', 'Memory that nothing uses.'],
  MemAvailable: ['memory_available_bytes', 'Memory that programs can still get without swapping.'],
  Buffers: ['memory_buffers_bytes', 'Cache of block devices.'],
  Cached: ['memory_cached_bytes', 'Cache of files.'],
  Active: ['memory_active_bytes', 'Memory used lately.'],
  Inactive: ['memory_inactive_bytes', 'Memory not used lately.'],
  'Active(anon)': ['memory_active_anonymous_bytes', 'Anonymous memory used lately.'],
  'Inactive(anon)': ['memory_inactive_anonymous_bytes', 'Anonymous memory not used lately.'],
  'Active(file)': ['memory_active_file_bytes', 'Cached files used lately.'],
  'Inactive(file)': ['memory_inactive_file_bytes', 'Cached files not used lately.'],
  AnonPages: ['memory_anonymous_bytes', 'Memory of programs that belongs to no file.'],
  Mapped: ['memory_mapped_bytes', 'Files mapped into memory.'],
  Shmem: ['memory_shared_bytes', 'Shared memory and tmpfs.'],
  Dirty: ['memory_dirty_bytes', 'Changes that wait to be written to disk.'],
  Writeback: ['memory_writeback_bytes', 'Changes being written to disk.'],
  Slab: ['memory_slab_bytes', 'Data structures of the kernel.'],
  SReclaimable: ['memory_slab_reclaimable_bytes', 'Data structures of the kernel that it can free.'],
  SUnreclaim: ['memory_slab_unreclaimable_bytes', 'Data structures of the kernel that it can not free.'],
  Unevictable: ['memory_unevictable_bytes', 'Memory that can not be reclaimed.'],
  Mlocked: ['memory_locked_bytes', 'Memory that programs have locked.'],
  AnonHugePages: ['memory_anonymous_huge_bytes', 'Anonymous memory in huge pages.'],
  VmallocUsed: ['memory_vmalloc_bytes', 'Virtual memory of the kernel.'],
  Percpu: ['memory_per_cpu_bytes', 'Memory that the kernel keeps per core.'],
  KernelStack: ['memory_kernel_stack_bytes', 'Stacks of the kernel.'],
  PageTables: ['memory_page_tables_bytes', 'Page tables.'],
  Committed_AS: ['memory_committed_bytes', 'Memory that programs were promised.'],
  CommitLimit: ['memory_commit_limit_bytes', 'Memory that programs can be promised.'],
  SwapTotal: ['swap_total_bytes', 'Swap space.'],
  SwapFree: ['swap_free_bytes', 'Swap space that nothing uses.'],
  SwapCached: ['swap_cached_bytes', 'Swapped memory that is also in memory.'],
};

/** Fields of /proc/vmstat. */
const events: Readonly<Record<string, readonly [metric: string, help: string]>> = {
  pgfault: ['memory_page_faults_total', 'Page faults.'],
  pgmajfault: ['memory_major_page_faults_total', 'Page faults that needed a disk.'],
  pgpgin: ['memory_paged_in_kilobytes_total', 'Kilobytes read from block devices.'],
  pgpgout: ['memory_paged_out_kilobytes_total', 'Kilobytes written to block devices.'],
  pgreuse: ['memory_pages_reused_total', 'Pages written to in place instead of copied.'],
  pgrefill: ['memory_pages_refilled_total', 'Active pages looked at for deactivation.'],
  pgrotated: ['memory_pages_rotated_total', 'Pages moved to the end of their list once written.'],
  slabs_scanned: ['memory_slabs_scanned_total', 'Slab objects looked at for reclaim.'],
  pageoutrun: ['memory_reclaim_runs_total', 'Times the background reclaim ran.'],
  drop_pagecache: ['memory_cache_drops_total', 'Times somebody had the cache of files dropped.'],
  workingset_refault_file: ['memory_file_refaults_total', 'Pages of files read again soon after they were reclaimed.'],
  workingset_refault_anon: [
    'memory_anonymous_refaults_total',
    'Pages of programs read again soon after they were reclaimed.',
  ],
  pgalloc_normal: ['memory_pages_allocated_total', 'Pages given out (normal zone).'],
  pgfree: ['memory_pages_freed_total', 'Pages given back.'],
  pgactivate: ['memory_pages_activated_total', 'Pages that became active.'],
  pgdeactivate: ['memory_pages_deactivated_total', 'Pages that became inactive.'],
  pgscan_kswapd: ['memory_pages_scanned_background_total', 'Pages looked at for reclaim in the background.'],
  pgscan_direct: ['memory_pages_scanned_direct_total', 'Pages looked at for reclaim while a program waited.'],
  pgsteal_kswapd: ['memory_pages_reclaimed_background_total', 'Pages reclaimed in the background.'],
  pgsteal_direct: ['memory_pages_reclaimed_direct_total', 'Pages reclaimed while a program waited.'],
  allocstall_normal: ['memory_allocation_stalls_total', 'Times a program waited for memory (normal zone).'],
  oom_kill: ['memory_oom_kills_total', 'Processes killed because there was no memory left.'],
  pswpin: ['swap_pages_in_total', 'Pages read from swap.'],
  pswpout: ['swap_pages_out_total', 'Pages written to swap.'],
  compact_stall: ['memory_compaction_stalls_total', 'Times a program waited for memory to be compacted.'],
  thp_fault_alloc: ['memory_huge_pages_allocated_total', 'Huge pages given out.'],
  allocstall_movable: ['memory_allocation_stalls_movable_total', 'Times a program waited for memory (movable zone).'],
  pgscan_direct_throttle: [
    'memory_allocation_throttles_total',
    'Times a program was slowed down because reclaim did not keep up.',
  ],
  pgsteal_anon: ['memory_pages_reclaimed_anonymous_total', 'Pages of programs reclaimed.'],
  pgsteal_file: ['memory_pages_reclaimed_file_total', 'Pages of files reclaimed.'],
  workingset_activate_file: [
    'memory_file_reactivations_total',
    'Pages of files read again and kept, since they are in steady use.',
  ],
  nr_dirtied: ['memory_pages_dirtied_total', 'Pages changed that have to be written to a disk.'],
  nr_written: ['memory_pages_written_total', 'Changed pages written to a disk.'],
  compact_fail: ['memory_compaction_failures_total', 'Compactions that gave no large enough block.'],
  compact_success: ['memory_compaction_successes_total', 'Compactions that gave a large enough block.'],
  thp_fault_fallback: [
    'memory_huge_page_fallbacks_total',
    'Huge pages that were not to be had, so that small ones were used.',
  ],
  thp_collapse_alloc: ['memory_huge_page_collapses_total', 'Small pages joined to a huge one.'],
  thp_split_page: ['memory_huge_page_splits_total', 'Huge pages split.'],
  pgmigrate_success: ['memory_pages_migrated_total', 'Pages moved in memory.'],
  pgmigrate_fail: ['memory_page_migration_failures_total', 'Pages that could not be moved.'],
  swap_ra: ['swap_pages_read_ahead_total', 'Pages read from swap before they were asked for.'],
  swap_ra_hit: ['swap_pages_read_ahead_used_total', 'Of those, what was then asked for.'],
  zswpin: ['swap_zswap_pages_in_total', 'Pages taken from zswap.'],
  zswpout: ['swap_zswap_pages_out_total', 'Pages put into zswap.'],
  balloon_inflate: ['memory_balloon_taken_total', 'Pages that the hypervisor took.'],
  balloon_deflate: ['memory_balloon_returned_total', 'Pages that the hypervisor gave back.'],
};

const kilobyte = 1024;
/** The wanted ones first, in their order. */
const memoryFields: readonly string[] = [...Object.keys(sizes), 'HugePages_Total', 'HugePages_Free', 'Hugepagesize'];
const eventList = Object.values(events);

export const memory = definePlugin({
  name: 'memory',
  summary: 'What memory and swap are used for.',
  config: z.object({
    details: z.boolean().default(true).describe('All fields, not only total, used, free and available.'),
  }),
  metrics: {
    ...table(sizes, 'gauge', 'bytes'),
    ...table(events, 'counter', ''),
    memory_used_bytes: {
      kind: 'gauge',
      unit: 'bytes',
      help: 'Memory that programs can not get: total less available.',
    },
    memory_used_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of memory that programs can not get.' },
    memory_huge_pages_bytes: {
      kind: 'gauge',
      unit: 'bytes',
      help: 'Memory set aside for huge pages, which nothing else can use; on hosts that have some.',
    },
    memory_huge_pages_free_bytes: { kind: 'gauge', unit: 'bytes', help: 'Of that, what nobody has taken.' },
    memory_node_total_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory of a NUMA node, where there are several.' },
    memory_node_free_bytes: { kind: 'gauge', unit: 'bytes', help: 'Of that, what nothing uses.' },
    memory_node_misses_total: {
      kind: 'counter',
      unit: '',
      help: 'Pages that a node gave out because the wanted one was full.',
    },
    swap_used_ratio: { kind: 'gauge', unit: 'ratio', help: 'Share of swap space in use.' },
  },
  create({ config, host }) {
    const meminfo = new ByteFields(memoryFields);
    const vmstat = new ByteFields(Object.keys(events));
    const nodes = createNumaNodes(host);
    return {
      scrape(out) {
        if (!host.hasProc) return scrapePortable(host, out);
        meminfo.read(host.readProcBytes('meminfo') ?? new Uint8Array());
        const bytesOf = (field: string): number =>
          (meminfo.values[memoryFields.indexOf(field)] ?? Number.NaN) * kilobyte;
        putUsed(out, bytesOf('MemTotal'), bytesOf('MemAvailable'));
        const swap = bytesOf('SwapTotal');
        if (swap > 0) out.gauge('swap_used_ratio', roundRatio(1 - bytesOf('SwapFree') / swap));
        for (const [index, [metric]] of Object.values(sizes).entries()) {
          if (config.details || memoryFields[index]?.startsWith('Mem') === true)
            out.gauge(metric, (meminfo.values[index] ?? Number.NaN) * kilobyte);
        }
        const hugePages = bytesOf('HugePages_Total') / kilobyte;
        if (hugePages > 0) {
          const pageBytes = bytesOf('Hugepagesize');
          out.gauge('memory_huge_pages_bytes', hugePages * pageBytes);
          out.gauge('memory_huge_pages_free_bytes', (bytesOf('HugePages_Free') / kilobyte) * pageBytes);
        }
        if (!config.details) return undefined;
        nodes.put(out);
        vmstat.read(host.readProcBytes('vmstat') ?? new Uint8Array());
        for (const [index, [metric]] of eventList.entries()) out.counter(metric, vmstat.values[index] ?? Number.NaN);
        return undefined;
      },
    };
  },
});

async function scrapePortable(host: Host, out: ScrapeOutput): Promise<void> {
  const { totalBytes, freeBytes, availableBytes } = await host.portable.memory();
  out.gauge('memory_total_bytes', totalBytes);
  out.gauge('memory_free_bytes', freeBytes);
  out.gauge('memory_available_bytes', availableBytes);
  putUsed(out, totalBytes, availableBytes);
}

function putUsed(out: ScrapeOutput, totalBytes: number, availableBytes: number): void {
  out.gauge('memory_used_bytes', totalBytes - availableBytes);
  out.gauge('memory_used_ratio', roundRatio(1 - availableBytes / totalBytes));
}

function table(
  fields: Readonly<Record<string, readonly [metric: string, help: string]>>,
  kind: MetricSpec['kind'],
  unit: string,
): Record<string, MetricSpec> {
  return Object.fromEntries(Object.values(fields).map(([metric, help]) => [metric, { kind, unit, help }]));
}
