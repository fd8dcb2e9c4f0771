import { z } from 'zod';
import { CheckFailure } from '../host/check-failure.ts';
import { createPatterns, patternSetting, type Pattern } from '../text/pattern.ts';
import { definePlugin } from '../plugin.ts';
import { roundSeconds } from '../samples/round-seconds.ts';
import type { Certificate } from '../host/sockets.ts';
import { createTargets, named, noTargets, shownUrl, targetName } from '../targets/targets.ts';
import { exchange, type Answer, type Phase } from './exchange.ts';

const keepBytes = 1024 * 1024;

const target = z.strictObject({
  name: targetName,
  url: z
    .url({ protocol: /^https?$/u, error: 'expected a URL as in https://shop.example/health' })
    .describe('What is asked for; user and password in it are sent as basic authentication.'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS']).default('GET').describe('How it is asked for.'),
  headers: z.record(z.string(), z.string()).default({}).describe('Sent with the request.'),
  body: z.string().default('').describe('Sent with the request.'),
  status: z
    .array(z.string().regex(/^[1-5](xx|\d\d)$/u, 'expected as in 200 or 2xx'))
    .default(['2xx', '3xx'])
    .describe('Answers that are right.'),
  bodyMatches: patternSetting
    .default('')
    .describe('Regular expression (RE2) that the first MiB of the body must match.'),
  headersMatch: z
    .record(z.string(), patternSetting)
    .default({})
    .describe('Regular expressions that headers of the answer must match, by name.'),
  redirects: z
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe('Redirects that are followed; one more is a failure, 0 leaves them be.'),
  verifyTls: z.boolean().default(true).describe('Whether the certificate has to be trusted.'),
  ca: z.string().default('').describe('Certificates that are trusted besides the usual ones, PEM.'),
});

type Target = z.infer<typeof target>;

/** Asks web servers as a visitor would, and says how long each step took. */
export const http = definePlugin({
  name: 'http',
  summary: 'Whether web servers answer as they should, how quickly, and until when their certificates are valid.',
  intervalMs: 10_000,
  background: true,
  config: z.object({
    targets: z.array(target).max(80).default([]).describe('What is asked for.'),
    timeoutMs: z
      .int()
      .min(100)
      .max(9_000)
      .default(5_000)
      .describe('Most that one answer may take, redirects included.'),
  }),
  metrics: {
    http_check_up: { kind: 'gauge', unit: '', help: 'Whether the answer came, and was as expected: 1 or 0.' },
    http_check_duration_seconds: { kind: 'gauge', unit: 'seconds', help: 'How long the whole answer took.' },
    http_check_phase_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'How long a step took: dns, connect, tls, first_byte (since the request), transfer.',
    },
    http_check_status_code: { kind: 'gauge', unit: '', help: 'Status of the answer.' },
    http_check_body_bytes: { kind: 'gauge', unit: 'bytes', help: 'Length of the answer, without headers.' },
    http_check_certificate_remaining_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'Time for which the certificate is still valid; less than 0 once it has expired.',
    },
    http_check_failures_total: {
      kind: 'counter',
      unit: '',
      help: 'Failed checks by reason: dns, connect, tls, certificate, timeout, http, redirect, status, header, body.',
    },
  },
  probe: ({ config }) => noTargets(config.targets),
  create({ config, host, warn }) {
    const checks = named('http', config.targets, ({ url }) => shownUrl(url)).map(checkOf);
    const compile = createPatterns();
    const targets = createTargets<Check>({
      timeoutMs: config.timeoutMs,
      up: 'http_check_up',
      failures: 'http_check_failures_total',
      warn,
    });
    return {
      async scrape(out, signal) {
        await targets.each(checks, { out, signal }, async ({ name, request, expected }, signal) => {
          const phases = new Map<Phase, number>();
          let certificate: Certificate | undefined;
          const began = host.now();
          try {
            const answer = await exchange(
              host,
              { ...request, keepBytes, signal },
              {
                phase: (phase, seconds) => phases.set(phase, (phases.get(phase) ?? 0) + seconds),
                certificate: (seen) => (certificate = seen),
              },
            );
            out.gauge('http_check_duration_seconds', roundSeconds((host.now() - began) / 1000), { name });
            out.gauge('http_check_status_code', answer.status, { name });
            out.gauge('http_check_body_bytes', answer.bodyBytes, { name });
            await judge(answer, expected, compile);
          } finally {
            for (const [phase, seconds] of phases)
              out.gauge('http_check_phase_seconds', roundSeconds(seconds), { name, phase });
            if (certificate !== undefined) {
              const remaining = Math.round((certificate.notAfter - host.clock()) / 1000);
              const { issuer } = certificate;
              out.gauge('http_check_certificate_remaining_seconds', remaining, { name, issuer });
            }
          }
        });
      },
    };
  },
});

type Check = ReturnType<typeof checkOf>;

function checkOf({ name, url: address, headers, bodyMatches, headersMatch, status, ca, ...request }: Target) {
  const url = new URL(address);
  const { username, password } = url;
  url.username = url.password = '';
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return {
    name,
    request: {
      ...request,
      url,
      headers: username === '' ? headers : { authorization: `Basic ${credentials}`, ...headers },
      ...(ca === '' ? {} : { ca }),
    },
    expected: { bodyMatches, headersMatch, status },
  };
}

/** @throws {CheckFailure} `status`, `header` or `body` */
async function judge(
  answer: Answer,
  { status, headersMatch, bodyMatches }: Check['expected'],
  compile: (pattern: string) => Promise<Pattern>,
): Promise<void> {
  const code = String(answer.status);
  if (!status.some((right) => right === code || right === `${code[0]}xx`))
    throw new CheckFailure('status', `expected the status ${status.join(' or ')}, got ${code}`);
  for (const [name, pattern] of Object.entries(headersMatch)) {
    const header = name.toLowerCase();
    const value = [answer.headers[header] ?? []].flat().join(', ');
    if (!(await compile(pattern)).matches(value)) throw new CheckFailure('header', `${header}: not as expected`);
  }
  if (bodyMatches !== '' && !(await compile(bodyMatches)).matches(answer.body))
    throw new CheckFailure('body', `the body does not match ${JSON.stringify(bodyMatches)}`);
}
