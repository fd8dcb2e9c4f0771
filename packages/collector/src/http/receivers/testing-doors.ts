/** Every door by which other systems send, as a client of each would use it. */
import { compress } from 'snappyjs';
import { writeRequest, writeRequestV2, type SentSeries } from '../../receivers/remote-write/testing.ts';

/** One sample: 1, of no host, unless said. */
export interface SentSample {
  /** With an underscore: an Influx line has the name in two parts. */
  readonly name: string;
  readonly time: number;
  readonly value?: number;
  readonly host?: string;
}

type DoorBody = Uint8Array<ArrayBuffer> | string;

export interface Door {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  body(samples: readonly SentSample[]): DoorBody;
  /** The statuses of its answer when something can not be stored: a part, or all of it. */
  readonly refused: { readonly partly: number; readonly wholly: number };
}

const badRequest = { partly: 400, wholly: 400 } as const;
const snappy = { 'content-encoding': 'snappy' } as const;

export const doors: Readonly<Record<string, Door>> = {
  'remote_write 1.0': {
    path: '/api/v1/write',
    headers: { ...snappy, 'content-type': 'application/x-protobuf' },
    body: (samples) => packed(writeRequest(samples.map(toSeries))),
    refused: badRequest,
  },
  'remote_write 2.0': {
    path: '/api/v1/write',
    headers: { ...snappy, 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' },
    body: (samples) => packed(writeRequestV2(samples.map(toSeries))),
    refused: badRequest,
  },
  OTLP: {
    path: '/v1/metrics',
    headers: { 'content-type': 'application/json' },
    body: (samples) => `{"resourceMetrics":[${samples.map(otlpResource).join(',')}]}`,
    refused: { partly: 200, wholly: 200 },
  },
  'Influx 2': {
    path: '/api/v2/write?precision=ms',
    headers: {},
    body: influxLines,
    refused: { partly: 422, wholly: 400 },
  },
  'Influx 1': { path: '/write?precision=ms', headers: {}, body: influxLines, refused: badRequest },
  'Prometheus text': {
    path: '/v1/import/prometheus',
    headers: { 'content-type': 'text/plain' },
    body: (samples) =>
      lines(samples, ({ name, time, host, ...sample }) => {
        const labels = host === undefined ? '' : `{host="${host}"}`;
        return `${name}${labels} ${valueOf(sample)} ${time}`;
      }),
    refused: badRequest,
  },
  'JSON lines': {
    path: '/v1/import/json',
    headers: {},
    body: (samples) =>
      lines(samples, ({ name, time, host, ...sample }) => {
        const labels = host === undefined ? '{}' : `{"host":"${host}"}`;
        return `{"name":"${name}","value":${valueOf(sample)},"labels":${labels},"time":${time}}`;
      }),
    refused: badRequest,
  },
  CSV: {
    path: '/v1/import/csv',
    headers: { 'content-type': 'text/csv' },
    body: (samples) =>
      `name,value,host,time\n${lines(samples, ({ name, time, host = '', ...sample }) => `${name},${valueOf(sample)},${host},${time}`)}`,
    refused: badRequest,
  },
};

function toSeries({ name, time, value = 1, host }: SentSample): SentSeries {
  const labels: SentSeries['labels'] = host === undefined ? [] : [['host', host]];
  return { labels: [['__name__', name], ...labels], samples: [[value, time]] };
}

function packed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(compress(message));
}

function otlpResource({ name, time, host, ...sample }: SentSample): string {
  const attributes = host === undefined ? [] : [{ key: 'host.name', value: { stringValue: host } }];
  const point = `{"asDouble":${valueOf(sample)},"timeUnixNano":"${time}000000"}`;
  const metric = `{"name":"${name}","gauge":{"dataPoints":[${point}]}}`;
  return `{"resource":${JSON.stringify({ attributes })},"scopeMetrics":[{"metrics":[${metric}]}]}`;
}

function influxLines(samples: readonly SentSample[]): string {
  return lines(samples, ({ name, time, host, ...sample }) => {
    const [measurement, ...field] = name.split('_');
    return `${measurement}${host === undefined ? '' : `,host=${host}`} ${field.join('_')}=${valueOf(sample)} ${time}`;
  });
}

function lines(samples: readonly SentSample[], line: (sample: SentSample) => string): string {
  return samples.map((sample) => `${line(sample)}\n`).join('');
}

/** All doors read what JSON would, and a zero below zero. */
function valueOf({ value = 1 }: Pick<SentSample, 'value'>): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
