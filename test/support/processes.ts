/** Real processes of this workspace on free ports and in temporary folders. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { noteLogged } from '../../packages/collector/src/testing-logged.ts';
import { dropDatabases } from './database.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface RunningProcess {
  readonly pid: number;
  /** Everything it has written so far. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** Resolves with the first line on stdout, so far or to come, that `pick` makes something of. */
  lineThat<T>(pick: (line: string) => T | undefined): Promise<T>;
  /** Writes a line to its stdin. */
  say(line: string): void;
  /** Sends a signal and waits for the end. @returns exit code, or the signal's name */
  end(signal: NodeJS.Signals): Promise<number | string>;
  readonly exited: Promise<number | string>;
}

const running = new Set<ChildProcess>();

export function run(
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  nodeFlags: readonly string[] = [],
  /** What runs it, such as `ip netns exec NAME`. */
  runner: readonly string[] = [],
): RunningProcess {
  const [program = '', ...rest] = [...runner, process.execPath, ...nodeFlags, resolvePath(root, script), ...args];
  const child = spawn(program, rest, {
    cwd: root,
    env: { ...process.env, CI: 'true', TARSIER_NO_OPEN: '1', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  const stdout: string[] = [];
  const stderr: string[] = [];
  const waiting = new Set<() => void>();
  const collect = (stream: NodeJS.ReadableStream, lines: string[], note?: (line: string) => void): void => {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      note?.(line);
      for (const check of waiting) check();
    });
  };
  collect(child.stdout, stdout);
  collect(child.stderr, stderr, noteLogged);
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return {
    pid: child.pid ?? 0,
    stdout,
    stderr,
    exited,
    lineThat: (pick) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          for (const line of stdout) {
            const found = pick(line);
            if (found === undefined) continue;
            waiting.delete(check);
            resolve(found);
            return;
          }
        };
        waiting.add(check);
        check();
        void exited.then((how) =>
          reject(new Error(`${script} ended (${how}) without the line that was waited for:\n${stderr.join('\n')}`)),
        );
      }),
    say: (line) => void child.stdin.write(`${line}\n`),
    async end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

/** Ends what a failed test left behind. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

/** A folder that PostgreSQL's user may enter, too. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'tarsier-e2e-'));
  await chmod(path, 0o755);
  return {
    path,
    async remove() {
      await dropDatabases(path);
      await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** Asks again until `check` gives something. @throws after `withinMs`, with what was found last */
export async function eventually<T>(check: () => Promise<T | undefined>, withinMs = 60_000): Promise<T> {
  const until = Date.now() + withinMs;
  let last: unknown;
  while (Date.now() < until) {
    try {
      const found = await check();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await sleep(200);
  }
  throw new Error(`nothing after ${withinMs} ms`, { cause: last });
}
