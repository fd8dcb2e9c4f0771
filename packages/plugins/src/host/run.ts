import { signalGroup, spawnGroup, type SpawnOptions } from './process-group.ts';

export interface RunOptions extends SpawnOptions {
  /** Written to its standard input, which then ends. */
  readonly input?: string;
  /** Killed after that. */
  readonly timeoutMs: number;
  /** Of stdout and of stderr, each; it is killed when there is more. */
  readonly maxOutputBytes?: number;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  /** undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

const defaultMaxOutputBytes = 1024 * 1024;

/**
 * Runs a program to its end, without a shell. It leads a process group of its own, so that what it started ends with it
 * when it has to be killed.
 *
 * @throws {Error} when it can't be started, takes too long or says too much; an exit code other than 0 is no error
 */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { input, timeoutMs, maxOutputBytes = defaultMaxOutputBytes, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawnGroup(command, args, options);
    let failure: Error | undefined;
    const end = (why: string): void => {
      failure ??= new Error(`${command}: ${why}`);
      signalGroup(child.pid, 'SIGKILL');
    };
    const timer = setTimeout(() => end(`no end within ${timeoutMs} ms`), timeoutMs);
    const onAbort = (): void => end('stopped');
    signal?.addEventListener('abort', onAbort);
    const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      stream.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > maxOutputBytes) end(`more than ${maxOutputBytes} bytes of output`);
        else pieces.push(piece);
      });
      return pieces;
    });
    // A program that does not read its input is none of our trouble.
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    child.once('error', (cause) => {
      settle();
      reject(new Error(`${command} can not be run`, { cause }));
    });
    // Not 'close': a daemon that it left behind may hold its output open for ever.
    child.once('exit', (code) => {
      settle();
      setImmediate(() => {
        if (failure !== undefined) reject(failure);
        else
          resolve({
            exitCode: code ?? undefined,
            stdout: Buffer.concat(stdout ?? []).toString(),
            stderr: Buffer.concat(stderr ?? []).toString(),
          });
      });
    });
    if (signal?.aborted === true) onAbort();
  });
}
