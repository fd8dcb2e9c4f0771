import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { silentLog } from '../../log.ts';
import { connect, type Database } from '../database.ts';
import { createTestStorage, type TestStorage } from '../testing.ts';
import { createDividedStorage } from './divided-storage.ts';
import { createPlaces, home } from './places.ts';

let db: TestStorage;
let database: Database;
beforeAll(async () => {
  db = await createTestStorage();
  database = connect({ ...inject('testServer'), database: new URL(db.url).pathname.slice(1) });
});
afterAll(async () => {
  await database.close();
  await db.drop();
});

test('while the directory is out of date who comes with a key is told so, and does not wait for ever', async () => {
  const { storage } = db;
  const key = await storage.keys.create(await storage.tenants.ensure('acme'), { name: 'k', scope: 'read' });
  const places = createPlaces(database.system.sql, silentLog, { goodForMs: -1 });
  const databases = new Map([[home, { storage, database }]]);
  const divided = createDividedStorage(databases, places, storage.moves, storage.connection, silentLog);
  await expect(divided.keys.find(key)).rejects.toMatchObject({ code: 'storage/directory' });
  await places.close();
});

test('who decides is known of the tenants of those databases that answer', async () => {
  const { storage } = db;
  const acme = await storage.tenants.ensure('acme');
  const other = await db.another();
  await other.leases.renew(3_600_000);
  const hanging = { ...storage, leases: { ...storage.leases, others: () => new Promise<never>(() => {}) } };
  const places = createPlaces(database.system.sql, silentLog);
  await places.refresh();
  const databases = new Map([
    [home, { storage, database }],
    ['second', { storage: hanging, database }],
  ]);
  const divided = createDividedStorage(databases, places, storage.moves, storage.connection, silentLog);
  expect((await divided.leases.others(1_000)).get(acme.tenantId)).toBe(other.collectors.self);
  await places.close();
  await other.close();
});
