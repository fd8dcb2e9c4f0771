import { describeError } from '@tarsier/protocol';
import { z } from 'zod';
import { CheckFailure } from '../host/check-failure.ts';
import type { Host } from '../host/host.ts';
import { groupNames, patternSetting } from '../text/pattern.ts';
import { definePlugin } from '../plugin.ts';
import { createTargets, maxTargets, named, noTargets, targetName } from '../targets/targets.ts';
import { createLineCounter, isGroupName, type LineCounter } from './line-counter.ts';
import { createLogFiles, type LogFiles } from './log-files.ts';

const stateName = 'log';

const linePattern = patternSetting.min(1).superRefine((pattern, context) => {
  for (const group of groupNames(pattern))
    if (!isGroupName(group))
      context.addIssue({ code: 'custom', message: `the group ${group} can not be a label of its own` });
});

const target = z.strictObject({
  name: targetName,
  path: z
    .string()
    .min(1)
    .describe('The file; `*` in its last part stands for any characters, at most 20 files are read.'),
  patterns: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(100).describe('What it is called in the label `pattern`.'),
        pattern: linePattern.describe('Regular expression (RE2); its named groups become labels.'),
      }),
    )
    .max(50)
    .default([])
    .describe('What is counted in lines.'),
  encoding: z.enum(['utf8', 'latin1', 'utf16le']).default('utf8').describe('Encoding of the file.'),
  from: z
    .enum(['end', 'beginning'])
    .default('end')
    .describe('Where a file is begun that is there at the very first start; what comes later is read whole.'),
});

type Target = z.infer<typeof target>;

/** Reads what comes to log files, and counts what is in it. */
export const log = definePlugin({
  name: 'log',
  summary: 'Lines of log files, and how many of them are of a kind.',
  intervalMs: 5_000,
  background: true,
  config: z.object({
    targets: z.array(target).max(maxTargets).default([]).describe('Files that are read.'),
    maxSeries: z
      .int()
      .min(1)
      .max(500)
      .default(50)
      .describe('Most combinations of labels of each pattern; further ones are counted as `other`.'),
    maxBytes: z
      .int()
      .min(64 * 1024)
      .max(256 * 1024 * 1024)
      .default(8 * 1024 * 1024)
      .describe('Most that is read of a target at once; of a flood the oldest is passed by, and counted.'),
  }),
  metrics: {
    log_up: { kind: 'gauge', unit: '', help: 'Whether there is a file, and it could be read: 1 or 0.' },
    log_lines_total: { kind: 'counter', unit: '', help: 'Lines that were read.' },
    log_matches_total: { kind: 'counter', unit: '', help: 'Lines that a pattern matches, by its named groups.' },
    log_read_bytes_total: { kind: 'counter', unit: 'bytes', help: 'Bytes that were read.' },
    log_skipped_bytes_total: {
      kind: 'counter',
      unit: 'bytes',
      help: 'Bytes that were passed by, because more came than may be read at once.',
    },
  },
  probe: ({ config }) => noTargets(config.targets),
  create({ config, host, warn }) {
    const watched: Watched[] = named('log', config.targets, ({ path }) => path).map((target) => ({
      ...target,
      bytes: 0,
      skippedBytes: 0,
    }));
    const targets = createTargets<Watched>({ timeoutMs: 9_000, up: 'log_up', warn });
    let kept: Promise<z.infer<typeof positions>> | undefined;
    let written = '';
    let unwritable = false;

    async function open(target: Watched): Promise<OpenLog> {
      kept ??= readPositions(host, warn);
      const { name, path, encoding, from } = target;
      const known = (await kept)[name] ?? [];
      return {
        counter: await createLineCounter(target.patterns, config.maxSeries),
        files: createLogFiles(host, { path, encoding, from, budgetBytes: config.maxBytes, positions: known }),
      };
    }

    async function keepPositions(): Promise<void> {
      const known = watched.flatMap(({ name, open }) => (open === undefined ? [] : [[name, open.files.positions()]]));
      const text = JSON.stringify(Object.fromEntries(known));
      if (text === written) return;
      try {
        await host.state.write(stateName, text);
        written = text;
        unwritable = false;
      } catch (error) {
        if (!unwritable) warn(`positions can not be kept for the next start: ${describeError(error)}`);
        unwritable = true;
      }
    }

    return {
      async scrape(out, signal) {
        await targets.each(watched, { out, signal }, async (target, signal) => {
          const { name } = target;
          const { counter, files } = (target.open ??= await open(target));
          try {
            const grown = await files.read(counter.line, signal);
            if (grown.files === 0) throw new CheckFailure('missing', 'there is no such file');
            target.bytes += grown.bytes;
            target.skippedBytes += grown.skippedBytes;
          } finally {
            out.counter('log_lines_total', counter.lines, { name });
            out.counter('log_read_bytes_total', target.bytes, { name });
            out.counter('log_skipped_bytes_total', target.skippedBytes, { name });
            for (const { labels, count } of counter.counts())
              out.counter('log_matches_total', count, { ...labels, name });
          }
        });
        await keepPositions();
      },
      async close() {
        await keepPositions();
        for (const { open } of watched) await open?.files.close();
      },
    };
  },
});

interface OpenLog {
  readonly counter: LineCounter;
  readonly files: LogFiles;
}

interface Watched extends Target {
  open?: OpenLog;
  bytes: number;
  skippedBytes: number;
}

const positions = z.record(
  z.string(),
  z.array(z.object({ id: z.string(), offset: z.number(), head: z.string(), headBytes: z.number() })),
);

async function readPositions(host: Host, warn: (message: string) => void): Promise<z.infer<typeof positions>> {
  try {
    const text = await host.state.read(stateName);
    return text === undefined ? {} : positions.parse(JSON.parse(text));
  } catch (error) {
    warn(`positions of before the start can not be read, files are begun anew: ${describeError(error)}`);
    return {};
  }
}
