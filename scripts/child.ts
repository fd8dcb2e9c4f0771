import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program of this workspace that runs as long as we do: when we die, in whatever way, its stdin ends and so does it. */
export interface Child {
  readonly name: string;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  /** The next line on stdout; undefined when it ends without one. */
  readonly firstLine: Promise<string | undefined>;
  /** Asks it to end. */
  stop(): void;
  kill(): void;
}

export function startChild(
  name: string,
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  nodeFlags: readonly string[] = [],
): Child {
  const file = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const child = spawn(process.execPath, [...nodeFlags, file, ...args, '--until-stdin-ends'], {
    // Its own process group: Ctrl-C reaches us alone, and we stop things in their order.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: environment,
  });
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout });
  return {
    name,
    exited: new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
      child.once('error', () => resolve('failed to start'));
    }),
    firstLine: new Promise((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(undefined));
    }),
    stop: () => child.stdin.end(),
    kill: () => child.kill('SIGKILL'),
  };
}
