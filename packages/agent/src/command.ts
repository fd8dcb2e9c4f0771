/** What a command of tarsier-agent is, and what it may use of its process. */
import type { ParseArgsConfig } from 'node:util';

/** The process, as commands see it: only main.ts knows the real one. */
export interface Program {
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly pid: number;
  /** Absent where users have no numbers. */
  readonly uid: number | undefined;
  readonly home: string;
  /** How it was started: Node.js, and the script. */
  readonly executable: string;
  readonly script: string;
  /** To stdout: what was asked for. */
  print(text: string): void;
  /** To stderr: everything else. */
  tell(text: string): void;
  usage(): { readonly cpuSeconds: number; readonly residentBytes: number };
  onSignal(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP', run: () => void): void;
  onStdinEnd(run: () => void): void;
  /** From now on what fails where nobody waits for it, or catches it, is told here and does not end the process. */
  onStray(run: (error: unknown) => void): void;
  /** Ends the process at once, whatever is under way. */
  exit(code: number): void;
  /** All of standard input. */
  readStdin(): Promise<string>;
}

export interface Arguments {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
}

export interface Command {
  readonly name: string;
  /** One line of the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly help: string;
  readonly options: Readonly<Record<string, NonNullable<ParseArgsConfig['options']>[string]>>;
  /** Whether names may stand behind it. */
  readonly takesNames?: boolean;
  /** @returns the exit code */
  run(args: Arguments, program: Program): Promise<number>;
}

export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** An option that takes a value. */
export function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
