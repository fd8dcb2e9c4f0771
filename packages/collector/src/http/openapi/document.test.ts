import { readFile, writeFile } from 'node:fs/promises';
import { errorMeanings } from '@tarsier/protocol';
import { operations } from '@tarsier/protocol/api';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, expect, test } from 'vitest';
import { startTestServer } from '../testing.ts';
import { openApiDocument } from './document.ts';
import { errorsPage } from './errors-page.ts';

const server = await startTestServer();
afterAll(() => server.close());
const docs = new URL('../../../../../docs/', import.meta.url);
const root = new URL('../../../../../packages/', import.meta.url);

/** What is generated stands in the repository, too; `pnpm generate` writes it. */
async function expectKept(file: string, text: string): Promise<void> {
  const url = new URL(file, docs);
  if (process.env['UPDATE_SCHEMA'] === '1') await writeFile(url, text);
  expect(await readFile(url, 'utf8'), `${file}: run pnpm generate`).toBe(text);
}

test('the document is OpenAPI 3.1, and docs/openapi.json is it', async () => {
  const document = await (await fetch(`${server.url}/v1/openapi.json`)).json();
  // Not JSON of a type: the validator takes anything.
  const result = await new Validator().validate(document as Record<string, unknown>);
  expect(result).toMatchObject({ valid: true });
  await expectKept('openapi.json', `${JSON.stringify(openApiDocument('0.1.0'), undefined, 2)}\n`);
});

test('every route below /v1 is an operation, and every operation a route', () => {
  const routes = server.routes
    .filter(({ path, method }) => path.startsWith('/v1/') && method !== 'ALL')
    .map(({ path, method }) => `${method} ${path.replaceAll(/:(\w+)/gu, '{$1}')}`);
  expect([...new Set(routes)].toSorted()).toEqual(Object.keys(operations).toSorted());
});

test('docs/errors.md has every code, and every code that is thrown has a meaning', async () => {
  await expectKept('errors.md', errorsPage());
  const { glob } = await import('node:fs/promises');
  const thrown = new Set<string>();
  for await (const file of glob('{collector,protocol}/src/**/*.ts', { cwd: root })) {
    if (/test\.ts$|testing|error-meanings/u.test(file)) continue;
    const source = await readFile(new URL(file, root), 'utf8');
    for (const [, code = ''] of source.matchAll(/'((?:[a-z]+-)?[a-z]+\/[a-z]+(?:-[a-z]+)*)'/gu)) {
      if (isCode.test(code)) thrown.add(code);
    }
  }
  expect([...thrown].filter((code) => errorMeanings[code] === undefined)).toEqual([]);
  expect(Object.keys(errorMeanings).filter((code) => !thrown.has(code))).toEqual([]);
});

/** By its room: other texts with a slash are media types and time zones. */
const isCode = new RegExp(
  `^(${[...new Set(Object.keys(errorMeanings).map((code) => code.split('/')[0]))].join('|')})/`,
  'u',
);
