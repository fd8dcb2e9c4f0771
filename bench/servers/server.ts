/** A store of samples under test: a process tree pinned to a core, with Prometheus's API and a door for a fleet's batches. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { treeCpu } from '../proc-cpu.ts';

export interface BenchServer {
  /** And its version. */
  readonly name: string;
  readonly pid: number;
  /** Where `/api/v1/query` is. */
  readonly api: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the loader sends, and where. */
  readonly door: { readonly kind: 'tarsier' | 'remote-write'; readonly url: string; readonly key: string };
  /** Resolves once everything that was sent is where it stays: compacted, merged, written out. */
  settle(): Promise<void>;
  /** Of all that is kept of the samples, by part. */
  bytes(): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
}

export const serverCore = 0;
export const loaderCore = 1;

/** CPU seconds of the server and all that it started, so far. */
export function cpuSeconds({ pid }: BenchServer): { readonly main: number; readonly others: number } {
  let [main, others] = [0, 0];
  for (const [process, seconds] of treeCpu(pid)) {
    if (process === pid) main += seconds;
    else others += seconds;
  }
  return { main, others };
}

/** @returns undefined where the program is not installed */
export function versionOf(program: string, flag: string, pattern: RegExp): string | undefined {
  try {
    const text = execFileSync(program, [flag], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return pattern.exec(text)?.[1] ?? 'unknown';
  } catch {
    return undefined;
  }
}

/** `program` itself becomes the process: its id is the tree's root. */
export function spawnPinned(core: number, program: string, args: readonly string[]): ChildProcess {
  return spawn('taskset', ['-c', String(core), program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => {
    child.once('exit', resolve);
  });
}

export function benchFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'tarsier-bench-'));
  // PostgreSQL's account goes in.
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Blocks of all files below a folder. */
export function diskBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0);
}

export async function answers(url: string): Promise<void> {
  for (const until = Date.now() + 30_000; Date.now() < until; await sleep(100)) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return;
  }
  throw new Error(`${url} does not answer`);
}
