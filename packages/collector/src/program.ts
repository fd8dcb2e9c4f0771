import { randomUUID } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError, TarsierError } from '@tarsier/protocol';
import type { Collector } from './collector.ts';
import { loadConfig, type CollectorConfig } from './config.ts';
import { keyCommands, keyOptions, type KeyArguments, type KeyCommand } from './key-commands.ts';
import { createLog, type Log } from './log.ts';
import {
  operatorCommands,
  operatorOptions,
  type OperatorArguments,
  type OperatorCommand,
} from './operator/operator-commands.ts';
import { ruleCommands } from './rule-commands.ts';
import { makeFolder } from './storage/embedded/make-folder.ts';
import type { Storage } from './storage/storage.ts';
import { tenantCommands, tenantOptions } from './tenant-commands.ts';

const usage = `tarsier-collector: stores, understands and tells

  tarsier-collector serve [--ready-json] [--until-stdin-ends]
                                              serve until SIGINT or SIGTERM (the default command)
  tarsier-collector worker [--until-stdin-ends]
                                              run jobs beside the collectors of the same database, until SIGINT or SIGTERM
  tarsier-collector key create --tenant NAME --scope ingest|read|write|admin [--name TEXT]
                       [--expires-in 90d]     print a new API key on stdout, and nothing else
  tarsier-collector key list --tenant NAME [--json]
  tarsier-collector key rotate --tenant NAME --id ID [--overlap 1d]
                                              print a key in place of another, which ends after the overlap
  tarsier-collector key revoke --tenant NAME --id ID | --host HOST
                                              end a key, or the key of an enrolled host, within ten seconds
  tarsier-collector enrol-token create --tenant NAME [--expires-in 1h] [--uses 1] [--name TEXT]
                                              print a token that lets a host in: tarsier-agent enrol --token TOKEN
  tarsier-collector tenant retention --tenant NAME [--incidents-days N] [--notifications-days N]
                                              how long incidents, and what was told of them, are kept, or default
  tarsier-collector tenant limits --tenant NAME [--requests N] [--samples N] [--key ID] [--series N] [--hosts N]
                    [--bytes N] [--subscriptions N] [--jobs-waiting N] [--jobs-running N]
                    [--query-samples N] [--query-series N] [--query-seconds N]
                                              what the tenant may use (requests and samples per second, of a key, too);
                                              a number, or default
  tarsier-collector tenant jobs --tenant NAME [--weight 1]
                                              its share of the workers beside other tenants, and what waits
  tarsier-collector tenant move --tenant NAME --to DATABASE
                                              to another database of TARSIER_DATABASES, or home, while it is used
  tarsier-collector tenant places             which database each tenant is in that was moved
  tarsier-collector migrate [--distribute]    bring the tables up to this version, and spread them over the nodes of Citus
  tarsier-collector backup --to FILE          all tenants, all samples, as of now, while the collector runs; - is stdout
  tarsier-collector restore --from FILE       into an empty database; - is stdin
  tarsier-collector audit verify              whether no entry of any audit log was altered or taken out
  tarsier-collector ledger [--tenant NAME] [--host HOST] [--hours 24] [--json]
                                              what became of each sample, by hour; exit code 1 where it does not add up
  tarsier-collector doctor                    what is wrong with database, disk and clocks, and what to do
  tarsier-collector check-rules FILE…         whether Prometheus rule files can be taken, and where not
  tarsier-collector test-rules FILE…          run rule unit tests, in the format of promtool test rules
  tarsier-collector --help | --version

Settings come from the environment: TARSIER_LISTEN (127.0.0.1:7077), TARSIER_DATA (./tarsier-data), DATABASE_URL,
TARSIER_DATABASES (NAME=URL,… of further databases that tenants may be moved to),
TARSIER_WEB_ROOT, TARSIER_PUBLIC_URL, TARSIER_ADVERTISE_URL (where agents reach this one of several collectors),
TARSIER_RETENTION_DAYS (7),
TARSIER_RETENTION_MINUTES_DAYS (90), TARSIER_RETENTION_HOURS_DAYS (1100),
TARSIER_RETENTION_INCIDENTS_DAYS (400), TARSIER_RETENTION_NOTIFICATIONS_DAYS (90), TARSIER_MAX_AGE_HOURS (24),
TARSIER_QUERY_SAMPLES (50000000), TARSIER_QUERY_SERIES (20000), TARSIER_QUERY_SECONDS (120),
TARSIER_SLOW_QUERY_SECONDS (5), TARSIER_LEASE_SECONDS (10), TARSIER_JOB_THREADS (1), TARSIER_JOB_PRICE (0.00005 USD a CPU second),
TARSIER_LOG (info),
TARSIER_LOG_FORMAT (text, or json), TARSIER_TLS_CERT and TARSIER_TLS_KEY (files in PEM: serves HTTPS),
TARSIER_TLS_CLIENT_CA (clients must show a certificate of it), TARSIER_OIDC (file of issuers to sign in at).

Exit codes: 0 done, 1 failed while running, 2 wrong arguments or settings.
`;

const exitCodes = { done: 0, failed: 1, usage: 2 } as const;
const signInMs = 15 * 60_000;
/** How long the process may take to end by itself. */
const leaveMs = 5_000;

const version = packageVersion();

process.exitCode = await main(process.argv.slice(2));
// What a start that failed half way has left open must not keep the process, which heeds no signal any more.
setTimeout(() => process.exit(), leaveMs).unref();

async function main(argv: readonly string[]): Promise<number> {
  let log = createLog({ level: 'info', write: toStderr });
  try {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean' },
        version: { type: 'boolean' },
        'ready-json': { type: 'boolean' },
        'until-stdin-ends': { type: 'boolean' },
        ...keyOptions,
        ...tenantOptions,
        ...operatorOptions,
      },
    });
    if (values.help === true) return print(usage);
    if (values.version === true) return print(`${version}\n`);
    const [first = '', ...files] = positionals;
    const ofFiles = Object.hasOwn(ruleCommands, first) ? ruleCommands[first] : undefined;
    if (ofFiles !== undefined) {
      const { text, ok } = await ofFiles(files);
      print(text);
      return ok ? exitCodes.done : exitCodes.failed;
    }
    const config = loadConfig(process.env);
    log = createLog({ level: config.logLevel, format: config.logFormat, write: toStderr });
    const command = positionals.join(' ');
    if (command === '' || command === 'serve') {
      return await serve(config, log, {
        readyJson: values['ready-json'] === true,
        untilStdinEnds: values['until-stdin-ends'] === true,
      });
    }
    if (command === 'worker') return await work(config, log, values['until-stdin-ends'] === true);
    const ofTenant = { ...keyCommands, ...tenantCommands };
    const run = Object.hasOwn(ofTenant, command) ? ofTenant[command] : undefined;
    if (run !== undefined) return await withTenant(config, log, values, run);
    const operate = Object.hasOwn(operatorCommands, command) ? operatorCommands[command] : undefined;
    if (operate !== undefined) return await withStorage(config, log, values, operate);
    const others = [ofTenant, operatorCommands, ruleCommands].flatMap((commands) => Object.keys(commands));
    const known = ['serve', 'worker', ...others].join(', ');
    throw new TarsierError('usage/command', `expected one of ${known}, got ${command}; see --help`);
  } catch (error) {
    log.error(describeError(error));
    const wrongUse = error instanceof TarsierError && /^(usage|config)\//u.test(error.code);
    return wrongUse || isParseArgsError(error) ? exitCodes.usage : exitCodes.failed;
  }
}

async function serve(
  config: CollectorConfig,
  log: Log,
  { readyJson, untilStdinEnds }: { readonly readyJson: boolean; readonly untilStdinEnds: boolean },
): Promise<number> {
  // Counts from the start: a Ctrl-C while the database opens must still close it.
  const stopReason = nextStopReason(untilStdinEnds);
  const { startCollector } = await import('./collector.ts');
  const collector = await startCollector({
    config,
    log,
    version,
    processUsage() {
      const { user, system } = process.cpuUsage();
      return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
    },
  });
  log.info('serving', { url: collector.url });
  const { storage, tenant } = collector;
  const signInUrl = new URL(config.publicUrl ?? collector.url);
  signInUrl.pathname = '/sign-in';
  signInUrl.searchParams.set('code', await storage.sessions.createSignInCode(tenant, signInMs, Date.now()));
  if (readyJson) {
    const ready = { url: collector.url, signIn: signInUrl.href, ingestKey: await localAgentKey(config, collector) };
    process.stdout.write(`${JSON.stringify({ ready })}\n`);
  } else {
    process.stdout.write(`Sign in once, within 15 minutes: ${signInUrl.href}\n`);
  }
  log.info('stopping', { why: await stopReason });
  await collector.stop();
  return exitCodes.done;
}

/** Jobs alone: beside a collector, on its machine or another. */
async function work(config: CollectorConfig, log: Log, untilStdinEnds: boolean): Promise<number> {
  const stopReason = nextStopReason(untilStdinEnds);
  const { jobThreads, jobPrice } = config;
  const [{ jobRegistry, jobTypes }, { startJobs }] = await Promise.all([
    import('./jobs/registry.ts'),
    import('./jobs/start-jobs.ts'),
  ]);
  const storage = await shareStorage(config, log);
  const jobs = await startJobs({
    storage,
    types: jobTypes,
    registry: jobRegistry,
    log,
    name: `worker ${hostname()} ${process.pid}`,
    options: { threads: jobThreads, pricePerSecond: jobPrice },
  });
  process.stdout.write('running jobs\n');
  log.info('stopping', { why: await stopReason });
  await jobs.stop();
  await storage.close();
  return exitCodes.done;
}

/** A command loads what it needs: all that serves takes as long again. */
async function shareStorage({ databaseUrl, databases, dataFolder }: CollectorConfig, log: Log): Promise<Storage> {
  const { openStorage } = await import('./storage/storage.ts');
  return openStorage({ databaseUrl, databases, dataFolder, use: 'share', log });
}

async function withStorage(
  config: CollectorConfig,
  log: Log,
  args: OperatorArguments,
  run: OperatorCommand,
): Promise<number> {
  const storage = await shareStorage(config, log);
  try {
    const { stdin, stdout } = process;
    const { text, ok } = await run(args, { storage, config, now: Date.now, stdin, stdout });
    print(text);
    return ok ? exitCodes.done : exitCodes.failed;
  } finally {
    await storage.close();
  }
}

async function withTenant(config: CollectorConfig, log: Log, args: KeyArguments, run: KeyCommand): Promise<number> {
  const { tenant: name = 'default' } = args;
  const storage = await shareStorage(config, log);
  try {
    const tenant = name === 'default' ? await storage.tenants.ensure(name) : await storage.tenants.find(String(name));
    if (tenant === undefined) throw new TarsierError('usage/tenant', `--tenant: no tenant is named ${String(name)}`);
    return print(await run(args, { storage, tenant, now: Date.now }));
  } finally {
    await storage.close();
  }
}

/** The key of the agent that is started beside this collector: made once, kept 0600 in the data folder. */
async function localAgentKey(config: CollectorConfig, { storage, tenant }: Collector): Promise<string> {
  const file = join(config.dataFolder, 'agent-key');
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (kept !== '' && (await storage.keys.find(kept))?.tenant.tenantId === tenant.tenantId) return kept;
  const key = await storage.keys.create(tenant, { name: `local agent ${randomUUID().slice(0, 8)}`, scope: 'ingest' });
  // With a database of one's own nothing else needs the folder.
  await makeFolder(config.dataFolder, 0o700);
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  return key;
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
