/** One life of program.ts, from its start to its kill. */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, Order, StoredSeries } from './messages.ts';

type OrderOf<K extends Order['kind']> = Omit<Extract<Order, { kind: K }>, 'id'>;

export interface RunningStorage {
  /** @throws when the program is killed before it answers: whether it was done is not known then */
  order(order: OrderOf<'put'> | OrderOf<'delete'> | OrderOf<'advance'>): Promise<void>;
  read(): Promise<readonly StoredSeries[]>;
  /** Sends SIGKILL to the program and, where it is told to, to its PostgreSQL before. Resolves when it is gone. */
  kill(also: 'with PostgreSQL' | 'alone'): Promise<void>;
}

export class Killed extends Error {}

/** Resolves once it takes orders. @param onDid told what it does by itself */
export async function startStorage(
  dataFolder: string,
  now: number,
  onDid: (did: NonNullable<Answer['did']>) => void,
): Promise<RunningStorage> {
  const child = fork(join(import.meta.dirname, 'program.ts'), [dataFolder, String(now)], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const errors: string[] = [];
  child.stderr?.on('data', (text: Buffer) => errors.push(String(text)));
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      for (const { reject } of waiting.values()) reject(new Killed(errors.join('')));
      resolve();
    });
  });
  const answerTo = (id: number): Promise<Answer> =>
    new Promise((resolve, reject) => void waiting.set(id, { resolve, reject }));
  child.on('message', (answer: Answer) => {
    if (answer.did !== undefined) onDid(answer.did);
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  await answerTo(0);

  let nextId = 1;
  async function send(order: Omit<Order, 'id'>): Promise<Answer> {
    const id = nextId++;
    const answer = answerTo(id);
    child.send({ ...order, id }, (error) => {
      if (error !== null) waiting.get(id)?.reject(new Killed(String(error)));
    });
    const { error, ...rest } = await answer;
    // PostgreSQL is killed first: the program may still say that it is gone.
    if (error !== undefined) throw killing ? new Killed(error) : new Error(error);
    return rest;
  }

  let killing = false;
  return {
    async order(order) {
      await send(order);
    },
    async read() {
      const { result } = await send({ kind: 'read' });
      return result ?? [];
    },
    async kill(also) {
      killing = true;
      if (also === 'with PostgreSQL') killPostmaster(dataFolder);
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function killPostmaster(dataFolder: string): void {
  const pid = Number(readFileSync(join(dataFolder, 'postgresql/data/postmaster.pid'), 'utf8').split('\n')[0]);
  if (pid > 0) process.kill(pid, 'SIGKILL');
}
