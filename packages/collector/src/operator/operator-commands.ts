/** Commands of who runs the collector: about all tenants together, and about the machine. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, statfs } from 'node:fs/promises';
import { describeError, TarsierError, type UnixMs } from '@tarsier/protocol';
import type { CollectorConfig } from '../config.ts';
import type { Storage } from '../storage/storage.ts';
import { ledgerCommand } from './ledger-command.ts';

/** Options of these commands, as `parseArgs` wants them. */
export const operatorOptions = {
  to: { type: 'string' },
  from: { type: 'string' },
  hours: { type: 'string' },
  distribute: { type: 'boolean' },
} as const;

type Given = keyof typeof operatorOptions | 'tenant' | 'host' | 'json';
export type OperatorArguments = { readonly [Name in Given]?: string | boolean | undefined };

export interface OperatorContext {
  readonly storage: Storage;
  readonly config: CollectorConfig;
  readonly now: () => UnixMs;
  /** Where a backup goes that is to go to standard output, and comes from. */
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
}

/** @returns what goes to stdout, and whether all is well */
export type OperatorCommand = (
  args: OperatorArguments,
  context: OperatorContext,
) => Promise<{ readonly text: string; readonly ok: boolean }>;

export const operatorCommands: Readonly<Record<string, OperatorCommand>> = {
  async backup({ to }, { storage, stdout }) {
    if (to === '-') {
      await storage.backup(stdout);
      return { text: '', ok: true };
    }
    const file = fileOf(to, 'to');
    // Whole, or not there: nobody must take half of one for a backup.
    const part = `${file}.part`;
    try {
      const rows = await storage.backup(createWriteStream(part, { mode: 0o600 }));
      await rename(part, file);
      return { text: `${sumOf(rows)} rows of ${Object.keys(rows).length} tables in ${file}\n`, ok: true };
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  },

  async restore({ from }, { storage, stdin }) {
    const rows = await storage.restore(from === '-' ? stdin : createReadStream(fileOf(from, 'from')));
    return { text: `${sumOf(rows)} rows of ${Object.keys(rows).length} tables restored\n`, ok: true };
  },

  async 'tenant move'({ tenant, to }, { storage }) {
    if (typeof tenant !== 'string') throw new TarsierError('usage/tenant', '--tenant: expected the name of a tenant');
    if (typeof to !== 'string') throw new TarsierError('usage/tenant', '--to: expected the name of a database');
    const { rows, closedMs } = await storage.moves.move(tenant, to);
    const seconds = (closedMs / 1_000).toFixed(1);
    return { text: `${tenant} is in ${to}: ${rows} rows besides samples; no writes for ${seconds} s\n`, ok: true };
  },

  async 'tenant places'(_, { storage }) {
    const places = await storage.moves.list();
    const lines = places.map(({ name, database, step, other }) =>
      step === null ? `${name} ${database}\n` : `${name} ${database}, ${step} ${other ?? ''}\n`,
    );
    return { text: lines.join(''), ok: true };
  },

  async 'audit verify'(_, { storage }) {
    const lines: string[] = [];
    let ok = true;
    for (const scope of await storage.tenants.all()) {
      const { entries, head, fault } = await storage.audit.verify(scope);
      if (fault !== undefined) ok = false;
      lines.push(
        fault === undefined
          ? `ok    ${scope.tenant}: ${entries} entries, head ${head}\n`
          : `FAULT ${scope.tenant}: ${fault.why}; the ${entries} before it are as they were written\n`,
      );
    }
    return { text: lines.join(''), ok };
  },

  ledger: ledgerCommand,

  // The tables are brought up to this version whenever the database is opened.
  async migrate({ distribute }, { storage }) {
    if (distribute !== true) return { text: 'the tables are those of this version\n', ok: true };
    const { distributed, reference, local, before } = await storage.distribute();
    const line = (names: readonly string[], how: string): string =>
      `${names.length} tables ${how}: ${names.join(', ')}\n`;
    return {
      text: [
        line(distributed, 'by tenant_id'),
        line(reference, 'whole on every node'),
        line(local, 'on the coordinator'),
        `${distributed.length + reference.length - before.length} were moved now\n`,
      ].join(''),
      ok: true,
    };
  },

  async doctor(_, context) {
    const lines: string[] = [];
    let ok = true;
    for (const [name, look] of Object.entries(checks)) {
      const problem = await look(context).catch(describeError);
      if (problem !== undefined) ok = false;
      lines.push(problem === undefined ? `ok    ${name}\n` : `FAULT ${name}: ${problem}\n`);
    }
    return { text: lines.join(''), ok };
  },
};

const leastFreeBytes = 1024 ** 3;
const mostSkewMs = 5_000;

/** Each looks at one thing, and says what is wrong with it and what to do, if anything is. */
const checks: Readonly<Record<string, (context: OperatorContext) => Promise<string | undefined>>> = {
  'the database answers': async ({ storage }) => {
    await storage.ping();
    return undefined;
  },
  'there is room for the samples of today and tomorrow': async ({ storage, now }) => {
    const missing = (await storage.health(now())).missingPartitions;
    return missing.length === 0
      ? undefined
      : `there is no partition ${missing.join(', ')}; a collector that runs makes them each hour: does one run?`;
  },
  'what is committed is on the disk': async ({ storage, now }) => {
    const { fsync, fullPageWrites } = await storage.health(now());
    return fsync && fullPageWrites
      ? undefined
      : 'PostgreSQL has fsync or full_page_writes off: a power cut may lose what was acknowledged; set them on';
  },
  'the clocks of collector and database agree': async ({ storage, now }) => {
    const { skewMs } = await storage.health(now());
    return Math.abs(skewMs) <= mostSkewMs
      ? undefined
      : `the database's clock is ${Math.round(skewMs / 1000)} s ahead; set the clocks (NTP)`;
  },
  'compaction keeps up': async ({ storage, now }) => {
    const { oldestBatchMs } = await storage.health(now());
    return oldestBatchMs < 3 * 3_600_000
      ? undefined
      : `batches of ${Math.round(oldestBatchMs / 3_600_000)} hours ago are not put together yet; does a collector run, and what does its log say?`;
  },
  'the disk has room': async ({ config }) => {
    if (config.databaseUrl !== undefined) return undefined;
    const { bavail, bsize } = await statfs(config.dataFolder);
    const free = bavail * bsize;
    return free >= leastFreeBytes
      ? undefined
      : `${Math.round(free / 1024 ** 2)} MiB are left where ${config.dataFolder} is; make room, or keep samples for fewer days`;
  },
  'no entry of the audit log was altered': async ({ storage }) => {
    for (const scope of await storage.tenants.all()) {
      const { fault } = await storage.audit.verify(scope);
      if (fault !== undefined) return `tenant ${scope.tenant}: ${fault.why}; audit verify says more`;
    }
    return undefined;
  },
};

function fileOf(given: string | boolean | undefined, option: 'to' | 'from'): string {
  if (typeof given === 'string' && given !== '') return given;
  throw new TarsierError(
    'usage/file',
    `--${option}: expected a file, or - for standard ${option === 'to' ? 'output' : 'input'}`,
  );
}

function sumOf(rows: Readonly<Record<string, number>>): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}
