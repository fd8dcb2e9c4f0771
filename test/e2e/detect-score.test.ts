import { cpus, freemem, loadavg } from 'node:os';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { killAll, run, temporaryFolder } from '../support/processes.ts';

const folder = await temporaryFolder();
const [data, out] = [`${folder.path}/data`, `${folder.path}/out`];
const start = Date.UTC(2026, 0, 1);
const timeAt = (row: number): string => new Date(start + row * 1000).toISOString().slice(0, 19).replace('T', ' ');

/** This machine's memory and load, as fast as they can be read; then one that it can not have. */
function recording(): string {
  const lines = ['timestamp,value'];
  for (let row = 0; row < 400; row++) lines.push(`${timeAt(row)},${freemem()}`);
  lines.push(`${timeAt(400)},-1e15`, `${timeAt(401)},`, `${timeAt(402)},${freemem()}`);
  return lines.join('\n');
}

async function scoresOf(path: string): Promise<number[]> {
  const [header, ...rows] = (await readFile(`${out}/${path}`, 'utf8')).trim().split('\n');
  expect(header).toBe('timestamp,value,anomaly_score');
  return rows.map((row) => Number(row.split(',')[2]));
}

const detectScore = (...args: string[]) => runScript('scripts/detect-score.ts', args);
const detectF1 = (...args: string[]) => runScript('scripts/detect-f1.ts', args);

async function runScript(path: string, args: readonly string[]): Promise<{ code: number | string; said: string }> {
  const script = run(path, args, { INIT_CWD: folder.path });
  const code = await script.exited;
  return { code, said: [...script.stdout, ...script.stderr].join('\n') };
}

beforeAll(async () => {
  await mkdir(`${data}/host`, { recursive: true });
  await writeFile(`${data}/host/memory.csv`, recording());
  await writeFile(`${data}/load.csv`, `timestamp,value\n1767225600,${loadavg()[0]}\n1767225601,${cpus().length}\n`);
});
afterEach(killAll);
afterAll(() => folder.remove());

test('each file is scored, a row for a row, in the same layout, and the same at every run', async () => {
  expect(await detectScore('data', 'out')).toEqual({ code: 0, said: `2 files scored into ${out}` });
  const scores = await scoresOf('host/memory.csv');
  expect(scores).toHaveLength(403);
  expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
  expect(scores[400]).toBe(Math.max(...scores));
  expect(scores[401]).toBe(0);
  expect(await scoresOf('load.csv')).toEqual([0, 0]);
  await detectScore('data', 'out', '--detector', 'ensemble');
  expect(await scoresOf('host/memory.csv')).toEqual(scores);
});

test('of several channels the row is scored, once 400 rows have trained, and answers are not looked at', async () => {
  const rows = Array.from({ length: 700 }, (_, row) => {
    const odd = row >= 600;
    const channels = [Math.sin(row), Math.cos(row * 1.7), Math.sin(row * row)].map((value) => value + (odd ? 9 : 0));
    return `${timeAt(row)};${channels.join(';')};${Number(odd)}`;
  });
  await mkdir(`${folder.path}/many`, { recursive: true });
  await writeFile(`${folder.path}/many/1.csv`, ['datetime;a;b;c;anomaly', ...rows].join('\n'));
  expect(await detectScore('many', 'many/out', '--multivariate')).toMatchObject({ code: 0 });
  expect((await detectScore('many', 'many/out', '--multivariate')).said).toContain('1 files scored');
  const [header, ...scored] = (await readFile(`${folder.path}/many/out/1.csv`, 'utf8')).trim().split('\n');
  expect(header).toBe('datetime;anomaly_score');
  const scores = scored.map((line) => Number(line.split(';')[1]));
  expect(scores).toHaveLength(700);
  expect(scores.slice(0, 400).every((score) => score === 0)).toBe(true);
  expect(Math.max(...scores.slice(400, 600))).toBeLessThan(0.999);
  expect(Math.min(...scores.slice(610))).toBeGreaterThan(0.999);
});

test('scores of labelled rows are measured at one threshold for all files', async () => {
  const scoreOf = [0.2, 0.9995, 0.9995, 0.5];
  const labelOf = [0, 1, 0, 1];
  const rowsOf = (column: readonly number[]): string[] =>
    Array.from({ length: 800 }, (_, row) => `${timeAt(row)};${row < 400 ? 1 : column[row % 4]}`);
  for (const [path, name, column] of [
    ['labelled/a.csv', 'anomaly', labelOf],
    ['labelled/scores/a.csv', 'anomaly_score', scoreOf],
  ] as const) {
    await mkdir(`${folder.path}/labelled/scores`, { recursive: true });
    await writeFile(`${folder.path}/${path}`, [`datetime;${name}`, ...rowsOf(column)].join('\n'));
  }
  const { code, said } = await detectF1('labelled', 'labelled/scores');
  expect(code).toBe(0);
  // One of two anomalies found, one of two quiet rows an alarm; rows that train do not count.
  expect(said).toContain('| all 1 files | 0.500 | 0.500 | 0.500 |');
  expect(said).toContain('the best threshold, 0.5, would have F1 0.800 at a false alarm rate of 0.500');
  expect((await detectF1('labelled', 'labelled/scores', '--threshold', '0.4')).said).toContain('| 0.800 | 0.500 |');
  expect(await detectF1('labelled', 'labelled/scores', '--threshold', '2')).toMatchObject({ code: 2 });
  await writeFile(`${folder.path}/labelled/scores/a.csv`, 'datetime;anomaly_score\n1;1\n');
  expect(await detectF1('labelled', 'labelled/scores')).toEqual({
    code: 1,
    said: 'a.csv: expected 800 scores, got 1',
  });
});

test.each([
  { args: ['data'], code: 2, says: 'usage: pnpm detect:score DATA_DIR OUT_DIR' },
  { args: ['data', 'out', '--detector', 'oracle'], code: 2, says: '--detector: expected one of ensemble' },
  { args: ['nowhere', 'out'], code: 2, says: 'DATA_DIR: expected a folder, got ' },
])('$args is refused, and what was expected is said', async ({ args, code, says }) => {
  const result = await detectScore(...args);
  expect(result.said).toContain(says);
  expect(result.code).toBe(code);
});

test.each([
  { text: 'time,value\n1,2\n', says: 'broken.csv: line 1: expected a column "timestamp", got time, value' },
  { text: 'timestamp,value\n1,2\nyesterday,3\n', says: 'line 3: expected a time like 2026-01-31 23:59:59' },
  { text: 'timestamp,value\n1,2,3\n', says: 'line 2: expected 2 columns as in the header, got 3' },
])('a file that can not be read is named: $says', async ({ text, says }) => {
  await mkdir(`${folder.path}/bad`, { recursive: true });
  await writeFile(`${folder.path}/bad/broken.csv`, text);
  const result = await detectScore('bad', 'out');
  expect(result).toMatchObject({ code: 1 });
  expect(result.said).toContain(says);
});
