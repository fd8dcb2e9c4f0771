import { describeValue } from '@tarsier/protocol';
import { z } from 'zod';
import { CheckFailure } from '../host/check-failure.ts';
import { createPatterns, patternSetting, type Pattern } from '../text/pattern.ts';
import { definePlugin } from '../plugin.ts';
import { roundSeconds } from '../samples/round-seconds.ts';
import type { Connection } from '../host/sockets.ts';
import { createTargets, maxTargets, named, noTargets, targetName } from '../targets/targets.ts';

const maxAnswerBytes = 64 * 1024;

const target = z.strictObject({
  name: targetName,
  host: z.string().min(1).describe('Name or address of the server.'),
  port: z.int().min(1).max(65_535).describe('Port of the server.'),
  send: z.string().default('').describe('Sent once the connection is there.'),
  expect: patternSetting.default('').describe('Regular expression (RE2) that what the server says must match.'),
  tls: z.boolean().default(false).describe('Whether TLS is spoken from the first byte on.'),
  verifyTls: z.boolean().default(true).describe('Whether the certificate has to be trusted.'),
  ca: z.string().default('').describe('Certificates that are trusted besides the usual ones, PEM.'),
});

type Target = z.infer<typeof target>;

/** Connects to servers of any protocol. */
export const tcp = definePlugin({
  name: 'tcp',
  summary: 'Whether servers take connections, how quickly, and whether they say what they should.',
  intervalMs: 10_000,
  background: true,
  config: z.object({
    targets: z.array(target).max(maxTargets).default([]).describe('Servers that are tried.'),
    timeoutMs: z.int().min(100).max(9_000).default(5_000).describe('Most that one check may take.'),
  }),
  metrics: {
    tcp_check_up: {
      kind: 'gauge',
      unit: '',
      help: 'Whether the server took the connection, and said what was expected: 1 or 0.',
    },
    tcp_check_connect_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'How long it took until there was a connection.',
    },
    tcp_check_duration_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'How long the whole check took, name and answer included.',
    },
    tcp_check_certificate_remaining_seconds: {
      kind: 'gauge',
      unit: 'seconds',
      help: 'Time for which the certificate is still valid; less than 0 once it has expired.',
    },
    tcp_check_failures_total: {
      kind: 'counter',
      unit: '',
      help: 'Failed checks by reason: dns, connect, tls, certificate, timeout, closed, too_long, answer.',
    },
  },
  probe: ({ config }) => noTargets(config.targets),
  create({ config, host, warn }) {
    const checks = named('tcp', config.targets, ({ host, port }) => `${host}:${port}`);
    const compile = createPatterns();
    const targets = createTargets<Target>({
      timeoutMs: config.timeoutMs,
      up: 'tcp_check_up',
      failures: 'tcp_check_failures_total',
      warn,
    });
    return {
      async scrape(out, signal) {
        await targets.each(
          checks,
          { out, signal },
          async ({ name, host: server, port, send, expect, tls, verifyTls, ca }, signal) => {
            const began = host.now();
            const trust = { servername: server, verify: verifyTls, ...(ca === '' ? {} : { ca }) };
            const connection = await host.connect(
              { host: server, port, signal, ...(tls ? { tls: trust } : {}) },
              ({ notAfter, issuer }) =>
                out.gauge('tcp_check_certificate_remaining_seconds', Math.round((notAfter - host.clock()) / 1000), {
                  name,
                  issuer,
                }),
            );
            try {
              out.gauge('tcp_check_connect_seconds', roundSeconds(connection.times.connect), { name });
              if (send !== '') connection.send(send);
              if (expect !== '') await expectAnswer(connection, await compile(expect), expect);
              out.gauge('tcp_check_duration_seconds', roundSeconds((host.now() - began) / 1000), { name });
            } finally {
              connection.close();
            }
          },
        );
      },
    };
  },
});

/** @throws {CheckFailure} `answer` when it said something else, before it stopped or the time was up */
async function expectAnswer({ receive }: Connection, pattern: Pattern, expected: string): Promise<void> {
  let said = '';
  try {
    await receive((received) => {
      said = received.toString();
      return pattern.matches(said) || undefined;
    }, maxAnswerBytes);
  } catch (cause) {
    if (said === '') throw cause;
    const message = `expected an answer like ${JSON.stringify(expected)}, got ${describeValue(said)}`;
    throw new CheckFailure('answer', message, { cause });
  }
}
