import { z } from 'zod';
import { CheckFailure } from '../check-failure.ts';
import type { Host } from '../host.ts';
import { patternSetting } from '../pattern.ts';
import { definePlugin } from '../plugin.ts';
import { createTargets, maxTargets, named, noTargets, targetName } from '../targets.ts';
import { createLineCounter } from './line-counter.ts';
import { createLogFiles, type LogFiles } from './log-files.ts';

const stateName = 'log';

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
        pattern: patternSetting.min(1).describe('Regular expression (RE2); its named groups become labels.'),
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
    const watched = named('log', config.targets, ({ path }) => path).map((target, index) => ({
      ...target,
      counter: createLineCounter(target.patterns, `log.targets.${index}.patterns`, config.maxSeries),
      bytes: 0,
      skippedBytes: 0,
    }));
    const targets = createTargets<(typeof watched)[number]>({ timeoutMs: 9_000, up: 'log_up', warn });
    let files: Promise<Map<string, LogFiles>> | undefined;
    let kept = '';

    async function keepPositions(): Promise<void> {
      const positions = JSON.stringify(
        Object.fromEntries([...((await files) ?? [])].map(([name, files]) => [name, files.positions()])),
      );
      if (positions !== kept) await host.state.write(stateName, positions);
      kept = positions;
    }

    return {
      async scrape(out, signal) {
        files ??= openAll(host, watched, config.maxBytes);
        const opened = await files;
        await targets.each(watched, { out, signal }, async (target, signal) => {
          const { name, counter } = target;
          try {
            const grown = await opened.get(name)?.read(counter.line, signal);
            if (grown === undefined || grown.files === 0) throw new CheckFailure('missing', 'there is no such file');
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
        for (const one of (await files)?.values() ?? []) await one.close();
      },
    };
  },
});

const positions = z.record(
  z.string(),
  z.array(z.object({ id: z.string(), offset: z.number(), head: z.string(), headBytes: z.number() })),
);

async function openAll(host: Host, watched: readonly Target[], budgetBytes: number): Promise<Map<string, LogFiles>> {
  const text = await host.state.read(stateName);
  const kept = text === undefined ? {} : positions.parse(JSON.parse(text));
  return new Map(
    watched.map(({ name, path, encoding, from }) => [
      name,
      createLogFiles(host, { path, encoding, from, budgetBytes, positions: kept[name] ?? [] }),
    ]),
  );
}
