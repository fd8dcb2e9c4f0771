import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { parseOpenMetrics, parsePrometheusText, type FormatSample } from '@tarsier/protocol/formats';
import type { Host } from '../host/host.ts';
import type { Target } from './target.ts';

const unzip = promisify(gunzip);

/** What we take, best first: in the order and with the weights of Prometheus. */
const accept = ['application/openmetrics-text;version=1.0.0;q=0.8', 'text/plain;version=0.0.4;q=0.5', '*/*;q=0.1'].join(
  ',',
);

/**
 * Asks a target for its samples.
 *
 * @throws {Error} saying what is wrong: no answer in time, another status than 200, too long, or not as its format says
 */
export async function scrapeTarget(
  host: Host,
  target: Target,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly FormatSample[]> {
  const { url, verifyTls, ca, cert, key, serverName, maxBytes } = target;
  const { status, headers, body } = await host.http({
    url,
    headers: {
      accept,
      'accept-encoding': 'gzip',
      'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
      ...target.headers,
      ...authorization(target),
    },
    timeoutMs,
    maxBytes,
    verifyTls,
    tls: {
      ...(ca === '' ? {} : { ca }),
      ...(cert === '' ? {} : { cert, key }),
      ...(serverName === '' ? {} : { servername: serverName }),
    },
    signal,
  });
  if (status !== 200) throw new Error(`expected status 200, got ${status}${whereTo(headers.location)}`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'gzip' && encoding !== 'identity') throw new Error(`expected gzip or plain text, got ${encoding}`);
  const text = (encoding === 'gzip' ? await unzipped(body, maxBytes) : body).toString();
  const isOpenMetrics = headers['content-type']?.startsWith('application/openmetrics-text') ?? false;
  return isOpenMetrics ? parseOpenMetrics(text) : parsePrometheusText(text);
}

function authorization({ username, password, bearerToken }: Target): Readonly<Record<string, string>> {
  if (bearerToken !== '') return { authorization: `Bearer ${bearerToken}` };
  if (username === '') return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

function whereTo(location: string | undefined): string {
  return location === undefined ? '' : ` to ${location}: set the URL to where it leads`;
}

/** Bounded while it grows: a few kilobytes may hold gigabytes. */
async function unzipped(body: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    const isTooLong = cause instanceof RangeError;
    throw new Error(isTooLong ? `the answer is longer than ${maxBytes} bytes` : 'the answer is no gzip', { cause });
  }
}
