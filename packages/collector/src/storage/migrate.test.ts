import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { oldestBeside } from './migrate.ts';

const folder = new URL('../../drizzle/', import.meta.url);
/**
 * A collector that does not know of it never meets it: it names the columns that it reads and writes. Each is the whole
 * of a statement, so that nothing goes along with it; a table that refers to others, or is one of them, is met.
 */
const additions = [
  /^create table "[^"]+" \((?!.*\b(?:references|inherits)\b).*\)$/isu,
  /^create index (?:if not exists )?"[^"]+" on "[^"]+" using \w+ \(.*\)(?: where .*)?$/isu,
  /^alter table "[^"]+" add column "[^"]+" \w+(?: precision)?(?:\(\d+\))?(?:\[\])?(?: default (?:'(?:[^']|'')*'(?:::\w+)?|-?\d+(?:\.\d+)?|true|false)(?: not null)?)?$/iu,
];
/** So is what a table has to hold, where it is new. */
const demand =
  /^(?:create unique index "[^"]+" on|alter table) "(?<table>[^"]+)" (?:using|add constraint) (?!.*\breferences\b)/isu;

/** One that is not unique refuses nothing while it is there. */
const made = /create index (?:if not exists )?"([^"]+)"/giu;
const dropped = /^drop index "([^"]+)"$/iu;

const indexesOf = (migrations: readonly string[]): ReadonlySet<string> =>
  new Set(migrations.flatMap((one) => Array.from(one.matchAll(made), ([, name = '']) => name)));

/** In text that has a semicolon it cuts too, and none of the pieces counts as an addition. */
const statementsOf = (migration: string): readonly string[] =>
  migration
    .replaceAll('--> statement-breakpoint', ';')
    .replaceAll(/--.*/gu, '')
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/**
 * @param indexes  that are not unique
 * @returns statements after which a build that does not know of them may go wrong
 */
function changesIn(migration: string, indexes: ReadonlySet<string>): readonly string[] {
  const statements = statementsOf(migration);
  const tables = statements.map((one) => /^create table "([^"]+)"/iu.exec(one)?.[1]);
  return statements.filter(
    (one) =>
      !additions.some((adds) => adds.test(one)) &&
      !indexes.has(dropped.exec(one)?.[1] ?? '') &&
      !tables.includes(demand.exec(one)?.groups?.['table'] ?? ''),
  );
}

test(`migrations after ${oldestBeside} only add, so that a collector from before them runs beside one of now`, async () => {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql'));
  expect(files).toContain(`${oldestBeside}.sql`);
  const read = (name: string): Promise<string> => readFile(new URL(name, folder), 'utf8');
  const indexes = indexesOf(await Promise.all(files.map(read)));
  for (const name of files.filter((one) => one > `${oldestBeside}.sql`)) {
    expect({ name, changes: changesIn(await read(name), indexes) }).toEqual({ name, changes: [] });
  }
});

test.each([
  ['CREATE TABLE "a" ("b" text NOT NULL);', true],
  ['CREATE TABLE "a" ("b" text);\n--> statement-breakpoint\nCREATE UNIQUE INDEX "i" ON "a" USING btree ("b");', true],
  ['CREATE INDEX "i" ON "host" USING btree ("name");', true],
  ['CREATE INDEX IF NOT EXISTS "i" ON "host" USING btree ("name");', true],
  ['ALTER TABLE "host" ADD COLUMN "place" text;', true],
  ['ALTER TABLE "host" ADD COLUMN "place" text DEFAULT \'here\' NOT NULL;', true],
  ['ALTER TABLE "host" ADD COLUMN "place" text NOT NULL;', false],
  ['CREATE UNIQUE INDEX "i" ON "host" USING btree ("name");', false],
  ['ALTER TABLE "host" ADD CONSTRAINT "f" FOREIGN KEY ("a") REFERENCES "public"."b"("a");', false],
  ['ALTER TABLE "host" ALTER COLUMN "name" SET NOT NULL;', false],
  ['ALTER TABLE "host" RENAME COLUMN "name" TO "called";', false],
  ['DROP INDEX "plain";', true],
  ['DROP INDEX "unique";', false],
  ['DROP TABLE "host" CASCADE;', false],
  ["UPDATE host SET name = 'b';", false],
  ['-- Why; and what for.\nALTER TABLE "host" ADD COLUMN "share" double precision DEFAULT 0.5 NOT NULL;', true],
  ['CREATE TABLE "a" (\n\t"b" bigint NOT NULL\n) PARTITION BY RANGE ("b");', true],
  ['DROP INDEX "plain"; DROP INDEX "plain";', true],
  ['ALTER TABLE "host" ADD COLUMN "a" text, DROP COLUMN "name";', false],
  ['ALTER TABLE "host" ADD COLUMN "a" integer DEFAULT 0 UNIQUE;', false],
  ['ALTER TABLE "host" ADD COLUMN "a" integer REFERENCES "tenant"("id");', false],
  ['ALTER TABLE "host" ADD COLUMN "a" integer DEFAULT 0 CHECK ("a" = 0);', false],
  ['ALTER TABLE "host" ADD COLUMN "a" text DEFAULT NULL NOT NULL;', false],
  ['ALTER TABLE "host" ADD COLUMN "a" text GENERATED ALWAYS AS ("name") STORED;', false],
  ['CREATE TABLE "a" ("b" text); DROP TABLE "host";', false],
  ['CREATE TABLE "a" ("b" text)\n--> statement-breakpoint\nALTER TABLE "host" ADD CHECK ("name" <> \'\')', false],
  ['CREATE TABLE "a" ("b" integer REFERENCES "tenant"("id"));', false],
  ['CREATE TABLE "a" ("b" text) INHERITS ("host");', false],
  [
    'CREATE TABLE "a" ("b" text);\nALTER TABLE "a" ADD CONSTRAINT "f" FOREIGN KEY ("b") REFERENCES "host"("name");',
    false,
  ],
  ['DROP INDEX "plain", "unique";', false],
  ['DROP INDEX "plain" CASCADE;', false],
] as const)('%s only adds: %s', (migration, onlyAdds) => {
  const before = 'CREATE INDEX "plain" ON "host" ("name");\nCREATE UNIQUE INDEX "unique" ON "host" ("name");';
  expect(changesIn(migration, indexesOf([before])).length === 0).toBe(onlyAdds);
});
