/** Real collectors over a PostgreSQL of their own, and what they cost. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { treeCpu } from '../../bench/proc-cpu.ts';
import { nodeFlags } from '../../packages/collector/src/node-flags.ts';
import { silentLog } from '../../packages/collector/src/log.ts';
import { openEmbedded } from '../../packages/collector/src/storage/embedded/embedded.ts';
import postgres from 'postgres';
import { embeddedEnvironment } from '../support/database.ts';
import { freePort, temporaryFolder } from '../support/processes.ts';
import { createKey, startCollector, thisBuild, type Build, type RunningCollector } from '../support/tarsier.ts';

export interface Rig {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly collectors: readonly RunningCollector[];
  readonly sql: postgres.Sql;
  key(scope: string, tenant?: string): Promise<string>;
  /** In place of the one that ended, at the same address; of the build that the rig began with unless told otherwise. */
  restart(index: number, build?: Build): Promise<RunningCollector>;
  usage(): RigUsage;
  /** The database's first process, which has started the others. */
  readonly databasePid: number;
  /** All of the database's processes are gone at once, as when its machine loses power; after so long it is started again. */
  killDatabase(awayMs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface RigUsage {
  /** CPU seconds so far. */
  readonly collectors: number;
  readonly postgres: number;
  readonly here: number;
  /** Of each collector. */
  readonly residentBytes: readonly number[];
  readonly descriptors: readonly number[];
}

/**
 * @param ofEach  settings of each of its own, by its URL
 * @param build  of the collectors
 */
export async function startRig(
  count: number,
  settings: Readonly<Record<string, string>> = {},
  ofEach: (url: string) => Readonly<Record<string, string>> = () => ({}),
  build: Build = thisBuild,
): Promise<Rig> {
  const folder = await temporaryFolder();
  const open = () => openEmbedded({ dataFolder: `${folder.path}/pg`, use: 'own', log: silentLog });
  let server = await open();
  const environment = {
    ...embeddedEnvironment(server.connection),
    TARSIER_LOG: 'warn',
    ...settings,
  };
  const data = (index: number): string => `${folder.path}/collector-${index}`;
  const start = (index: number, port: number, of: Build) =>
    startCollector(data(index), port, { ...environment, ...ofEach(`http://127.0.0.1:${port}`) }, nodeFlags, of);
  const collectors: RunningCollector[] = [];
  for (let index = 0; index < count; index++) collectors.push(await start(index, await freePort(), build));
  const sql = postgres({ ...server.connection, database: 'postgres', max: 1, onnotice() {} });
  const firstProcess = async (): Promise<number> => {
    const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    return parentOf(backend?.pid ?? 0);
  };
  let databasePid = await firstProcess();
  return {
    folder: folder.path,
    environment,
    collectors,
    sql,
    key: (scope, tenant) => createKey(data(0), scope, environment, tenant),
    async restart(index, next = build) {
      const started = await start(index, Number(new URL(collectors[index]?.url ?? '').port), next);
      collectors[index] = started;
      return started;
    },
    usage() {
      const ofAll = treeCpu(process.pid);
      const ofCollectors = collectors.flatMap(({ pid }) => [...treeCpu(pid)]);
      const sum = (some: Iterable<number>): number => [...some].reduce((all, one) => all + one, 0);
      const here = ofAll.get(process.pid) ?? 0;
      const inCollectors = sum(ofCollectors.map(([, seconds]) => seconds));
      return {
        collectors: inCollectors,
        postgres: sum(ofAll.values()) - here - inCollectors,
        here,
        residentBytes: collectors.map(({ pid }) => residentBytes(pid)),
        descriptors: collectors.map(({ pid }) => descriptors(pid)),
      };
    },
    get databasePid() {
      return databasePid;
    },
    async killDatabase(awayMs) {
      for (const pid of treeCpu(databasePid).keys()) signal(pid, 'SIGKILL');
      await server.close();
      await sleep(awayMs);
      server = await open();
      databasePid = await firstProcess();
    },
    async stop() {
      await Promise.all(collectors.map((one) => one.end('SIGTERM')));
      await sql.end();
      await server.close();
      await folder.remove();
    },
  };
}

function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/u.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function descriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function parentOf(pid: number): number {
  return Number(/PPid:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
}

/** To a process that may have ended by itself. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
