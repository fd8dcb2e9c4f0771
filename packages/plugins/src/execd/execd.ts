import { describeError } from '@tarsier/protocol';
import {
  createPrometheusReader,
  FormatError,
  maxLineLength,
  parseInfluxLines,
  parseJsonLine,
  type FormatSample,
} from '@tarsier/protocol/formats';
import { z } from 'zod';
import { createForwarder } from '../samples/forward-samples.ts';
import type { Host } from '../host/host.ts';
import { definePlugin, type ScrapeOutput } from '../plugin.ts';
import { launchOf, programName, programSettings } from '../programs/program-settings.ts';
import { createRateLimited } from '../programs/rate-limited.ts';
import { maxTargets, named } from '../targets/targets.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

const daemonSettings = programSettings.extend({
  format: z
    .enum(['influx', 'json', 'prometheus'])
    .describe('What it prints: Influx lines, JSON lines or Prometheus text.'),
  signal: z
    .enum(['none', 'newline'])
    .default('none')
    .describe('newline: it gets a line break on its standard input whenever samples are wanted.'),
  intervalSeconds: z.number().min(1).max(86_400).default(10).describe('Time between such line breaks.'),
});

type Daemon = z.infer<typeof daemonSettings>;

/** Samples that wait for the next tick; with more, the program has to wait. */
const mostWaiting = 10_000;
/** Of its standard error, and of bad lines, in the agent's log. */
const logLines = { most: 5, windowMs: 60_000 };

/** Keeps programs running that print samples as they come. */
export const execd = definePlugin({
  name: 'execd',
  summary: 'What programs print that go on: started again when they end.',
  dynamic: true,
  maxSeries: 3_000,
  config: z.object({
    programs: z.array(daemonSettings).max(maxTargets).default([]).describe('What is kept running.'),
  }),
  metrics: {
    execd_up: { kind: 'gauge', unit: '', help: 'Whether the program runs: 1 or 0.' },
    execd_restarts_total: { kind: 'counter', unit: '', help: 'Times that it was started again.' },
    execd_lines_total: { kind: 'counter', unit: '', help: 'Lines that it printed.' },
    execd_bad_lines_total: { kind: 'counter', unit: '', help: 'Lines of these that were not understood.' },
  },
  probe: ({ config }) => (config.programs.length === 0 ? 'no programs are set' : undefined),
  create({ config, host, warn }) {
    const programs = named('execd', config.programs, programName, 'programs').map((daemon) =>
      createDaemon(host, daemon, warn),
    );
    return {
      async scrape(out) {
        await Promise.all(programs.map((program) => program.scrape(out)));
      },
      async close() {
        await Promise.all(programs.map((program) => program.supervisor.stop()));
      },
    };
  },
});

interface RunningDaemon {
  readonly supervisor: Supervisor;
  scrape(out: ScrapeOutput): Promise<void>;
}

function createDaemon(host: Host, daemon: Daemon, warn: (message: string) => void): RunningDaemon {
  const { name, command, format, signal, labels } = daemon;
  const [program = '', ...args] = command;
  const tell = (message: string): void => warn(`${name}: ${message}`);
  const now = (): number => host.now();
  const tellBadLine = createRateLimited(tell, { ...logLines, now });
  const tellError = createRateLimited((line) => tell(`says: ${line}`), { ...logLines, now });
  const forwarder = createForwarder(tell);
  const waiting: FormatSample[] = [];
  let lines = 0;
  let badLines = 0;
  let signalAt = Number.NEGATIVE_INFINITY;

  const supervisor = createSupervisor({
    now,
    warn: tell,
    async start(onEnd) {
      const read = lineReader(format);
      let lineNumber = 0;
      signalAt = Number.NEGATIVE_INFINITY;
      const running = host.start(program, args, {
        ...(await launchOf(host, daemon)),
        maxLineLength,
        onLine(line) {
          lines++;
          lineNumber++;
          try {
            waiting.push(...read(line, lineNumber));
          } catch (error) {
            if (!(error instanceof FormatError)) throw error;
            badLines++;
            tellBadLine(error.message);
          }
          if (waiting.length >= mostWaiting) running.pause();
        },
        onErrorLine(line) {
          if (line.trim() !== '') tellError(line.slice(0, 500));
        },
        onEnd({ exitCode, error }) {
          if (error !== undefined) onEnd(describeError(error));
          else onEnd(exitCode === undefined ? 'was ended by a signal' : `ended with exit code ${exitCode}`);
        },
      });
      return running;
    },
  });

  return {
    supervisor,
    async scrape(out) {
      await supervisor.tend();
      forwarder.put(out, waiting.splice(0), { labels, honorLabels: true });
      supervisor.running?.resume();
      if (signal === 'newline' && supervisor.running !== undefined && now() >= signalAt) {
        signalAt = now() + daemon.intervalSeconds * 1000;
        supervisor.running.write('\n');
      }
      const own = { ...labels, name };
      out.gauge('execd_up', supervisor.running === undefined ? 0 : 1, own);
      out.counter('execd_restarts_total', supervisor.restarts, own);
      out.counter('execd_lines_total', lines, own);
      out.counter('execd_bad_lines_total', badLines, own);
    },
  };
}

type LineReader = (line: string, lineNumber: number) => readonly FormatSample[];

/** Reads one line after the other. Throws a {@link FormatError}, after which it goes on. */
function lineReader(format: Daemon['format']): LineReader {
  switch (format) {
    case 'json':
      return (line, lineNumber) => (line.trim() === '' ? [] : [parseJsonLine(line, lineNumber)]);
    case 'influx':
      return (line, lineNumber) => {
        const {
          samples,
          errors: [error],
        } = parseInfluxLines(line, 'ns', lineNumber);
        if (error !== undefined) throw error;
        return samples;
      };
    case 'prometheus': {
      const read = createPrometheusReader();
      return (line, lineNumber) => {
        const sample = line.trim() === '' ? undefined : read(line, lineNumber);
        return sample === undefined ? [] : [sample];
      };
    }
  }
}
