import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { oldestBeside } from './migrate.ts';

const folder = new URL('../../drizzle/', import.meta.url);
/** A collector that does not know of it never meets it: it names the columns that it reads and writes. */
const additions = [
  /^create table /iu,
  /^create index /iu,
  /^alter table "[^"]+" add column (?:.* default |(?!.*not null))/iu,
];
/** So is what a table has to hold, where it is new. */
const demand = /^(?:create unique index "[^"]+" on|alter table) "(?<table>[^"]+)" (?:using|add constraint) /iu;

/** @returns statements after which a build that does not know of them may go wrong */
function changesIn(migration: string): readonly string[] {
  const statements = migration.split('--> statement-breakpoint').map((one) => one.trim());
  const made = statements.map((one) => /^create table "([^"]+)"/iu.exec(one)?.[1]);
  return statements.filter(
    (one) =>
      one !== '' &&
      !additions.some((adds) => adds.test(one)) &&
      !made.includes(demand.exec(one)?.groups?.['table'] ?? ''),
  );
}

test(`migrations after ${oldestBeside} only add, so that a collector from before them runs beside one of now`, async () => {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql'));
  expect(files).toContain(`${oldestBeside}.sql`);
  for (const name of files.filter((one) => one > `${oldestBeside}.sql`)) {
    expect({ name, changes: changesIn(await readFile(new URL(name, folder), 'utf8')) }).toEqual({ name, changes: [] });
  }
});

test.each([
  ['CREATE TABLE "a" ("b" text NOT NULL);', true],
  ['CREATE TABLE "a" ("b" text);\n--> statement-breakpoint\nCREATE UNIQUE INDEX "i" ON "a" USING btree ("b");', true],
  ['CREATE INDEX "i" ON "host" USING btree ("name");', true],
  ['ALTER TABLE "host" ADD COLUMN "place" text;', true],
  ['ALTER TABLE "host" ADD COLUMN "place" text DEFAULT \'here\' NOT NULL;', true],
  ['ALTER TABLE "host" ADD COLUMN "place" text NOT NULL;', false],
  ['CREATE UNIQUE INDEX "i" ON "host" USING btree ("name");', false],
  ['ALTER TABLE "host" ADD CONSTRAINT "f" FOREIGN KEY ("a") REFERENCES "public"."b"("a");', false],
  ['ALTER TABLE "host" ALTER COLUMN "name" SET NOT NULL;', false],
  ['ALTER TABLE "host" RENAME COLUMN "name" TO "called";', false],
  ['DROP TABLE "host" CASCADE;', false],
  ["UPDATE host SET name = 'b';", false],
] as const)('%s only adds: %s', (migration, onlyAdds) => {
  expect(changesIn(migration).length === 0).toBe(onlyAdds);
});
