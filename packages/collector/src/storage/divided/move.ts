/**
 * Moves a tenant from one database to another while it is written to and asked. What is true is one row of the
 * directory; all else can be done again, or undone, by whoever finds it half done:
 *
 * 1. `copying`: its rows are copied as of one moment, and what is written meanwhile after them, again and again.
 * 2. `closing`: nothing of it is written any more; the last rows go over.
 * 3. The directory says that it is in the other database, which takes writes at once.
 * 4. `clearing`: when no collector can have an older directory, its rows in the former database are deleted.
 *
 * Whoever is killed before 3 has moved nothing; after it, everything.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TarsierError } from '@tarsier/protocol';
import { connectAsOwner, type Connection, type TarsierSql } from '../database.ts';
import { asMover, closeTenant, logWrites, openTenant, removeTriggers } from './closed.ts';
import {
  asOfNow,
  clearTenant,
  copyPartitions,
  copyTable,
  copyWritten,
  countRows,
  tablesToMove,
  type TablesToMove,
} from './move-rows.ts';
import { directoryGoodForMs, home, listPlaces, placesChannel, type Place } from './places.ts';
import { copyAccounts, copyTiers } from './reference.ts';

/** Where a test kills the one who moves. */
export type MovePoint = 'begun' | 'copied' | 'caught up' | 'closed' | 'all copied' | 'switched' | 'opened' | 'cleared';

export interface MoveOptions {
  /** After it no collector has an older directory. */
  readonly clearAfterMs?: number;
  /** What it waits for collectors to hear that nothing may be written. */
  readonly noticeMs?: number;
  /** Whether {@link TenantMoves.recover} also looks for tenants that are closed though nobody moves them. */
  readonly alsoClosed?: boolean;
  readonly onPoint?: (point: MovePoint) => void | Promise<void>;
}

export interface MoveResult {
  readonly rows: number;
  /** So long nothing could be written, ms. */
  readonly closedMs: number;
}

export interface TenantMoves {
  /** In the directory. */
  list(): Promise<readonly Place[]>;
  /**
   * @throws {TarsierError} `tenants/move` where there is no such tenant or database, or another moves it; whatever is
   *   thrown, the tenant is in one place and takes writes there
   */
  move(tenant: string, to: string, options?: MoveOptions): Promise<MoveResult>;
  /** Ends or undoes moves whose mover is gone. @returns the tenants' names */
  recover(options?: MoveOptions): Promise<readonly string[]>;
}

export const clearAfterMs = 2 * directoryGoodForMs;
const noticeMs = 2_000;
/** Held by the connection that moves a tenant, with its number. */
const moveLock = 7_077_020;
/** So few rows are left to the time when nothing may be written. */
const fewRows = 2_000;
const mostRounds = 200;
/** Samples: a count of those would take as long as copying them. */
const notCounted = new Set(['block', 'rollup_hour', 'rollup_minute', 'segment']);
const sampleTables = ['batch', 'segment', 'block', 'rollup_minute', 'rollup_hour'] as const;

export function createTenantMoves(databases: ReadonlyMap<string, Connection>): TenantMoves {
  /** Connections of its own: it holds them for long. */
  async function withClients<T>(work: (client: (name: string) => TarsierSql) => Promise<T>): Promise<T> {
    const clients = new Map<string, TarsierSql>();
    try {
      return await work((name) => {
        const known = clients.get(name);
        if (known !== undefined) return known;
        const connection = databases.get(name);
        if (connection === undefined)
          throw cannot(`there is no database ${name}; there are ${[...databases.keys()].join(', ')}`);
        const client = connectAsOwner(connection, 3);
        clients.set(name, client);
        return client;
      });
    } finally {
      await Promise.all([...clients.values()].map((client) => client.end({ timeout: 5 })));
    }
  }

  /** @returns undefined where another has it */
  async function alone<T>(
    directory: TarsierSql,
    tenantId: number,
    work: (held: TarsierSql) => Promise<T>,
  ): Promise<{ readonly result: T } | undefined> {
    const held = await directory.reserve();
    try {
      const [lock] = await held<{ got: boolean }[]>`select pg_try_advisory_lock(${moveLock}, ${tenantId}) as got`;
      if (lock?.got !== true) return undefined;
      try {
        return { result: await work(held) };
      } finally {
        await held`select pg_advisory_unlock(${moveLock}, ${tenantId})`;
      }
    } finally {
      held.release();
    }
  }

  async function setStep(
    directory: TarsierSql,
    tenantId: number,
    { database, step, other, moves }: Pick<Place, 'database' | 'step' | 'other' | 'moves'>,
  ): Promise<void> {
    // One statement is one transaction: who hears of it sees it.
    await directory`
      with moved as (
        update tenant_place set database = ${database}, step = ${step}, other = ${other}, moves = ${moves},
          changed_at = (extract(epoch from clock_timestamp()) * 1000)::bigint
        where tenant_id = ${tenantId} returning 1
      )
      select pg_notify(${placesChannel}, '') from moved`;
  }

  /** Before the directory says so nothing has happened. */
  async function undo(client: (name: string) => TarsierSql, directory: TarsierSql, place: Place): Promise<void> {
    const { tenantId, database, other } = place;
    const source = client(database);
    // Writes go on first.
    await setStep(directory, tenantId, { ...place, step: 'copying' });
    await openIfClosed(source, tenantId);
    await removeTriggers(source, tenantId, 'closed');
    await removeTriggers(source, tenantId, 'moved');
    await source`delete from move_log where tenant_id = ${tenantId}`;
    if (other !== null) {
      const target = client(other);
      await clearTenant(target, tenantId, namesOf(await tablesToMove(target)));
      await removeTriggers(target, tenantId, 'closed');
    }
    await setStep(directory, tenantId, { ...place, step: null, other: null });
  }

  /** What is left once the directory says that it is somewhere else. */
  async function finish(
    client: (name: string) => TarsierSql,
    directory: TarsierSql,
    place: Place,
    { clearAfterMs: waitMs = clearAfterMs, onPoint = () => {} }: MoveOptions,
    wait: boolean,
  ): Promise<void> {
    const { tenantId, database, other } = place;
    const target = client(database);
    await openIfClosed(target, tenantId);
    await onPoint('opened');
    await removeTriggers(target, tenantId, 'closed');
    const [since] = await directory<{ ms: number }[]>`
      select (extract(epoch from clock_timestamp()) * 1000)::bigint - changed_at as ms from tenant_place
      where tenant_id = ${tenantId}`;
    const leftMs = waitMs - (since?.ms ?? 0);
    if (leftMs > 0) {
      if (!wait) return;
      await sleep(leftMs);
    }
    if (other !== null) {
      const source = client(other);
      await removeTriggers(source, tenantId, 'moved');
      await source`delete from move_log where tenant_id = ${tenantId}`;
      await clearTenant(source, tenantId, [
        ...namesOf(await tablesToMove(source)),
        'deletion',
        'lease',
        'limit_bucket',
      ]);
      await onPoint('cleared');
      await removeTriggers(source, tenantId, 'closed');
    }
    await setStep(directory, tenantId, { ...place, step: null, other: null });
  }

  /** What is only true when nothing is written any more. */
  async function copyRest(
    source: TarsierSql,
    target: TarsierSql,
    tenantId: number,
    tables: TablesToMove,
  ): Promise<number> {
    while ((await copyWritten(source, target, tenantId, tables.early)) > 0);
    await asOfNow(source, async (from) => {
      for (const table of tables.late) await copyTable(from, target, tenantId, table);
    });
    // Whoever decides next looks at what came since this one could not write.
    await target`delete from lease where tenant_id = ${tenantId}`;
    for (const { duty, term, expires_at: expiresAt } of await source<
      { duty: string; term: number; expires_at: number }[]
    >`
      select duty, term, least(expires_at, (extract(epoch from clock_timestamp()) * 1000)::bigint) as expires_at
      from lease where tenant_id = ${tenantId}`) {
      await target`
        insert into lease (tenant_id, duty, holder, term, expires_at) values (${tenantId}, ${duty}, '', ${term}, ${expiresAt})
        on conflict (tenant_id, duty) do update set holder = '', term = excluded.term, expires_at = excluded.expires_at`;
    }
    // Of hosts that are being deleted: what wrote their samples has ended.
    const deleted = await source<{ host_id: number }[]>`select host_id from deletion where tenant_id = ${tenantId}`;
    await target.begin(async (tx) => {
      await asMover(tx, tenantId);
      for (const { host_id: hostId } of deleted) {
        for (const table of sampleTables) {
          await tx`delete from ${tx(table)} where tenant_id = ${tenantId} and host_id = ${hostId}`;
        }
      }
    });
    let rows = 0;
    for (const { name } of [...tables.early, ...tables.late]) {
      if (notCounted.has(name) || (name === 'batch' && deleted.length > 0)) continue;
      const [left, arrived] = [await countRows(source, name, tenantId), await countRows(target, name, tenantId)];
      if (left !== arrived) throw new Error(`of ${left} rows of ${name} ${arrived} were copied`);
      rows += arrived;
    }
    return rows;
  }

  return {
    list: () => withClients((client) => listPlaces(client(home))),

    move: (tenant, to, options = {}) =>
      withClients(async (client) => {
        const { noticeMs: notice = noticeMs, onPoint = () => {} } = options;
        const directory = client(home);
        const target = client(to);
        const found = (await listPlaces(directory)).find(({ name }) => name === tenant);
        const [there] = await directory<{ tenant_id: number }[]>`select tenant_id from tenant where name = ${tenant}`;
        const tenantId = found?.tenantId ?? there?.tenant_id;
        if (tenantId === undefined) throw cannot(`no tenant is named ${tenant}`);
        const done = await alone(directory, tenantId, async (held) => {
          await recoverOne(client, held, tenantId, options, true);
          await held`
            insert into tenant_place (tenant_id, name, database) values (${tenantId}, ${tenant}, ${home})
            on conflict do nothing`;
          const place = await placeOf(held, tenantId);
          if (place === undefined) throw cannot(`${tenant} was deleted`);
          const { database } = place;
          if (database === to) throw cannot(`${tenant} is in ${to} already`);
          const source = client(database);
          const [whole] = await source`select 1 from deletion where tenant_id = ${tenantId} and host_id = 0`;
          if (whole !== undefined) throw cannot(`${tenant} is being deleted`);
          await setStep(held, tenantId, { ...place, step: 'copying', other: to });
          await onPoint('begun');
          try {
            return await copyAndSwitch({ held, source, target, place, to, notice, onPoint });
          } catch (error) {
            const now = await placeOf(held, tenantId);
            // What only has to be cleared is cleared later.
            if (now !== undefined && now.step !== null && now.step !== 'clearing') await undo(client, held, now);
            throw error;
          } finally {
            const now = await placeOf(held, tenantId);
            if (now?.step === 'clearing') await finish(client, held, now, options, true);
          }
        });
        if (done === undefined) throw cannot(`${tenant} is being moved already`);
        return done.result;
      }),

    recover: async (options = {}) =>
      // There is nowhere else to move to.
      databases.size < 2
        ? []
        : withClients(async (client) => {
            const directory = client(home);
            const names: string[] = [];
            const places = await listPlaces(directory);
            const looked = options.alsoClosed === true ? places.map(({ database }) => database) : [];
            const closed = await closedIn(client, new Set(looked));
            for (const { tenantId, name, step, database } of places) {
              if (step === null && closed.get(database)?.has(tenantId) !== true) continue;
              const done = await alone(directory, tenantId, (held) =>
                recoverOne(client, held, tenantId, options, false),
              );
              if (done?.result !== true) continue;
              names.push(name);
            }
            return names;
          }),
  };

  async function recoverOne(
    client: (name: string) => TarsierSql,
    held: TarsierSql,
    tenantId: number,
    options: MoveOptions,
    wait: boolean,
  ): Promise<boolean> {
    // As it is now that nobody else is at it.
    const place = await placeOf(held, tenantId);
    if (place === undefined) return false;
    if (place.step === null) return openForgotten(client(place.database), tenantId);
    if (place.step === 'clearing') await finish(client, held, place, options, wait);
    else await undo(client, held, place);
    return true;
  }

  async function copyAndSwitch({
    held,
    source,
    target,
    place,
    to,
    notice,
    onPoint,
  }: {
    readonly held: TarsierSql;
    readonly source: TarsierSql;
    readonly target: TarsierSql;
    readonly place: Place;
    readonly to: string;
    readonly notice: number;
    readonly onPoint: (point: MovePoint) => void | Promise<void>;
  }): Promise<MoveResult> {
    const { tenantId, database, moves } = place;
    const tables = await tablesToMove(source);
    const names = namesOf(tables);
    await closeTenant(target, tenantId, names);
    await clearTenant(target, tenantId, names);
    await copyPartitions(source, target);
    if (to !== home) await copyTiers(held, target);
    await logWrites(source, tenantId, new Map(tables.early.map(({ name, key }) => [name, key])));
    await asOfNow(source, async (from) => {
      for (const table of tables.early) await copyTable(from, target, tenantId, table);
    });
    await onPoint('copied');
    for (let round = 0; round < mostRounds; round++) {
      if ((await copyWritten(source, target, tenantId, tables.early)) < fewRows) break;
    }
    await onPoint('caught up');
    const closedAt = performance.now();
    await setStep(held, tenantId, { database, step: 'closing', other: to, moves });
    await sleep(notice);
    // Who has lost the lock has lost this connection, and does no more: another may have undone this.
    await held`select 1`;
    await closeTenant(source, tenantId, names);
    await onPoint('closed');
    const rows = await copyRest(source, target, tenantId, tables);
    const people = await target<{ id: string }[]>`
      select account_id as id from membership where tenant_id = ${tenantId}
      union select account_id from session where tenant_id = ${tenantId} and account_id is not null`;
    if (to !== home) await copyAccounts(held, target, { ids: people.map(({ id }) => id) });
    await onPoint('all copied');
    // The one moment at which it is somewhere else. The connection has the lock: who has lost it can not say so.
    await setStep(held, tenantId, { database: to, step: 'clearing', other: database, moves: moves + 1 });
    await onPoint('switched');
    await openTenant(target, tenantId);
    return { rows, closedMs: performance.now() - closedAt };
  }
}

async function placeOf(directory: TarsierSql, tenantId: number): Promise<Place | undefined> {
  return (await listPlaces(directory)).find((one) => one.tenantId === tenantId);
}

/** By database. */
async function closedIn(
  client: (name: string) => TarsierSql,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const found = new Map<string, ReadonlySet<number>>();
  for (const name of names) {
    // One that does not answer keeps nobody from the others; it is looked at again.
    const rows = await client(name)<{ tenant_id: number }[]>`select tenant_id from closed_tenant`.catch(() => []);
    found.set(name, new Set(rows.map((row) => row.tenant_id)));
  }
  return found;
}

/** A mover that lost its lock may have closed the tenant after another had undone its move. */
async function openForgotten(sql: TarsierSql, tenantId: number): Promise<boolean> {
  if (!(await openIfClosed(sql, tenantId))) return false;
  await removeTriggers(sql, tenantId, 'closed');
  return true;
}

/** @returns whether it was closed */
async function openIfClosed(sql: TarsierSql, tenantId: number): Promise<boolean> {
  const [closed] = await sql`select 1 from closed_tenant where tenant_id = ${tenantId}`;
  if (closed !== undefined) await openTenant(sql, tenantId);
  return closed !== undefined;
}

function namesOf({ early, late }: TablesToMove): readonly string[] {
  return [...early, ...late].map(({ name }) => name);
}

function cannot(why: string): TarsierError {
  return new TarsierError('tenants/move', why);
}
