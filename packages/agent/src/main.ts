import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { describeError, TarsierError } from '@tarsier/protocol';
import { createAgent } from './agent.ts';
import { loadConfig } from './config.ts';
import { createLog } from './log.ts';

const usage = `tarsier-agent: measures this host each second and ships it to a Tarsier collector

  tarsier-agent run [--config FILE] [--until-stdin-ends]
                                        measure until SIGINT or SIGTERM (the default command)
  tarsier-agent --help | --version

Settings come from a JSON file and the environment, which wins: TARSIER_KEY (required), TARSIER_URL
(http://127.0.0.1:7077), TARSIER_HOST (this host's name), TARSIER_TENANT, TARSIER_SPOOL (./tarsier-spool),
TARSIER_SPOOL_BYTES (64 MiB), TARSIER_INTERVAL_MS (1000), TARSIER_FLUSH_MS (10000), TARSIER_LOG (info),
TARSIER_LOG_FORMAT (text).

Exit codes: 0 done, 1 failed while running, 2 wrong arguments or settings.
`;

const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let log = createLog({ level: 'info', format: 'text', write: toStderr });
  try {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean' },
        version: { type: 'boolean' },
        config: { type: 'string' },
        'until-stdin-ends': { type: 'boolean' },
      },
    });
    if (values.help === true) return print(usage);
    if (values.version === true) return print(`${packageVersion()}\n`);
    const command = positionals.join(' ');
    if (command !== '' && command !== 'run')
      throw new TarsierError('usage/command', `expected run, got ${command}; see --help`);
    const file = values.config === undefined ? undefined : await readFile(values.config, 'utf8');
    const config = loadConfig(file, process.env);
    log = createLog({ level: config.log, format: config.logFormat, write: toStderr });
    const stopReason = nextStopReason(values['until-stdin-ends'] === true);
    const agent = await createAgent(config, {
      log,
      usage() {
        const { user, system } = process.cpuUsage();
        return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
      },
    });
    agent.start();
    log.info('stopping', { why: await stopReason });
    await agent.stop();
    return exitCodes.done;
  } catch (error) {
    log.error(describeError(error));
    const wrongUse = error instanceof TarsierError && /^(usage|config|plugin)\//u.test(error.code);
    return wrongUse || isParseArgsError(error) ? exitCodes.usage : exitCodes.failed;
  }
}

/** A signal, or the end of standard input where a parent process holds it: it may die without saying so. */
function nextStopReason(untilStdinEnds: boolean): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal));
    if (!untilStdinEnds) return;
    process.stdin.on('end', () => resolve('end of stdin')).on('error', () => resolve('end of stdin'));
    process.stdin.resume();
  });
}

function print(text: string): number {
  process.stdout.write(text);
  return exitCodes.done;
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

function isParseArgsError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

function packageVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('../package.json');
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
