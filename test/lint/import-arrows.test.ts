/** docs/architecture.md says who may import whom; each arrow, and each thing that only one room knows, is tried here. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

const root = fileURLToPath(new URL('../../', import.meta.url));
const mayImport: Readonly<Record<string, readonly string[]>> = {
  stats: [],
  storage: [],
  notify: [],
  detect: ['stats'],
  learn: ['stats'],
  ingest: ['storage'],
  receivers: ['ingest'],
  query: ['storage'],
  forecast: ['query', 'stats'],
  jobs: ['storage', 'query', 'stats', 'forecast', 'learn', 'detect', 'alert'],
  tenancy: ['storage'],
  alert: ['storage', 'query', 'detect', 'notify', 'stats', 'forecast'],
  live: ['storage', 'ingest', 'query', 'tenancy'],
  http: ['storage', 'ingest', 'receivers', 'query', 'detect', 'alert', 'notify', 'tenancy', 'live', 'forecast', 'jobs'],
};
const rooms = Object.keys(mayImport);
const collector = 'packages/collector/src';

interface Attempt {
  readonly from: string;
  readonly statement: string;
  readonly allowed: boolean;
}

const importing = (from: string, what: string, allowed: boolean): Attempt => ({
  from,
  statement: `import { thing } from '${what}';\nexport const used = thing;`,
  allowed,
});

const attempts: readonly Attempt[] = [
  ...rooms.flatMap((room) =>
    rooms
      .filter((other) => other !== room)
      .flatMap((other) => {
        const allowed = mayImport[room]?.includes(other) ?? false;
        return [
          importing(`${collector}/${room}`, `../${other}/thing.ts`, allowed),
          importing(`${collector}/${room}/deeper`, `../../${other}/thing.ts`, allowed),
        ];
      }),
  ),
  ...rooms.flatMap((room) => [
    importing(`${collector}/${room}`, './thing.ts', true),
    importing(`${collector}/${room}`, '../tenant.ts', true),
    importing(`${collector}/${room}`, '@tarsier/protocol', true),
    importing(`${collector}/${room}`, '../collector.ts', false),
    importing(`${collector}/${room}`, '../config.ts', false),
    importing(`${collector}/${room}`, './testing.ts', false),
    importing(`${collector}/${room}`, '../storage/testing.ts', false),
    importing(`${collector}/${room}`, '@tarsier/agent', false),
    importing(`${collector}/${room}`, '../../../agent/src/agent.ts', false),
    importing(`${collector}/${room}`, 'hono', room === 'http' || room === 'live'),
    importing(`${collector}/${room}`, '@hono/node-server', room === 'http' || room === 'live'),
    importing(`${collector}/${room}`, 'postgres', room === 'storage'),
    importing(`${collector}/${room}`, 'drizzle-orm/postgres-js', room === 'storage'),
    {
      from: `${collector}/${room}`,
      statement: 'export const folder = process.env["TARSIER_DATA"];',
      allowed: false,
    },
  ]),
  importing(collector, './storage/thing.ts', true),
  importing(collector, '@tarsier/web', false),
  importing(collector, '../../web/src/index.ts', false),
  importing(collector, './storage/testing.ts', false),
  { from: collector, statement: 'export const folder = process.cwd();', allowed: false },
  { from: `${collector}/storage/embedded`, statement: 'export const mine = process.pid;', allowed: true },
  importing('packages/protocol/src', '@tarsier/plugins', false),
  importing('packages/protocol/src/api', '../labels.ts', true),
  importing('packages/plugins/src', '@tarsier/protocol', true),
  importing('packages/plugins/src/cpu', '@tarsier/agent', false),
  importing('packages/plugins/src/cpu', '../../../agent/src/log.ts', false),
  importing('packages/agent/src', '@tarsier/plugins', true),
  importing('packages/agent/src', '@tarsier/collector', false),
  { from: 'packages/agent/src', statement: 'export const mine = process.pid;', allowed: false },
  importing('packages/web/src/data', '@tarsier/protocol/live', true),
  importing('packages/web/src/data', '@tarsier/protocol/api', false),
  importing('packages/web/src/data', 'node:fs', false),
  {
    from: 'packages/web/src/data',
    statement: "import type { Thing } from '@tarsier/protocol/api';\nexport type Used = Thing;",
    allowed: true,
  },
  importing('packages/web/src/data', '../../../collector/src/tenant.ts', false),
  { from: collector, statement: 'export default 1;', allowed: false },
];

const findings = z.object({ diagnostics: z.array(z.object({ filename: z.string(), code: z.string() })) });
let folder = '';
let refused: ReadonlySet<string> = new Set();

const fileOf = (index: number): string => join(attempts[index]?.from ?? '', `attempt-${index}.ts`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tarsier-lint-'));
  await copyFile(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  for (const [index, { statement }] of attempts.entries()) {
    const file = join(folder, fileOf(index));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${statement}\n`);
  }
  const output = await new Promise<string>((resolve) => {
    // It exits with 1 when it finds something, as it does here.
    execFile(join(root, 'node_modules/.bin/oxlint'), ['-f', 'json'], { cwd: folder, maxBuffer: 2 ** 26 }, (_, text) =>
      resolve(text),
    );
  });
  refused = new Set(findings.parse(JSON.parse(output)).diagnostics.map(({ filename }) => filename));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('lint refuses exactly the imports that are against an arrow', () => {
  const describe = ({ from, statement }: Attempt): string => `${from}: ${statement.split('\n', 1).join('')}`;
  const notRefused = attempts.filter(({ allowed }, index) => !allowed && !refused.has(fileOf(index)));
  const wronglyRefused = attempts.filter(({ allowed }, index) => allowed && refused.has(fileOf(index)));
  expect(notRefused.map(describe)).toEqual([]);
  expect(wronglyRefused.map(describe)).toEqual([]);
});
