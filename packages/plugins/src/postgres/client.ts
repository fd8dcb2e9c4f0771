/** One read-only session of a PostgreSQL server, kept between scrapes: to connect costs the server a process. */
import type { Sql } from 'postgres';
import { CheckFailure } from '../host/check-failure.ts';
import { orAborted } from '../host/sockets.ts';
import type { Row } from './sections.ts';

export interface Access {
  /** A name, an address, or the folder of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: 'disable' | 'prefer' | 'require' | 'verify';
  /** Trusted besides those that Node trusts, PEM. */
  readonly ca: string;
}

export interface Client {
  /** @throws {CheckFailure} `secret` when the server does not let the role in, `connect` when there is none */
  query(sql: string, signal: AbortSignal): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** @param statementMs  the server itself ends what takes longer */
export async function openClient(access: Access, statementMs: number): Promise<Client> {
  // Loaded when there is a server to ask: an agent without one does without.
  const { default: postgres } = await import('postgres');
  const sql: Sql = postgres({
    host: access.host,
    port: access.port,
    user: access.user,
    pass: access.password,
    database: access.database,
    ssl: tlsOptions(access),
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    backoff: false,
    connect_timeout: Math.max(1, Math.round(statementMs / 1000)),
    // What types there are is not of interest: numbers are float8.
    fetch_types: false,
    onnotice() {},
    connection: {
      application_name: 'tarsier-agent',
      default_transaction_read_only: true,
      statement_timeout: statementMs,
      lock_timeout: statementMs,
    },
  });
  return {
    async query(text, signal) {
      try {
        return await orAborted(sql.unsafe<Row[]>(text, [], { prepare: true }), signal);
      } catch (error) {
        throw described(error);
      }
    },
    close: () => sql.end({ timeout: 0 }),
  };
}

function tlsOptions({ tls, ca, host }: Access) {
  if (tls === 'disable' || host.startsWith('/')) return false;
  if (tls !== 'verify') return tls;
  return { rejectUnauthorized: true, servername: host, ...(ca === '' ? {} : { ca }) };
}

/** Codes of PostgreSQL for: not let in, wrong password, no such database. */
const refusals = new Set(['28000', '28P01', '3D000']);

function described(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  // 28000 is also that of a role that there is not.
  if (refusals.has(code)) return new CheckFailure('secret', error.message);
  if (/^(?:ECONN|ENOENT|EACCES|CONNECT)/u.test(code)) return new CheckFailure('connect', error.message);
  return error;
}
