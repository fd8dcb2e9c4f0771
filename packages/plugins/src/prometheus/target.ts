import { isLabelName } from '@tarsier/protocol';
import { z } from 'zod';
import { patternSetting } from '../text/pattern.ts';
import { targetName } from '../targets/targets.ts';

const mebibyte = 1024 * 1024;

/** Settings of one target. */
export const targetSettings = z.strictObject({
  name: targetName.describe('The label instance; host and port of the URL unless set.'),
  url: z
    .url({ protocol: /^https?$/u, error: 'expected a URL as in http://127.0.0.1:9100/metrics' })
    .describe('Where the target tells its metrics.'),
  job: z.string().max(200).default('').describe('The label job; none unless set.'),
  labels: z
    .record(
      z.string().refine((name) => isLabelName(name) && name !== 'host', 'expected a label name other than host'),
      z.string().max(1024),
    )
    .default({})
    .describe('Labels that every sample gets.'),
  honorLabels: z
    .boolean()
    .default(false)
    .describe('Whether the labels that the target says win over those set here; otherwise they become exported_….'),
  intervalSeconds: z.number().min(1).max(3600).default(15).describe('Time between scrapes.'),
  timeoutSeconds: z.number().min(0.1).max(60).default(10).describe('Most that one scrape may take.'),
  username: z.string().default('').describe('Of basic authentication.'),
  password: z.string().default('').describe('Of basic authentication.'),
  bearerToken: z.string().default('').describe('Sent as Authorization: Bearer.'),
  headers: z.record(z.string(), z.string()).default({}).describe('Sent with the request.'),
  allow: patternSetting
    .default('')
    .describe('Regular expression (RE2) for the whole names of metrics to take; all unless set.'),
  deny: patternSetting.default('').describe('Regular expression (RE2) for the whole names of metrics to leave out.'),
  maxSamples: z.int().min(1).max(50_000).default(5_000).describe('A scrape with more fails, after allow and deny.'),
  maxBytes: z
    .int()
    .min(1024)
    .max(64 * mebibyte)
    .default(8 * mebibyte)
    .describe('A longer answer fails; counted unpacked.'),
  verifyTls: z.boolean().default(true).describe('Whether the certificate has to be trusted.'),
  ca: z.string().default('').describe('Certificates that are trusted instead of the usual ones, PEM.'),
  cert: z.string().default('').describe('Certificate to show to the target, PEM.'),
  key: z.string().default('').describe('Key of that certificate, PEM.'),
  serverName: z.string().default('').describe('Name that the certificate must be for; that of the URL unless set.'),
});

export type Target = z.infer<typeof targetSettings>;
