import { describeError } from '@tarsier/protocol';
import { createAgent } from '../agent.ts';
import { exitCodes, text, type Command, type Program } from '../command.ts';
import { createConfigReader } from '../config/files.ts';
import type { AgentConfig } from '../config/config.ts';
import { checkMachine, readEnrolment } from '../enrolment/enrolment.ts';
import { createFileWatch } from '../config/file-watch.ts';
import { machineIdentity } from '../enrolment/identity.ts';
import { createLog, type Log } from '../log.ts';
import { createStrayLog } from '../stray-log.ts';
import { createTickWatch } from '../tick-watch.ts';
import { createRecentLog } from '../status/recent-log.ts';
import { systemClock } from '../scrape/clock.ts';
import { createReloader, type Reloader } from '../config/reload.ts';
import type { StatusReport } from '../status/report.ts';
import { serveStatus, type StatusServer } from '../status/socket.ts';
import { configHelp, configOption, tellProblems } from './settings.ts';

/** An agent whose ticks have ended may not be able to stop. */
const mostStopMs = 3_000;

export const runCommand: Command = {
  name: 'run',
  summary: 'measure and ship until SIGINT or SIGTERM (the default)',
  help: `tarsier-agent run [--config FILE] [--until-stdin-ends]

Measures this host and ships to the collector. Changed settings are taken at once, without a gap, when the file changes
or on SIGHUP; what does not hold is refused, and the former settings stay (the log and tarsier-agent status say why).

${configHelp}
  --until-stdin-ends   end with the process that holds standard input

Exit codes: 0 stopped as told, 1 failed, 2 wrong arguments or settings.
`,
  options: { ...configOption, 'until-stdin-ends': { type: 'boolean' } },
  async run({ values }, program) {
    const read = createConfigReader(program, { explicit: text(values['config']) });
    const first = await read();
    const { config } = first;
    if (config === undefined) {
      tellProblems(first, program);
      return exitCodes.usage;
    }
    const enrolment = readEnrolment(config.state);
    if (enrolment !== undefined && enrolment.key === config.key)
      checkMachine(enrolment, machineIdentity({ environment: program.environment }));

    // All count from the start: a signal while the spool opens must still close it, a change must not be missed.
    const stopReason = nextStopReason(program, values['until-stdin-ends'] === true);
    const ready = Promise.withResolvers<Reloader>();
    const reload = (why: string): void => void ready.promise.then((reloader) => reloader.reload(why));
    const files = createFileWatch(() => reload('a file changed'));
    files.follow(first.watched);
    program.onSignal('SIGHUP', () => reload('SIGHUP'));

    const { log, recent, use } = createRecentLog(logFor(config, program));
    if (first.file !== undefined) log.info('settings are read', { file: first.file });
    const strays = createStrayLog(log);
    const agent = await createAgent(config, { log, usage: program.usage, plugins: first.plugins, strays });
    const startedAt = Date.now();
    let settings = config;
    const reloader = createReloader({
      first: { ...first, config },
      read,
      agent,
      log,
      onRead({ watched }, inUse) {
        settings = inUse;
        files.follow(watched);
        use(logFor(inUse, program));
      },
    });
    ready.resolve(reloader);
    const status = await startStatus(config.state, program, log, () => {
      const { version, pid } = program;
      return {
        version,
        pid,
        startedAt,
        settings: reloader.state,
        agent: agent.status(),
        recent,
      } satisfies StatusReport;
    });

    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => (stopping ??= agent.stop());
    const tickWatch = createTickWatch({
      lastTick: () => agent.status().ticks.lastAt,
      settings: () => settings,
      onStill(ms) {
        log.error('no tick comes any more; the agent ends, to be begun anew', { afterSeconds: Math.round(ms / 1000) });
        void endAnew(stop, program, log);
      },
      clock: systemClock,
    });
    program.onStray((error) => {
      strays.take(error);
      tickWatch.begin();
    });
    agent.start();
    log.info('stopping', { why: await stopReason });
    tickWatch.stop();
    files.close();
    await status?.close();
    await stop();
    return exitCodes.done;
  },
};

/** What was measured is spooled first, if that can still be: a tick that hangs is not waited for. */
async function endAnew(stop: () => Promise<void>, program: Program, log: Log): Promise<void> {
  try {
    const late = new Promise<void>((resolve) => {
      systemClock.after(mostStopMs, resolve);
    });
    await Promise.race([stop(), late]);
  } catch (error) {
    log.error('the agent did not stop as it should', { why: describeError(error) });
  } finally {
    program.exit(exitCodes.failed);
  }
}

/** An agent that can't be asked still measures. */
async function startStatus(
  stateFolder: string,
  { platform }: Program,
  log: Log,
  status: () => StatusReport,
): Promise<StatusServer | undefined> {
  try {
    return await serveStatus(stateFolder, platform, status);
  } catch (error) {
    log.warn('tarsier-agent status will not work', { why: describeError(error) });
    return undefined;
  }
}

function logFor({ log, logFormat }: AgentConfig, program: Program): Log {
  return createLog({ level: log, format: logFormat, write: (line) => program.tell(`${line}\n`) });
}

/** A signal, or the end of standard input where a parent process holds it: it may die without saying so. */
function nextStopReason(program: Program, untilStdinEnds: boolean): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) program.onSignal(signal, () => resolve(signal));
    if (untilStdinEnds) program.onStdinEnd(() => resolve('end of stdin'));
  });
}
