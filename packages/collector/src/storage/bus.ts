/** What collectors of one database tell each other at once. Nothing depends on it: what is told can also be read. */
import { randomUUID } from 'node:crypto';
import type { Log } from '../log.ts';
import type { Database, TarsierTransaction } from './database.ts';

export interface Bus {
  /** To all collectors, this one included. @param message  JSON */
  tell(message: object): Promise<void>;
  /**
   * @param onMessage  gets what others, and this one, tell
   * @param onListening  is called when it listens, also after it could not for a while: something may have been missed
   * @returns ends it
   */
  listen(onMessage: (message: unknown) => void, onListening: () => void, log: Log): Promise<() => Promise<void>>;
}

const channel = 'tarsier';
/** PostgreSQL takes less than 8000 bytes at once; a character may be three. */
const partLength = 2_000;
/** Messages of which parts are missing. */
const mostIncomplete = 100;

/** Told when the transaction is committed. @param message  JSON, short */
export async function tellWithin(tx: TarsierTransaction, message: object): Promise<void> {
  const part: Part = { id: randomUUID(), at: 0, of: 1, text: JSON.stringify(message) };
  await tx`select pg_notify(${channel}, ${JSON.stringify(part)})`;
}

interface Part {
  readonly id: string;
  readonly at: number;
  readonly of: number;
  readonly text: string;
}

export function createBus({ system: { sql } }: Database): Bus {
  return {
    async tell(message) {
      const text = JSON.stringify(message);
      const id = randomUUID();
      const of = Math.ceil(text.length / partLength);
      for (let at = 0; at < of; at++) {
        const part: Part = { id, at, of, text: text.slice(at * partLength, (at + 1) * partLength) };
        await sql`select pg_notify(${channel}, ${JSON.stringify(part)})`;
      }
    },

    async listen(onMessage, onListening, log) {
      const incomplete = new Map<string, string[]>();
      const listening = await sql.listen(
        channel,
        (payload) => {
          try {
            // Only `tell` writes to the channel.
            const { id, at, of, text } = JSON.parse(payload) as Part;
            const parts = incomplete.get(id) ?? [];
            parts[at] = text;
            incomplete.set(id, parts);
            if (Object.keys(parts).length === of) {
              incomplete.delete(id);
              onMessage(JSON.parse(parts.join('')));
            } else if (incomplete.size > mostIncomplete) incomplete.delete([...incomplete.keys()][0] ?? '');
          } catch (error) {
            log.warn('what another collector told could not be read', { error: String(error) });
          }
        },
        onListening,
      );
      return () => listening.unlisten();
    },
  };
}
