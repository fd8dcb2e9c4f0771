import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLabelName, seriesSignature } from '../labels.ts';
import { FormatError } from './format-error.ts';
import type { FormatSample } from './format-sample.ts';
import { createPrometheusReader, parseOpenMetrics, parsePrometheusText } from './prometheus-text.ts';
import { prometheusHeader, prometheusLine } from './prometheus-writer.ts';

/** As short as a sample can be said: series, value, time. */
function brief(samples: readonly FormatSample[]): unknown[] {
  return samples.map(({ metric, labels, value, time }) => [
    seriesSignature({ name: metric.name, labels }),
    value,
    ...(time === undefined ? [] : [time]),
  ]);
}

function kinds(samples: readonly FormatSample[]): Readonly<Record<string, string>> {
  return Object.fromEntries(samples.map(({ metric }) => [metric.name, `${metric.kind} ${metric.unit}`.trim()]));
}

describe('Prometheus text', () => {
  test('values, times, blanks, tabs and escapes are read as Prometheus reads them', () => {
    const text = String.raw`
# HELP up Whether it \\ answers.\nOr not.
#TYPE	up gauge
# just a comment
up 1
	up { a = "b" , c="d", }	0	1764000000123
esc{path="C:\\DIR\\",quote="\"",line="a\nb",other="\d"} 1.5e-3
inf +Inf
minus -inf
nan NaN -5
zero -0
"only a name"
`.replace('"only a name"', '{"my.metric","a.b"="c",d="é"} .5');
    const samples = parsePrometheusText(text);
    expect(brief(samples)).toEqual([
      ['up', 1],
      ['up{a="b",c="d"}', 0, 1_764_000_000_123],
      [String.raw`esc{line="a\nb",other="\\d",path="C:\\DIR\\",quote="\""}`, 0.0015],
      ['inf', Infinity],
      ['minus', -Infinity],
      ['nan', Number.NaN, -5],
      ['zero', -0],
      ['my_metric{a_b="c",d="é"}', 0.5],
    ]);
    expect(samples[0]?.metric).toEqual({
      name: 'up',
      kind: 'gauge',
      unit: '',
      help: 'Whether it \\ answers.\nOr not.',
    });
    expect(samples[1]?.metric).toBe(samples[0]?.metric);
  });

  test('a histogram and a summary are their series, each of its kind and unit', () => {
    const text = `
# TYPE rpc_seconds histogram
rpc_seconds_bucket{le="0.1"} 3
rpc_seconds_bucket{le="+Inf"} 4
rpc_seconds_sum 0.7
rpc_seconds_count 4
# TYPE size_bytes summary
size_bytes{quantile="0.5"} 10
size_bytes_sum 50
size_bytes_count 5
# TYPE sent_bytes_total counter
sent_bytes_total 9
# TYPE jobs_count gauge
jobs_count 2
plain_total 1
plain 1
`;
    expect(kinds(parsePrometheusText(text))).toEqual({
      rpc_seconds_bucket: 'counter',
      rpc_seconds_sum: 'counter seconds',
      rpc_seconds_count: 'counter',
      size_bytes: 'gauge bytes',
      size_bytes_sum: 'counter bytes',
      size_bytes_count: 'counter',
      sent_bytes_total: 'counter bytes',
      jobs_count: 'gauge',
      plain_total: 'counter',
      plain: 'gauge',
    });
  });

  test('a TYPE that comes after its samples still counts', () => {
    expect(kinds(parsePrometheusText('hits 1\n# TYPE hits counter\n'))).toEqual({ hits: 'counter' });
  });

  test.each([
    ['9up 1', 1, 'expected a metric name, got "9up 1"'],
    ['up', 3, 'expected a number, NaN, +Inf or -Inf, got the end of the line'],
    ['up 1x', 4, 'expected a number'],
    ['up 0x10', 4, 'expected a number'],
    ['up 1 2.5', 6, 'expected Unix time in whole milliseconds'],
    ['up 1 99999999999999999', 6, 'expected Unix time in whole milliseconds'],
    ['up 1 2 3', 8, 'expected the end of the line'],
    ['up{a="b" 1', 10, 'expected "," or "}"'],
    ['up{a="b} 1', 6, 'expected a label value in quotes'],
    ['up{a=b} 1', 6, 'expected a label value in quotes'],
    ['up{a="b",a="c"} 1', 10, 'expected each label once'],
    ['up{"a"} 1', 7, 'expected "="'],
    ['{a="b"} 1', 8, 'expected a metric name'],
    ['# TYPE up guage', 11, 'expected a type'],
    ['# HELP', 7, 'expected a metric name'],
  ])('%s is refused at column %i', (line, column, message) => {
    expect(() => parsePrometheusText(`ok 1\n${line}\n`)).toThrow(
      expect.objectContaining({ code: 'format/syntax', line: 2, column, message: expect.stringContaining(message) }),
    );
  });

  test('two types of one family are refused', () => {
    expect(() => parsePrometheusText('# TYPE a counter\n# TYPE a gauge\n')).toThrow(/line 2, column 10: .*before/u);
  });
});

test('lines that come one by one are read with what was said before them', () => {
  const read = createPrometheusReader();
  const kind = (line: string): string | undefined => read(line, 1)?.metric.kind;
  expect(kind('hits 1')).toBe('gauge');
  expect(kind('# TYPE hits counter')).toBeUndefined();
  expect(kind('hits 2')).toBe('counter');
  expect(() => read('hits', 7)).toThrow(/line 7, column 5/u);
  expect(kind('# EOF')).toBeUndefined();
  expect(kind('hits 3')).toBe('counter');
});

describe('OpenMetrics', () => {
  test('seconds, units, exemplars and the types it adds are read', () => {
    const text = String.raw`# TYPE request_seconds histogram
# UNIT request_seconds seconds
# HELP request_seconds How \"long\".
request_seconds_bucket{le="0.5"} 2 1764000000.25 # {trace_id="ab c"} 0.3 1764000000.2
request_seconds_bucket{le="+Inf"} 3 1764000000.25 # {} 0.7
request_seconds_count 3
request_seconds_sum 1.5
request_seconds_created 1764000000
# TYPE hits counter
hits_total 7
hits_created 1.5
# TYPE build info
build_info{version="1"} 1
# TYPE mode stateset
mode{mode="on"} 1
# TYPE depth gaugehistogram
depth_bucket{le="+Inf"} 1
depth_gcount 1
depth_gsum 4
# TYPE what unknown
what 1
# EOF
`;
    const samples = parseOpenMetrics(text);
    expect(samples[0]).toEqual({
      metric: { name: 'request_seconds_bucket', kind: 'counter', unit: '', help: 'How "long".' },
      labels: { le: '0.5' },
      value: 2,
      time: 1_764_000_000_250,
    });
    expect(kinds(samples)).toEqual({
      request_seconds_bucket: 'counter',
      request_seconds_count: 'counter',
      request_seconds_sum: 'counter seconds',
      request_seconds_created: 'gauge seconds',
      hits_total: 'counter',
      hits_created: 'gauge seconds',
      build_info: 'gauge',
      mode: 'gauge',
      depth_bucket: 'gauge',
      depth_gcount: 'gauge',
      depth_gsum: 'gauge',
      what: 'gauge',
    });
  });

  test.each([
    ['up 1\n', 2, 1, 'the text was cut short'],
    ['', 1, 1, 'the text was cut short'],
    ['# EOF\nup 1\n', 2, 1, 'expected nothing after # EOF'],
    ['# EOF x\n', 1, 6, 'expected the end of the line'],
    ['up 1 # trace\n# EOF\n', 1, 8, 'expected "{"'],
  ])('%j is refused', (text, line, column, message) => {
    expect(() => parseOpenMetrics(text)).toThrow(
      expect.objectContaining({ line, column, message: expect.stringContaining(message) }),
    );
  });
});

const metricName = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/u);
const labelName = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/u).filter(isLabelName);
const labelValue = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
const sample = fc.record({
  metric: fc.record({
    name: metricName,
    kind: fc.constantFrom('gauge' as const, 'counter' as const),
    unit: fc.constant(''),
    help: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => text.replaceAll(/^[ \t]+|[\r\0]/gu, '')),
  }),
  labels: fc.dictionary(labelName, labelValue, { noNullPrototype: true }),
  value: fc.double(),
  time: fc.option(fc.integer({ min: -8.64e15, max: 8.64e15 }), { nil: undefined }),
});

test('whatever the writer writes comes back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(sample, { selector: ({ metric }) => metric.name, maxLength: 5 }), (samples) => {
      const text = samples
        .map(
          ({ metric, labels, value, time }) =>
            prometheusHeader(metric) + prometheusLine(seriesSignature({ name: metric.name, labels }), value, time),
        )
        .join('');
      const back = parsePrometheusText(text);
      expect(brief(back)).toEqual(brief(samples));
      for (const [index, { metric }] of samples.entries()) {
        expect(back[index]?.metric).toMatchObject({ kind: metric.kind, help: metric.help });
      }
    }),
  );
});

test('a damaged text is samples or an error with its place, never anything else', () => {
  const text = `# TYPE a_seconds histogram\na_seconds_bucket{le="+Inf",p="\\\\x"} 1.5e3 1764 # {t="u"} 1\n# UNIT a s\n# EOF\n`;
  const damage = fc.tuple(
    fc.nat({ max: text.length }),
    fc.nat({ max: 8 }),
    fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('{', '}', '"', '\\', '=', ',', '#', ' ', '\n', 'NaN')),
  );
  fc.assert(
    fc.property(damage, fc.constantFrom(parsePrometheusText, parseOpenMetrics), ([at, cut, inserted], parse) => {
      try {
        for (const { metric, value } of parse(text.slice(0, at) + inserted + text.slice(at + cut))) {
          expect(metric.name).toMatch(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/u);
          expect(value).toBeTypeOf('number');
        }
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: 3000 },
  );
});
