/** The only door to the machine: what a plugin reads goes through here, so that a test can put captured files there. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import { httpRequestOnce, type HttpAnswer, type HttpRequest } from './http-request.ts';
import { askName, type NameQuestion } from './names.ts';
import { createPortable, type Portable } from './portable.ts';
import { createFiles, type Files } from './files.ts';
import { run, type RunOptions, type RunResult } from './run.ts';
import { createShares, type Closable, type Share } from './share.ts';
import { createState, type State } from './state.ts';
import { startProgram, type RunningProgram, type StartOptions } from './start-program.ts';
import { connect, type Certificate, type Connection, type ConnectRequest } from './sockets.ts';
import { udpRequestOnce, type UdpAnswer, type UdpRequest } from './udp-request.ts';

export interface Host {
  /** Whether there is a /proc: on Linux, and in captured files. */
  readonly hasProc: boolean;
  /** A file below /proc, as it is now. @throws when it can't be read */
  readProc(path: string): string;
  /** As {@link readProc}, without making a string of it; undefined when there is no such file. Good until the next read. */
  readProcBytes(path: string): Uint8Array | undefined;
  /** As {@link readProc}; undefined when there is no such file. */
  readProcIfThere(path: string): string | undefined;
  /** As {@link readProcIfThere}, without keeping the file open: for what comes and goes. */
  readOnce(path: string): string | undefined;
  /** Names in a folder below /proc; none when it is not there. */
  listProc(path: string): readonly string[];
  /** A file below /sys, kept open; undefined when there is none, or when what it tells of does not answer. */
  readSys(path: string): string | undefined;
  /** As {@link readSys}, without keeping the file open: for what comes and goes, as cgroups do. */
  readSysOnce(path: string): string | undefined;
  /** As {@link readSysOnce}, beside the event loop: for drivers that take their time, as those of sensors do. */
  readSysSlowly(path: string): Promise<string | undefined>;
  /** Names in a folder below /sys; none when it is not there. */
  listSys(path: string): readonly string[];
  /** As {@link listSys}, of folders alone. */
  listSysFolders(path: string): readonly string[];
  /** Runs a program without a shell. @throws as {@link run} does */
  run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
  /** Starts a program that goes on, without a shell. */
  start(command: string, args: readonly string[], options: StartOptions): RunningProgram;
  /** A variable of the agent's environment, for programs that it runs. */
  environment(name: string): string | undefined;
  /** @throws as {@link httpRequestOnce} does */
  http(request: HttpRequest): Promise<HttpAnswer>;
  /** @throws as sockets' {@link connect} does */
  connect(request: ConnectRequest, onCertificate?: (certificate: Certificate) => void): Promise<Connection>;
  /** @throws as names' {@link askName} does */
  askName(question: NameQuestion): Promise<string[]>;
  /** Files anywhere, for plugins that were told where. */
  readonly files: Files;
  /** @throws as {@link udpRequestOnce} does */
  udp(request: UdpRequest): Promise<UdpAnswer>;
  /** What plugins keep for their next start; nothing is kept where the host was given no folder. */
  readonly state: State;
  /**
   * What several plugins use together, as a port that is listened on: made for the first that asks, closed when the last
   * has given it back. Whoever asks by the same key must want the same.
   */
  share<T extends Closable>(key: string, create: () => T): Share<T>;
  /** Space of the file system at `mount`. */
  fileSystem(mount: string): Promise<FileSystemSpace>;
  /** Static facts, and what there is where there is no /proc. */
  readonly portable: Portable;
  /** Time that each core spent, ms, as Node knows it on any platform. */
  cpuTimes(): readonly Readonly<Record<'user' | 'nice' | 'sys' | 'idle' | 'irq', number>>[];
  loadAverage(): readonly number[];
  uptimeSeconds(): number;
  /** Clock for rates, ms. */
  now(): number;
  /** Of the user that the agent runs as; '' for one without a name, as in containers. */
  userName(): string;
  /** The time, Unix ms. */
  clock(): number;
  close(): void;
}

export interface FileSystemSpace {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Free for users other than root. */
  readonly availableBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

export interface HostOptions {
  readonly procRoot?: string;
  readonly sysRoot?: string;
  /** Where plugins keep what they need again after a restart. */
  readonly stateFolder?: string;
}

const firstBufferBytes = 16 * 1024;
/**
 * The kernel gives a page of lines at once, less what the next line has no room in: what is shorter than this is whole,
 * and needs no second call to find the end. Only a mount's line may be as long as that.
 */
const certainlyWholeBytes = 2048;

/**
 * This machine. Files below /proc and /sys stay open between reads, and one buffer serves all: opening costs more than reading.
 */
export function createHost({ procRoot = '/proc', sysRoot = '/sys', stateFolder }: HostOptions = {}): Host {
  const descriptors = new Map<string, number>();
  let buffer = Buffer.allocUnsafe(firstBufferBytes);
  // Not joined: that alone would cost as much as reading a small file.
  const inProc = (path: string): string => `${procRoot}/${path}`;
  const inSys = (path: string): string => `${sysRoot}/${path}`;

  /** As many of the buffer's bytes as there are. */
  function readOpenBytes(descriptor: number, path: string): number {
    let length = 0;
    for (;;) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, length);
      length += read;
      if (read === 0 || (length < certainlyWholeBytes && !path.endsWith('/mounts'))) return length;
      if (length < buffer.length) continue;
      const grown = Buffer.allocUnsafe(buffer.length * 2);
      buffer.copy(grown);
      buffer = grown;
    }
  }

  function readOpen(descriptor: number, path: string): string {
    const length = readOpenBytes(descriptor, path);
    return buffer.toString('latin1', 0, length);
  }

  function readKeptBytes(path: string): number {
    const known = descriptors.get(path);
    if (known !== undefined) {
      try {
        return readOpenBytes(known, path);
      } catch {
        // The file's subject is gone, or came anew: what is there now is read below.
        forget(path, known);
      }
    }
    const descriptor = openSync(path, 'r');
    descriptors.set(path, descriptor);
    return readOpenBytes(descriptor, path);
  }

  function readKept(path: string): string {
    const length = readKeptBytes(path);
    return buffer.toString('latin1', 0, length);
  }

  function readKeptIfThere(path: string): string | undefined {
    try {
      return readKept(path);
    } catch {
      return undefined;
    }
  }

  function readOnce(path: string): string | undefined {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(path, 'r');
      return readOpen(descriptor, path);
    } catch {
      return undefined;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  function forget(path: string, descriptor: number): void {
    descriptors.delete(path);
    closeSync(descriptor);
  }

  return {
    hasProc: isThere(inProc('stat')),
    readProc: (path) => readKept(inProc(path)),
    readProcBytes(path) {
      try {
        const length = readKeptBytes(inProc(path));
        return new Uint8Array(buffer.buffer, buffer.byteOffset, length);
      } catch {
        return undefined;
      }
    },
    readProcIfThere: (path) => readKeptIfThere(inProc(path)),
    readSys: (path) => readKeptIfThere(inSys(path)),
    readOnce: (path) => readOnce(inProc(path)),
    readSysOnce: (path) => readOnce(inSys(path)),
    readSysSlowly: (path) => readFile(inSys(path), 'latin1').catch(() => undefined),
    listProc: (path) => namesIn(inProc(path)),
    listSys: (path) => namesIn(inSys(path)),
    listSysFolders: (path) => foldersIn(inSys(path)),
    async fileSystem(mount) {
      // Not the synchronous one: a network file system may hang, and only its own plugin must wait.
      const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(mount);
      return {
        totalBytes: blocks * bsize,
        freeBytes: bfree * bsize,
        availableBytes: bavail * bsize,
        inodes: files,
        inodesFree: ffree,
      };
    },
    run,
    start: startProgram,
    environment: (name) => process.env[name],
    http: httpRequestOnce,
    share: createShares(),
    connect: (request, onCertificate) => connect(request, now, onCertificate),
    askName,
    files: createFiles(),
    udp: udpRequestOnce,
    state: createState(stateFolder),
    portable: createPortable(),
    cpuTimes: () => os.cpus().map(({ times }) => times),
    loadAverage: () => os.loadavg(),
    uptimeSeconds: () => os.uptime(),
    now,
    userName,
    clock: () => Date.now(),
    close() {
      for (const descriptor of descriptors.values()) closeSync(descriptor);
      descriptors.clear();
    },
  };
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return '';
  }
}

const now = (): number => performance.now();

function isThere(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
