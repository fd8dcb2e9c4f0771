import { isIP } from 'node:net';
import { z } from 'zod';
import { CheckFailure } from '../host/check-failure.ts';
import { recordTypes } from '../host/names.ts';
import { definePlugin } from '../plugin.ts';
import { roundSeconds } from '../samples/round-seconds.ts';
import { createTargets, maxTargets, named, noTargets, targetName } from '../targets/targets.ts';

const target = z.strictObject({
  name: targetName,
  query: z.string().min(1).describe('Name that is asked for; an address for PTR.'),
  type: z.enum(recordTypes).default('A').describe('Type of record.'),
  server: z
    .string()
    .default('')
    .refine((server) => server === '' || isServer(server), 'expected an address, as in 192.0.2.1 or [2001:db8::1]:53')
    .describe('Name server, an address with or without port; that of the host unless set.'),
  expect: z.array(z.string()).default([]).describe('Values that must all be among the answers.'),
});

type Target = z.infer<typeof target>;

/** Asks name servers. */
export const dns = definePlugin({
  name: 'dns',
  summary: 'Whether name servers answer, how quickly, and what they should.',
  intervalMs: 10_000,
  background: true,
  config: z.object({
    targets: z.array(target).max(maxTargets).default([]).describe('What is asked.'),
    timeoutMs: z.int().min(100).max(9_000).default(3_000).describe('Most that one answer may take.'),
  }),
  metrics: {
    dns_check_up: { kind: 'gauge', unit: '', help: 'Whether the answer came, and was as expected: 1 or 0.' },
    dns_check_duration_seconds: { kind: 'gauge', unit: 'seconds', help: 'How long the answer took.' },
    dns_check_answers: { kind: 'gauge', unit: '', help: 'Records in the answer.' },
    dns_check_failures_total: {
      kind: 'counter',
      unit: '',
      help: 'Failed checks by reason: name (there is none), empty, refused, server, timeout, answer.',
    },
  },
  probe: ({ config }) => noTargets(config.targets),
  create({ config, host, warn }) {
    const { timeoutMs } = config;
    const checks = named('dns', config.targets, ({ query, type, server }) =>
      [query, type, ...(server === '' ? [] : [`@${server}`])].join(' '),
    );
    const targets = createTargets<Target>({
      timeoutMs,
      up: 'dns_check_up',
      failures: 'dns_check_failures_total',
      warn,
    });
    return {
      async scrape(out, signal) {
        await targets.each(checks, { out, signal }, async ({ name, query, type, server, expect }, signal) => {
          const began = host.now();
          const answers = await host.askName({
            name: query,
            type,
            timeoutMs,
            signal,
            ...(server === '' ? {} : { server }),
          });
          out.gauge('dns_check_duration_seconds', roundSeconds((host.now() - began) / 1000), { name });
          out.gauge('dns_check_answers', answers.length, { name });
          if (answers.length === 0) throw new CheckFailure('empty', `${query} has no ${type} record`);
          const missing = expect.filter((value) => !answers.includes(value));
          if (missing.length > 0)
            throw new CheckFailure('answer', `expected ${missing.join(', ')}, got ${answers.join(', ').slice(0, 200)}`);
        });
      },
    };
  },
});

/** As the resolver takes it: an address, or one with a port. */
function isServer(text: string): boolean {
  const { inner, plain, port } =
    /^(?:\[(?<inner>[^\]]+)\]|(?<plain>[^:]+))(?::(?<port>\d{1,5}))?$/u.exec(text)?.groups ?? {};
  return isIP(text) !== 0 || (isIP(inner ?? plain ?? '') !== 0 && Number(port ?? 53) < 65_536);
}
