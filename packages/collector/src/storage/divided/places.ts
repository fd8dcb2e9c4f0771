/**
 * Which database each tenant is in. The directory is a table of the first database; every collector has it in memory,
 * and answers nobody by one that has become too old: a tenant may have moved since.
 */
import { describeError, TarsierError } from '@tarsier/protocol';
import type { Log } from '../../log.ts';
import type { TenantScope } from '../../tenant.ts';
import type { AnySql, TarsierSql } from '../database.ts';

/** The first database, `DATABASE_URL`. Who is in no directory is there. */
export const home = 'home';

/**
 * Before `clearing` a tenant is where it was, from then on where it went. While it is `closing` nothing of it may be
 * written anywhere.
 */
export type MoveStep = 'copying' | 'closing' | 'clearing';

export interface Place {
  readonly tenantId: number;
  readonly name: string;
  readonly database: string;
  readonly step: MoveStep | null;
  /** Where it goes; while it is cleared, where it was. */
  readonly other: string | null;
  readonly moves: number;
}

type OfTenant = Pick<TenantScope, 'tenantId'>;

export interface Places {
  /** @throws {TarsierError} `storage/directory` while the directory can not be read */
  of(scope: OfTenant): string;
  /** Whether it moves and takes no writes just now. */
  isClosed(scope: OfTenant): boolean;
  /** Whether it moves, or what it left behind is not cleared yet. */
  isMoving(scope: OfTenant): boolean;
  /** Counts its moves. */
  moves(scope: OfTenant): number;
  /** Whether some tenant takes no writes just now. */
  anyClosed(): boolean;
  /** Whether somebody moves a tenant, or began to. */
  anyMoves(): boolean;
  /** One that is in the directory, by its name. */
  named(name: string): TenantScope | undefined;
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface PlacesOptions {
  /** Between two looks; a move is told of, too. */
  readonly everyMs?: number;
  /** A directory that was read longer ago counts for nothing. */
  readonly goodForMs?: number;
}

/** @see clearAfterMs which has to be longer */
export const directoryGoodForMs = 15_000;
/** Tells that the directory has changed. */
export const placesChannel = 'tarsier_places';

export function listPlaces(sql: AnySql): Promise<readonly Place[]> {
  return sql<Place[]>`
    select tenant_id as "tenantId", name, database, step, other, moves from tenant_place order by tenant_id`;
}

/** @param sql  of the first database, as the tables' owner */
export function createPlaces(
  sql: TarsierSql,
  log: Log,
  { everyMs = 1_000, goodForMs = directoryGoodForMs }: PlacesOptions = {},
): Places {
  let places: ReadonlyMap<number, Place> = new Map();
  let asOf = -Infinity;
  let reading: Promise<void> | undefined;
  let again = false;

  async function read(): Promise<void> {
    do {
      again = false;
      const asked = performance.now();
      const rows = await listPlaces(sql);
      places = new Map(rows.map((row) => [row.tenantId, row]));
      asOf = asked;
    } while (again);
  }

  function refresh(): Promise<void> {
    // What is asked for while one is on its way may be newer than that.
    again = true;
    reading ??= read().finally(() => (reading = undefined));
    return reading;
  }

  function quietly(): void {
    refresh().catch((error: unknown) => {
      log.warn('where tenants are could not be read', { error: describeError(error) });
    });
  }

  const timer = setInterval(quietly, everyMs).unref();
  const listening = sql.listen(placesChannel, quietly, quietly);
  listening.catch((error: unknown) => log.warn('moves of tenants are not heard of', { error: describeError(error) }));

  function placeOf({ tenantId }: OfTenant): Place | undefined {
    if (performance.now() - asOf > goodForMs) {
      throw new TarsierError(
        'storage/directory',
        'the first database, which knows where each tenant is, does not answer; try again',
        { retryable: true },
      );
    }
    return places.get(tenantId);
  }

  return {
    of: (scope) => placeOf(scope)?.database ?? home,
    isClosed: (scope) => placeOf(scope)?.step === 'closing',
    isMoving: (scope) => (placeOf(scope)?.step ?? null) !== null,
    moves: (scope) => placeOf(scope)?.moves ?? 0,
    anyClosed: () => [...places.values()].some(({ step }) => step === 'closing'),
    anyMoves: () => [...places.values()].some(({ step }) => step !== null),
    named(name) {
      for (const { tenantId, name: tenant } of places.values()) if (tenant === name) return { tenantId, tenant };
      return undefined;
    },
    refresh,
    async close() {
      clearInterval(timer);
      await listening.then((one) => one.unlisten()).catch(() => {});
    },
  };
}
