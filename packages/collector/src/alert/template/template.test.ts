import { expect, test } from 'vitest';
import { expandTemplate, templateError } from './template.ts';

const data = {
  labels: { job: 'web', instance: 'db-1.example.com:9100', severity: 'page' },
  value: 0.91234,
  externalUrl: 'https://tarsier.example/',
  query: async (expr: string) =>
    expr === 'none'
      ? []
      : [
          { Labels: { job: 'b', __value__: '2' }, Value: 2 },
          { Labels: { job: 'a' }, Value: 1234567 },
        ],
};

// As Prometheus has them: template/template_test.go and the annotations of public rule collections.
test.each([
  ['plain', 'plain'],
  ['{{ $labels.job }} on {{ $labels.instance }} is {{ $value }}', 'web on db-1.example.com:9100 is 0.91234'],
  ['{{ .Labels.job }}, {{.Value}}', 'web, 0.91234'],
  ['{{ $labels.none }}.', '.'],
  ['{{ printf "%.2f" $value }}%', '0.91%'],
  ['{{ $value | printf "%05.1f|%-6s|%q" }}', '000.9|%!s(MISSING)|%!q(MISSING)'],
  ['{{ $value | humanizePercentage }}', '91.23%'],
  ['{{ humanize 1234567.0 }} {{ humanize 0.0000213 }} {{ humanize 0.0 }} {{ humanize -4.0 }}', '1.235M 21.3u 0 -4'],
  ['{{ humanize1024 1048576.0 }} {{ humanize1024 2048 }}', '1Mi 2ki'],
  [
    '{{ humanizeDuration 899.99 }} {{ humanizeDuration 0.0051 }} {{ humanizeDuration 123456.0 }}',
    '14m 59s 5.1ms 1d 10h 17m 36s',
  ],
  ['{{ humanizeTimestamp 1435065584.128 }}', '2015-06-23 13:19:44.128 +0000 UTC'],
  ['{{ "a-b" | reReplaceAll "(.)-(.)" "$2-$1" | toUpper }}', 'B-A'],
  ['{{ if gt $value 0.9 }}high{{ else if gt $value 0.5 }}middle{{ else }}low{{ end }}', 'high'],
  ['{{ if eq $labels.job "db" "web" }}yes{{ end }}{{ if not (match "^x" "abc") }}!{{ end }}', 'yes!'],
  ['{{ with query "up" }}{{ . | first | value | humanize }}{{ end }}', '2'],
  ['{{ with query "none" }}some{{ else }}nothing{{ end }}', 'nothing'],
  ['{{ range query "up" | sortByLabel "job" }}{{ .Labels.job }}={{ .Value }};{{ end }}', 'a=1.234567e+06;b=2;'],
  ['{{ range $i, $s := query "up" }}{{ $i }}{{ label "job" $s }}{{ end }}', '0b1a'],
  ['{{ $x := "v" }}{{ $x }}{{/* nothing */}} {{- " trimmed " -}} .', 'v trimmed .'],
  ['{{ stripPort $labels.instance }} {{ stripDomain $labels.instance }}', 'db-1.example.com db-1:9100'],
  ['{{ first (query "none") }}', '<error expanding template: first() called on vector with no elements>'],
  ['{{ $nothing }}', '<error expanding template: undefined variable "$nothing">'],
  ['{{ externalURL }}{{ pathPrefix }} {{ $externalURL }}', 'https://tarsier.example/ https://tarsier.example/'],
  ['{{ `raw }} text` }}', 'raw }} text'],
  ['{{ (index (query "up") 1).Labels.job }}', 'a'],
  ['{{ title "a few words" }}', 'A Few Words'],
])('%s', async (template, expected) => {
  expect(await expandTemplate(template, data)).toBe(expected);
});

test.each([
  ['{{ $value', 'expected }}'],
  ['{{ if $value }}', 'expected {{ end }} of {{ if }}'],
  ['{{ end }}', 'without a beginning'],
  ['{{ shout $value }}', 'function "shout" not defined'],
  ['{{ $value | }}', 'expected an expression'],
  ['{{ ( $value }}', 'expected )'],
  ['{{ template "x" }}', 'not supported'],
])('%s is refused', (template, message) => {
  expect(templateError(template)).toContain(message);
});

test('one that would write for ever is ended', async () => {
  const nested = `${'{{ range query "up" }}'.repeat(20)}x${'{{ end }}'.repeat(20)}`;
  expect(await expandTemplate(nested, data)).toMatch(/^<error expanding template: expected less to write>$/u);
});
