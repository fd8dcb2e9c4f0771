import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLabelName, seriesSignature, type Labels } from '../labels.ts';
import { csvHeader, csvRow, csvSeries } from './csv-writer.ts';
import { parseCsv } from './csv.ts';
import { FormatError } from './format-error.ts';
import { maxLineLength, type FormatReading } from './format-sample.ts';

const time = Date.UTC(2026, 10, 24, 9);

function brief({ samples }: FormatReading): unknown[] {
  return samples.map(({ metric, labels, value, time: at }) => [
    seriesSignature({ name: metric.name, labels }),
    metric.kind,
    value,
    at,
  ]);
}

test('a row is a sample of the metric that it names; other columns are labels, and empty ones are none', () => {
  const text = `name,time,value,host,room
temperature_celsius,2026-11-24T09:00:00Z,21.5,box,"kitchen, ""north"""
temperature_celsius,${time + 1000},-0,box,
mail_sent_total, 2026-11-24 10:00:02.5+01:00 , 3e2 ,,

mail_sent_total,${time},,,x\r
mail_sent_total,${time},NaN,,"two
lines"
`;
  const reading = parseCsv(text);
  expect(brief(reading)).toEqual([
    ['temperature_celsius{host="box",room="kitchen, \\"north\\""}', 'gauge', 21.5, time],
    ['temperature_celsius{host="box"}', 'gauge', -0, time + 1000],
    ['mail_sent_total', 'counter', 300, time + 2500],
    ['mail_sent_total{room="two\\nlines"}', 'counter', Number.NaN, time],
  ]);
  expect([reading.badLines, reading.errors]).toEqual([0, []]);
});

test('a column may be a metric, and a label may have the name of a column that is there already', () => {
  const wide = `\uFEFFtime,host,temperature.celsius,humidity_ratio,name\r\n${time},a,20,0.5,x\r\n${time},b,,0.25,\r\n`;
  expect(brief(parseCsv(wide, { metrics: ['temperature.celsius', 'humidity_ratio'] }))).toEqual([
    ['temperature_celsius{host="a",name="x"}', 'gauge', 20, time],
    ['humidity_ratio{host="a",name="x"}', 'gauge', 0.5, time],
    ['humidity_ratio{host="b"}', 'gauge', 0.25, time],
  ]);
  expect(brief(parseCsv(`name,kind,time,value,name,kind\nup,counter,${time},1,unit,\n`))).toEqual([
    ['up{name="unit"}', 'counter', 1, time],
  ]);
});

test.each([
  ['', 'the column time'],
  ['name,value\nup,1\n', 'line 1, column 1: expected a header with the column time, got "name,value"'],
  [`time,temperature\n${time},1\n`, 'the columns name and value, or ?metric=COLUMN'],
  ['time,name,value,a.b,a_b\n', 'line 1, column 21: expected labels that differ, got a_b twice'],
  ['"time', 'line 1, column 1: expected a quote that ends'],
])('a header as in %j is refused whole', (text, message) => {
  expect(() => parseCsv(text)).toThrow(FormatError);
  expect(() => parseCsv(text)).toThrow(message);
});

test('a row of too many labels is told by how many they are', () => {
  const names = Array.from({ length: 33 }, (_, at) => `l${at}`);
  const { errors } = parseCsv(`time,name,value,${names.join()}\n${time},a,1${',x'.repeat(33)}\n`);
  expect(errors.map(({ message }) => message)).toEqual(['line 2, column 1: expected up to 32 labels, got 33']);
});

test('a bad row costs only itself, and the error says where it stands', () => {
  const rows = [
    'a,2026-11-24T09:00:00Z,1,x',
    'a,1764000000,1,x',
    'a,yesterday,1,x',
    `a,${time},one,x`,
    `a,${time},1`,
    `,${time},1,x`,
    `a,${time},1,"x`,
    `a,${time},1,"x"y`,
    `a,${time},1,${'x'.repeat(1025)}`,
    `a,${time},2,y`,
  ];
  const { samples, badLines, errors } = parseCsv(`name,time,value,l\n${rows.join('\n')}`);
  expect(samples.map(({ value }) => value)).toEqual([1, 2]);
  expect(badLines).toBe(8);
  expect(errors.map(({ message }) => message.slice(0, message.indexOf(', got')))).toEqual([
    'line 3, column 3: expected RFC 3339 (2026-11-24T09:00:00Z) or Unix time in whole milliseconds',
    'line 4, column 3: expected RFC 3339 (2026-11-24T09:00:00Z) or Unix time in whole milliseconds',
    'line 5, column 17: expected a number, NaN, +Inf or -Inf',
    'line 6, column 1: expected 4 columns',
    'line 7, column 1: expected the name of a metric',
    expect.stringContaining('line 8'),
    'line 9, column 22: expected "," or the end of the line',
    'line 10, column 19: expected up to 1024 characters',
  ]);
});

test.each([
  [
    'a,yesterday,1,a,row,that,goes,on',
    'column 3: expected RFC 3339 (2026-11-24T09:00:00Z) or Unix time in whole milliseconds, got "yesterday"',
  ],
  [`a,${time},one,x,y,z,,`, 'column 17: expected a number, NaN, +Inf or -Inf, got "one"'],
  [
    `a,${time},"${'9x'.repeat(50)}",x,y,z,,`,
    'column 17: expected a number, NaN, +Inf or -Inf, got "9x9x9x9x9x9x9x9x9x9x…"',
  ],
  [`,${time},1,x,y,z,,`, 'column 1: expected the name of a metric, got an empty cell'],
  [
    `a,${time},1,"x"${'y'.repeat(50)},y,z,,`,
    'column 22: expected "," or the end of the line, got "yyyyyyyyyyyyyyyyyyyy…"',
  ],
  [`a,${time},1,"x,y,z,and,all,that,follows`, 'column 19: expected a quote that ends, got "\\"x,y,z,and,all,that,…"'],
])('of a row as %j no more is quoted than the cell that is wrong', (row, said) => {
  const { errors } = parseCsv(`name,time,value,l,m,n,o,p\n${row}\n`);
  expect(errors.map(({ message }) => message)).toEqual([`line 2, ${said}`]);
});

test('hostile texts cost no more than their length', () => {
  const header = 'name,time,value\n';
  const open = `a,${time},"\n`;
  expect(parseCsv(header + open.repeat(5_000)).badLines).toBe(1_000);
  expect(parseCsv(`${header}a,${time},"${'x'.repeat(2 * maxLineLength)}"\n`).badLines).toBeGreaterThan(0);
  expect(parseCsv(`${header}${','.repeat(5_000)}\na,${time},1\n`)).toMatchObject({ badLines: 1, samples: [{}] });
});

describe('what is written can be read', () => {
  const labelName = fc.oneof(
    fc.constantFrom('name', 'time', 'value', 'kind', 'host'),
    fc.string({ maxLength: 8 }).filter(isLabelName),
  );
  const labelValue = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter((text) => text !== '');
  const series = fc.record({
    name: fc.constantFrom('up', 'requests_total', 'job:depth'),
    kind: fc.constantFrom('gauge' as const, 'counter' as const),
    labels: fc.dictionary(labelName, labelValue, { maxKeys: 5 }),
    value: fc.double(),
    time: fc.integer({ min: 1e11, max: 4e12 }),
  });

  test('to the bit, whatever labels and values hold', () => {
    fc.assert(
      fc.property(fc.array(series, { maxLength: 10 }), (list) => {
        const columns = [...new Set(list.flatMap(({ labels }) => Object.keys(labels)))].toSorted();
        const rows = list.map((one) => csvRow(csvSeries(one, columns), one.value, one.time));
        const read = parseCsv(csvHeader(columns) + rows.join(''));
        expect(read.badLines).toBe(0);
        expect(
          read.samples.map(({ metric: { name, kind }, labels, value, time: at }) => ({
            name,
            kind,
            labels,
            value,
            at,
          })),
        ).toEqual(list.map(({ time: at, labels, ...one }) => ({ ...one, labels: own(labels), at })));
      }),
    );
  });
});

/** Without the prototype that fast-check may leave out. */
function own(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels));
}
