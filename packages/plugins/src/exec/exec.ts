import {
  parseInfluxLines,
  parseJsonLines,
  parseNagiosOutput,
  parsePrometheusText,
  type FormatError,
  type FormatSample,
  type NagiosOutput,
} from '@tarsier/protocol/formats';
import { z } from 'zod';
import { createForwarder } from '../samples/forward-samples.ts';
import type { Host } from '../host/host.ts';
import { createPeriodic } from '../targets/periodic.ts';
import { definePlugin } from '../plugin.ts';
import { launchOf, programName, programSettings } from '../programs/program-settings.ts';
import { roundSeconds } from '../samples/round-seconds.ts';
import type { RunResult } from '../host/run.ts';
import { maxTargets, named } from '../targets/targets.ts';
import { nagiosMetrics, nagiosStates, putPerfdata, unknownState } from './nagios-samples.ts';

const mebibyte = 1024 * 1024;

const commandSettings = programSettings.extend({
  format: z
    .enum(['nagios', 'influx', 'json', 'prometheus'])
    .describe('What it prints: output of a Nagios plugin, Influx lines, JSON lines or Prometheus text.'),
  intervalSeconds: z.number().min(1).max(86_400).default(60).describe('Time between runs.'),
  timeoutSeconds: z.number().min(0.1).max(3_600).default(30).describe('It is killed when it takes longer.'),
  maxOutputBytes: z
    .int()
    .min(1024)
    .max(16 * mebibyte)
    .default(mebibyte)
    .describe('It is killed when it prints more.'),
});

type Command = z.infer<typeof commandSettings>;

/** What a run told. */
interface Told {
  readonly exitCode: number;
  readonly samples: readonly FormatSample[];
  readonly nagios: NagiosOutput | undefined;
  readonly badLines: number;
  readonly error: FormatError | undefined;
}

/** Runs programs, and takes what they print. */
export const exec = definePlugin({
  name: 'exec',
  summary: 'What programs print: Nagios plugins, and any that print Influx lines, JSON lines or Prometheus text.',
  intervalMs: 1_000,
  background: true,
  dynamic: true,
  maxSeries: 3_000,
  config: z.object({
    commands: z.array(commandSettings).max(maxTargets).default([]).describe('What is run.'),
  }),
  metrics: {
    exec_up: {
      kind: 'gauge',
      unit: '',
      help: 'Whether the last run ended as it should, and all that it printed was understood: 1 or 0.',
    },
    exec_duration_seconds: { kind: 'gauge', unit: 'seconds', help: 'How long the last run took.' },
    exec_exit_code: { kind: 'gauge', unit: '', help: 'Exit code of the last run; none when it was killed.' },
    exec_bad_lines: { kind: 'gauge', unit: '', help: 'Lines, or items, of the last run that were not understood.' },
    ...nagiosMetrics,
  },
  probe: ({ config }) => (config.commands.length === 0 ? 'no commands are set' : undefined),
  create({ config, host, warn }) {
    const durations = new Map<string, number>();
    const states = new Map<string, number>();
    const faulty = new Set<string>();
    const forwarder = createForwarder(warn);
    const commands = named('exec', config.commands, programName, 'commands');
    const runs = createPeriodic({
      tasks: commands.map((command) => ({ ...command, intervalMs: command.intervalSeconds * 1000 })),
      now: () => host.now(),
      warn,
      async run(command, signal): Promise<Told> {
        const began = host.now();
        try {
          return read(command, await runOnce(host, command, signal));
        } finally {
          durations.set(command.name, (host.now() - began) / 1000);
        }
      },
    });

    /** The log tells of a check when it goes from one state to another. */
    function tellState(name: string, state: number, text: string): void {
      const before = states.get(name) ?? 0;
      states.set(name, state);
      if (state !== before) warn(`${name}: ${nagiosStates[state] ?? ''}: ${text}`);
    }

    function tellFault(name: string, error: FormatError | undefined): void {
      if (error === undefined) faulty.delete(name);
      else if (!faulty.has(name)) {
        faulty.add(name);
        warn(`${name}: ${error.message}`);
      }
    }

    return {
      async scrape(out, signal) {
        for (const { task, result } of await runs.turn(signal)) {
          const { name, format } = task;
          const labels = { ...task.labels, name };
          const state = result?.exitCode ?? unknownState;
          if (format === 'nagios') {
            out.gauge('nagios_state', state, labels);
            if (result !== undefined) tellState(name, state, result.nagios?.text ?? '');
            if (result?.nagios !== undefined) putPerfdata(out, result.nagios, labels);
          }
          if (result !== undefined) {
            tellFault(name, result.error);
            forwarder.put(out, result.samples, { labels: task.labels, honorLabels: true });
            out.gauge('exec_exit_code', result.exitCode, labels);
            out.gauge('exec_bad_lines', result.badLines, labels);
          }
          out.gauge('exec_up', result?.badLines === 0 ? 1 : 0, labels);
          out.gauge('exec_duration_seconds', roundSeconds(durations.get(name) ?? 0), labels);
        }
      },
      close: () => runs.close(),
    };
  },
});

async function runOnce(host: Host, command: Command, signal: AbortSignal): Promise<RunResult> {
  const [program = '', ...args] = command.command;
  return host.run(program, args, {
    ...(await launchOf(host, command)),
    timeoutMs: command.timeoutSeconds * 1000,
    maxOutputBytes: command.maxOutputBytes,
    signal,
  });
}

/** @throws {Error} when it did not end as it should; {@link FormatError} when nothing of its text counts */
function read({ format }: Command, { exitCode, stdout, stderr }: RunResult): Told {
  const none = { samples: [], nagios: undefined, badLines: 0, error: undefined };
  if (exitCode === undefined) throw new Error('it was ended by a signal');
  // Of a Nagios plugin the code is the state.
  const mostExitCode = format === 'nagios' ? unknownState : 0;
  if (exitCode > mostExitCode) {
    const [said = ''] = `${stderr.trim()}\n${stdout.trim()}`.trim().split('\n');
    throw new Error(`expected exit code ${format === 'nagios' ? '0 to 3' : '0'}, got ${exitCode}: ${said}`);
  }
  switch (format) {
    case 'nagios': {
      const nagios = parseNagiosOutput(stdout);
      return { ...none, exitCode, nagios, badLines: nagios.badItems, error: nagios.errors[0] };
    }
    case 'prometheus':
      return { ...none, exitCode, samples: parsePrometheusText(stdout) };
    case 'json':
    case 'influx': {
      const { samples, badLines, errors } = format === 'json' ? parseJsonLines(stdout) : parseInfluxLines(stdout);
      return { ...none, exitCode, samples, badLines, error: errors[0] };
    }
  }
}
