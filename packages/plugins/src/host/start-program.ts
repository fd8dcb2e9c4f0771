import { createLineSplitter } from './line-splitter.ts';
import { signalGroup, spawnGroup, type SpawnOptions } from './process-group.ts';

export interface ProgramEnd {
  /** undefined when a signal ended it, or when it could not be run. */
  readonly exitCode: number | undefined;
  /** Why there was no program at all. */
  readonly error: Error | undefined;
}

export interface StartOptions extends SpawnOptions {
  /** A longer line comes cut to one character more than that. */
  readonly maxLineLength: number;
  onLine(line: string): void;
  /** A line of its standard error. */
  onErrorLine(line: string): void;
  /** Once, after its last line. */
  onEnd(end: ProgramEnd): void;
}

export interface RunningProgram {
  /** To its standard input. What it does not read in time is dropped: nobody waits for it. */
  write(text: string): void;
  /** No lines come until {@link resume}; the program waits once the pipe is full. */
  pause(): void;
  resume(): void;
  /** Closes its input and asks it to end; kills it, and what it started, when it takes longer than `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** Input that waits to be read. */
const maxWaitingBytes = 4096;

/** Starts a program that goes on, without a shell. Never throws: that it can not be run is told by `onEnd`. */
export function startProgram(command: string, args: readonly string[], options: StartOptions): RunningProgram {
  const { maxLineLength, onLine, onErrorLine, onEnd } = options;
  const child = spawnGroup(command, args, options);
  const output = createLineSplitter(maxLineLength, onLine);
  const errors = createLineSplitter(maxLineLength, onErrorLine);
  let hasEnded = false;
  let tellEnd = (): void => {};
  const ended = new Promise<void>((resolve) => {
    tellEnd = resolve;
  });
  const end = (exitCode: number | undefined, error: Error | undefined): void => {
    if (hasEnded) return;
    hasEnded = true;
    signalGroup(child.pid, 'SIGKILL');
    output.end();
    errors.end();
    child.stdout.destroy();
    child.stderr.destroy();
    onEnd({ exitCode, error });
    tellEnd();
  };
  child.stdout.on('data', (piece: Buffer) => output.write(piece));
  child.stderr.on('data', (piece: Buffer) => errors.write(piece));
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => {});
  child.once('error', (cause) => end(undefined, new Error(`${command} can not be run`, { cause })));
  // Not 'close': a daemon that it left behind may hold its output open for ever.
  child.once('exit', (code) => setImmediate(() => end(code ?? undefined, undefined)));
  return {
    write(text) {
      if (child.stdin.writable && child.stdin.writableLength < maxWaitingBytes) child.stdin.write(text);
    },
    pause: () => void child.stdout.pause(),
    resume: () => void child.stdout.resume(),
    async stop(graceMs) {
      if (hasEnded) return;
      child.stdin.end();
      child.stdout.resume();
      signalGroup(child.pid, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
