/** Questions to name servers. */
import { promises } from 'node:dns';
import { CheckFailure } from './check-failure.ts';
import { orAborted } from './sockets.ts';

export const recordTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT', 'CAA'] as const;

export interface NameQuestion {
  readonly name: string;
  readonly type: (typeof recordTypes)[number];
  /** `address` or `address:port`; that of the host when there is none. */
  readonly server?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * One question, sent once, to the server itself: neither /etc/hosts nor a cache of this program answers.
 *
 * @returns the answers as text, as in a zone file; none when the name has no such record
 * @throws {CheckFailure} `name` when there is no such name, `refused`, `server` or `timeout`; and the signal's reason
 */
export async function askName({ name, type, server, timeoutMs, signal }: NameQuestion): Promise<string[]> {
  // Its own each time: a resolver keeps a socket and the servers of the host as they were.
  const resolver = new promises.Resolver({ timeout: timeoutMs, tries: 1 });
  if (server !== undefined) resolver.setServers([server]);
  try {
    const answers = await orAborted(type === 'PTR' ? resolver.reverse(name) : resolver.resolve(name, type), signal);
    return (Array.isArray(answers) ? answers : [answers]).map(asText);
  } catch (error) {
    signal.throwIfAborted();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENODATA') return [];
    const [reason, why] = failures[code] ?? ['server', `the server could not answer: ${code}`];
    throw new CheckFailure(reason, why);
  } finally {
    resolver.cancel();
  }
}

const failures: Readonly<Record<string, readonly [reason: string, why: string]>> = {
  ENOTFOUND: ['name', 'there is no such name'],
  EREFUSED: ['refused', 'the server refuses to answer'],
  ETIMEOUT: ['timeout', 'no answer in time'],
};

function asText(answer: unknown): string {
  if (typeof answer === 'string') return answer;
  if (Array.isArray(answer)) return answer.join('');
  return Object.values(Object(answer)).join(' ');
}
