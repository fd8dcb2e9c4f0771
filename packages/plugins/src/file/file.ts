import { z } from 'zod';
import type { FileFacts } from '../host/files.ts';
import type { Host } from '../host/host.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { createTargets, maxTargets, named, noTargets, targetName } from '../targets/targets.ts';
import { walk } from './walk.ts';

/** A file larger than that is not read for its checksum: the agent is to stay unnoticed. */
const maxChecksumBytes = 64 * 1024 * 1024;

const target = z.strictObject({
  name: targetName,
  path: z.string().min(1).describe('A file or a folder.'),
  checksum: z
    .boolean()
    .default(false)
    .describe(
      'Whether to count changes of the contents of a file, of up to 64 MiB: it is read when size or time differ.',
    ),
  files: z.string().default('*').describe('In a folder: names that count, `*` stands for any characters.'),
  recursive: z
    .boolean()
    .default(true)
    .describe('In a folder: whether folders in it count, too; links are not followed.'),
  maxFiles: z.int().min(1).max(100_000).default(10_000).describe('In a folder: where the walk ends.'),
});

type Target = z.infer<typeof target>;

/** Looks at files and folders without opening them. */
export const file = definePlugin({
  name: 'file',
  summary: 'Whether files are there, how old and how large; how many a folder has, and the oldest of them.',
  intervalMs: 30_000,
  background: true,
  config: z.object({
    targets: z.array(target).max(maxTargets).default([]).describe('Files and folders that are watched.'),
    timeoutMs: z.int().min(100).max(9_000).default(5_000).describe('Most that one target may take.'),
  }),
  metrics: {
    file_exists: { kind: 'gauge', unit: '', help: 'Whether the file or folder is there: 1 or 0.' },
    file_size_bytes: { kind: 'gauge', unit: 'bytes', help: 'Size of the file, or of all files of the folder.' },
    file_age_seconds: { kind: 'gauge', unit: 'seconds', help: 'Time since the file was last written.' },
    file_changes_total: { kind: 'counter', unit: '', help: 'Changes of the contents that were seen.' },
    file_folder_files: { kind: 'gauge', unit: '', help: 'Files in the folder.' },
    file_folder_oldest_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'Time since the file of the folder was written that waits longest.',
    },
    file_folder_newest_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'Time since a file of the folder was last written.',
    },
    file_folder_complete: { kind: 'gauge', unit: '', help: 'Whether the walk came to its end: 1 or 0.' },
  },
  probe: ({ config }) => noTargets(config.targets),
  create({ config, host, warn }) {
    const watched = named('file', config.targets, ({ path }) => path);
    const targets = createTargets<Target>({ timeoutMs: config.timeoutMs, warn });
    const contents = new Map<string, Contents>();
    return {
      async scrape(out, signal) {
        await targets.each(watched, { out, signal }, async (target, signal) => {
          const { name, path } = target;
          const facts = await host.files.stat(path);
          out.gauge('file_exists', facts === undefined ? 0 : 1, { name });
          if (facts === undefined) return;
          if (facts.isFolder) return putFolder(host, out, target, signal);
          out.gauge('file_size_bytes', facts.bytes, { name });
          out.gauge('file_age_seconds', ageSeconds(host, facts.modifiedAt), { name });
          if (!target.checksum || facts.bytes > maxChecksumBytes) return;
          const known = await contentsNow(host, path, facts, contents.get(name), signal);
          contents.set(name, known);
          out.counter('file_changes_total', known.changes, { name });
        });
      },
    };
  },
});

interface Contents {
  readonly bytes: number;
  readonly modifiedAt: number;
  readonly checksum: string;
  readonly changes: number;
}

async function contentsNow(
  host: Host,
  path: string,
  { bytes, modifiedAt }: FileFacts,
  known: Contents | undefined,
  signal: AbortSignal,
): Promise<Contents> {
  if (known?.bytes === bytes && known.modifiedAt === modifiedAt) return known;
  const checksum = await host.files.checksum(path, signal);
  const changed = known !== undefined && known.checksum !== checksum;
  return { bytes, modifiedAt, checksum, changes: (known?.changes ?? 0) + (changed ? 1 : 0) };
}

async function putFolder(host: Host, out: ScrapeOutput, target: Target, signal: AbortSignal): Promise<void> {
  const { name } = target;
  const { files, bytes, oldest, newest, complete } = await walk(host.files, target, signal);
  out.gauge('file_folder_files', files, { name });
  out.gauge('file_size_bytes', bytes, { name });
  out.gauge('file_folder_complete', complete ? 1 : 0, { name });
  if (oldest !== undefined) out.gauge('file_folder_oldest_seconds', ageSeconds(host, oldest), { name });
  if (newest !== undefined) out.gauge('file_folder_newest_seconds', ageSeconds(host, newest), { name });
}

/** Whole seconds, and none below 0: a file may come from a host whose clock is ahead. */
function ageSeconds(host: Host, modifiedAt: number): number {
  return Math.max(0, Math.round((host.clock() - modifiedAt) / 1000));
}
