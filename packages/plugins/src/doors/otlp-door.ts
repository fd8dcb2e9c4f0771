/** OTLP over HTTP for several plugins: one listener, every request decoded once and handed to all of them. */
import { describeError, TarsierError } from '@tarsier/protocol';
import {
  decodeMetrics,
  decodeSpans,
  encodeExportResponse,
  encodeStatus,
  otlpContentTypes,
  otlpEncodingOf,
  rpcCodes,
  type OtlpDecodeOptions,
  type OtlpMetric,
  type OtlpSignal,
  type OtlpSpan,
} from '@tarsier/protocol/otlp';
import type { Host } from '../host/host.ts';
import type { ScrapeOutput } from '../plugin.ts';
import type { Share } from '../host/share.ts';
import { openHttpDoor, type DoorAnswer, type DoorRequest, type OpenRoute } from './http-door.ts';

/** What was not taken of a request, for its sender. */
export interface OtlpRefusals {
  readonly rejected: number;
  /** '' when there is nothing to say. */
  readonly message: string;
}

export interface OtlpSubscriber {
  /** Takes every metric that it can, not only some that it looks for. */
  readonly takesAllMetrics?: boolean;
  metrics?(metrics: readonly OtlpMetric[]): OtlpRefusals;
  spans?(spans: readonly OtlpSpan[]): void;
}

export interface OtlpDoor {
  /** @returns what ends it */
  subscribe(subscriber: OtlpSubscriber): () => void;
  listening(): Promise<void>;
  /** Answers so far, as samples of a counter with the labels `path` and `status`. */
  putAnswers(out: ScrapeOutput, metric: string): void;
  close(): Promise<void>;
}

/** A request of more is refused: it would take the agent a second, and 25 MB. */
const maxItems = 250_000;
const paths: Readonly<Record<OtlpSignal, string>> = { metrics: '/v1/metrics', traces: '/v1/traces' };

/** The door at an address, together with all other plugins that have it there. @param address  as a setting has it */
export function openOtlpDoor(host: Host, address: string): Share<OtlpDoor> {
  return host.share(`otlp ${address}`, () => createOtlpDoor(host, address));
}

function createOtlpDoor(host: Host, address: string): OtlpDoor {
  const subscribers = new Set<OtlpSubscriber>();
  const door = openHttpDoor(host, address);

  function take(signal: OtlpSignal, { headers, body }: DoorRequest): DoorAnswer {
    const encoding = otlpEncodingOf(headers['content-type']);
    if (encoding === undefined)
      return refuse(415, 'expected application/x-protobuf or application/json as content type', headers);
    let refusals: OtlpRefusals;
    try {
      const options: OtlpDecodeOptions = { encoding, maxItems };
      refusals =
        signal === 'metrics' ? takeMetrics(decodeMetrics(body, options)) : takeSpans(decodeSpans(body, options));
    } catch (error) {
      if (!(error instanceof TarsierError)) throw error;
      return refuse(error.code === 'otlp/too-large' ? 413 : 400, describeError(error), headers);
    }
    const answer = encodeExportResponse(signal, encoding, refusals);
    return { status: 200, contentType: otlpContentTypes[encoding], body: answer };
  }

  function takeMetrics(metrics: readonly OtlpMetric[]): OtlpRefusals {
    const all = [...subscribers].flatMap((subscriber) => subscriber.metrics?.(metrics) ?? []);
    const someTakesAll = [...subscribers].some(({ takesAllMetrics }) => takesAllMetrics === true);
    return {
      rejected: Math.max(0, ...all.map(({ rejected }) => rejected)),
      message:
        all.find(({ message }) => message !== '')?.message ??
        (someTakesAll || metrics.length === 0 ? '' : 'only metrics that some plugin looks for are taken: turn otlp on'),
    };
  }

  function takeSpans(spans: readonly OtlpSpan[]): OtlpRefusals {
    for (const subscriber of subscribers) subscriber.spans?.(spans);
    return { rejected: 0, message: '' };
  }

  const routes = Object.entries(paths).map(([signal, path]): readonly [path: string, OpenRoute] => [
    path,
    door.value.route(path, { take: (request) => take(signal === 'traces' ? 'traces' : 'metrics', request), refuse }),
  ]);

  return {
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => void subscribers.delete(subscriber);
    },
    listening: () => door.value.listening(),
    putAnswers(out, metric) {
      for (const [path, { answers }] of routes)
        for (const [status, count] of answers) out.counter(metric, count, { path, status: String(status) });
    },
    async close() {
      for (const [, route] of routes) route.close();
      await door.release();
    },
  };
}

function refuse(status: number, message: string, headers: DoorRequest['headers']): DoorAnswer {
  const encoding = otlpEncodingOf(headers['content-type']) ?? 'json';
  const code =
    status === 503 ? rpcCodes.unavailable : status === 413 ? rpcCodes.resourceExhausted : rpcCodes.invalidArgument;
  return { status, contentType: otlpContentTypes[encoding], body: encodeStatus(encoding, { code, message }) };
}
