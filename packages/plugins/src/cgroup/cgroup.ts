import { z } from 'zod';
import type { Host } from '../host/host.ts';
import { cleanText } from '../text/label-text.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { roundRatio } from '../samples/ratio.ts';
import { createContainerNames, type ContainerNames } from './container-names.ts';
import { findGroups, treeVersion, type Group } from './tree.ts';
import { readPressure, readUsageV1, readUsageV2, type ReadCgroupFile } from './usage.ts';

/** Groups come and go more seldom than they change, and walking the tree is the dearer part. */
const walkMs = 30_000;

export const cgroup = definePlugin({
  name: 'cgroup',
  summary: 'What containers and services use, by their control groups.',
  intervalMs: 5_000,
  background: true,
  config: z.object({
    containers: z.boolean().default(true).describe('Containers and machines.'),
    services: z.boolean().default(true).describe('Services of systemd.'),
    include: z
      .string()
      .default('')
      .describe('Other control groups, by a regular expression on their path, as `^user\\.slice$`.'),
    exclude: z.string().default('').describe('Names that match this regular expression are left out.'),
    maxGroups: z
      .int()
      .min(1)
      .max(500)
      .default(60)
      .describe('At most so many, those that use most memory first. One has about 15 series.'),
    sockets: z
      .array(z.string())
      .default(['/var/run/docker.sock', '/run/podman/podman.sock'])
      .describe('Where Docker and Podman tell the names of containers.'),
  }),
  metrics: {
    cgroup_containers: { kind: 'gauge', unit: '', help: 'Containers that run.' },
    cgroup_info: { kind: 'gauge', unit: '', help: 'The image of a container, in labels; always 1.' },
    cgroup_cpu_seconds_total: { kind: 'counter', unit: 'seconds', help: 'CPU time used.' },
    cgroup_cpu_throttled_seconds_total: {
      kind: 'counter',
      unit: 'seconds',
      help: 'Time in which it could have run, but for its limit of CPU time.',
    },
    cgroup_cpu_throttled_periods_total: {
      kind: 'counter',
      unit: '',
      help: 'Periods, of a tenth of a second by default, in which it ran into its limit of CPU time.',
    },
    cgroup_cpu_limit_cores: { kind: 'gauge', unit: 'cores', help: 'Cores that it may use, where limited.' },
    cgroup_memory_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory used, cached files included.' },
    cgroup_memory_working_set_bytes: {
      kind: 'gauge',
      unit: 'bytes',
      help: 'Memory used, less cached files that can be dropped at once.',
    },
    cgroup_memory_limit_bytes: { kind: 'gauge', unit: 'bytes', help: 'Memory that it may use, where limited.' },
    cgroup_memory_used_ratio: { kind: 'gauge', unit: 'ratio', help: 'Working set as a share of the limit.' },
    cgroup_memory_limit_hits_total: { kind: 'counter', unit: '', help: 'Times it ran into its limit of memory.' },
    cgroup_memory_oom_kills_total: { kind: 'counter', unit: '', help: 'Processes killed for want of memory.' },
    cgroup_read_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Bytes read from block devices.' },
    cgroup_written_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Bytes written to block devices.' },
    cgroup_processes: { kind: 'gauge', unit: '', help: 'Processes and threads.' },
    cgroup_pressure_seconds_total: {
      kind: 'counter',
      unit: 'seconds',
      help: 'Time in which some of its tasks waited for a resource.',
    },
  },
  probe({ config, host }) {
    if (treeVersion(host) === undefined) return 'there are no control groups below /sys/fs/cgroup';
    return findGroups(host, config).length > 0
      ? undefined
      : 'no container and no service has a control group of its own';
  },
  create({ config, host, warn }) {
    const names = createContainerNames(host, config.sockets);
    const excluded = config.exclude === '' ? undefined : new RegExp(config.exclude, 'u');
    let groups: readonly Group[] = [];
    let walkedAt = Number.NEGATIVE_INFINITY;
    let warned = false;

    async function walk(signal: AbortSignal): Promise<void> {
      const found = findGroups(host, config);
      await names.learn(
        found.flatMap(({ identity: { id } }) => id ?? []),
        signal,
      );
      const wanted = found.filter(({ identity }) => excluded?.test(nameOf(identity, names)) !== true);
      if (wanted.length > config.maxGroups && !warned) {
        warned = true;
        warn(
          `${wanted.length} control groups, of which maxGroups (${config.maxGroups}) are measured: those that use most memory`,
        );
      }
      groups = wanted.length > config.maxGroups ? largest(host, wanted, config.maxGroups) : wanted;
    }

    return {
      async scrape(out, signal) {
        const now = host.now();
        if (now - walkedAt >= walkMs) {
          walkedAt = now;
          await walk(signal);
        }
        let containers = 0;
        const taken = new Set<string>();
        for (const group of groups) {
          const { identity } = group;
          let name = nameOf(identity, names);
          // Two runtimes may both have one of that name.
          if (taken.has(`${identity.kind} ${name}`)) name = `${name} ${identity.id?.slice(0, 12) ?? group.path}`;
          taken.add(`${identity.kind} ${name}`);
          const labels = { kind: identity.kind, name };
          if (!put(out, host, group, labels)) continue;
          if (identity.kind !== 'container') continue;
          containers++;
          const image = identity.id === undefined ? undefined : names.of(identity.id)?.image;
          if (image !== undefined && image !== '') out.gauge('cgroup_info', 1, { ...labels, image });
        }
        if (config.containers) out.gauge('cgroup_containers', containers);
      },
    };
  },
});

function nameOf({ name, id }: Group['identity'], names: ContainerNames): string {
  return (id === undefined ? undefined : names.of(id)?.name) ?? cleanText(name);
}

/** @returns false when it has gone since the tree was walked */
function put(out: ScrapeOutput, host: Host, group: Group, labels: { kind: string; name: string }): boolean {
  const read = readerOf(host, group);
  const usage = group.version === 2 ? readUsageV2(read) : readUsageV1(read);
  if (Number.isNaN(usage.cpuSeconds) && Number.isNaN(usage.memoryBytes)) return false;
  const workingSet = Math.max(0, usage.memoryBytes - usage.inactiveFileBytes);
  out.counter('cgroup_cpu_seconds_total', usage.cpuSeconds, labels);
  if (!Number.isNaN(usage.cpuLimitCores)) {
    out.gauge('cgroup_cpu_limit_cores', usage.cpuLimitCores, labels);
    out.counter('cgroup_cpu_throttled_seconds_total', usage.throttledSeconds, labels);
    out.counter('cgroup_cpu_throttled_periods_total', usage.throttledPeriods, labels);
  }
  out.gauge('cgroup_memory_bytes', usage.memoryBytes, labels);
  out.gauge('cgroup_memory_working_set_bytes', workingSet, labels);
  out.gauge('cgroup_memory_limit_bytes', usage.memoryLimitBytes, labels);
  out.gauge('cgroup_memory_used_ratio', roundRatio(workingSet / usage.memoryLimitBytes), labels);
  out.counter('cgroup_memory_oom_kills_total', usage.oomKills, labels);
  if (!Number.isNaN(usage.memoryLimitBytes)) out.counter('cgroup_memory_limit_hits_total', usage.limitHits, labels);
  out.counter('cgroup_read_bytes_total', usage.readBytes, labels);
  out.counter('cgroup_written_bytes_total', usage.writtenBytes, labels);
  out.gauge('cgroup_processes', usage.processes, labels);
  const readUnified: ReadCgroupFile =
    group.version === 2 ? read : (_, file) => host.readSysOnce(`fs/cgroup/unified/${group.path}/${file}`);
  for (const [resource, seconds] of readPressure(readUnified))
    out.counter('cgroup_pressure_seconds_total', seconds, { ...labels, resource });
  return true;
}

function readerOf(host: Host, { version, path }: Group): ReadCgroupFile {
  return version === 2
    ? (_, file) => host.readSysOnce(`fs/cgroup/${path}/${file}`)
    : (controller, file) => host.readSysOnce(`fs/cgroup/${controller}/${path}/${file}`);
}

function largest(host: Host, groups: readonly Group[], count: number): Group[] {
  const bytesOf = (group: Group): number => {
    const file = group.version === 2 ? 'memory.current' : 'memory.usage_in_bytes';
    return Number(readerOf(host, group)('memory', file) ?? 0);
  };
  return groups
    .map((group): [Group, number] => [group, bytesOf(group)])
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([group]) => group);
}
