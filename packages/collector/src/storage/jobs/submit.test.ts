import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect, type Database } from '../database.ts';
import { createTestStorage, type TestStorage } from '../testing.ts';
import { submitJobs } from './submit.ts';
import { testJob } from './testing-job.ts';

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

const job = testJob();

test('a submission whose connection is lost has failed only where its job is not there', async () => {
  const scope = await db.storage.tenants.ensure('cut');
  const options = { by: 'test', now: Date.now() };
  const lost = new Error('CONNECTION_CLOSED');
  const lostAfter: Database['runEarly'] = async (...what) => {
    await database.jobs.runEarly(...what);
    throw lost;
  };
  const [submitted] = await submitJobs({ ...database.jobs, runEarly: lostAfter }, scope, [job], options);
  const lostBefore = () => Promise.reject(lost);
  await expect(submitJobs({ ...database.jobs, runEarly: lostBefore }, scope, [job], options)).rejects.toBe(lost);
  expect(await db.sql`select id from job`).toEqual([{ id: submitted?.id }]);
});
