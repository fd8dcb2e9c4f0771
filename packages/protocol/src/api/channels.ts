import { z } from 'zod';

/** `POST /v1/channels`: where notifications go. */
export const newChannelSchema = z.object({
  kind: z.literal('webhook'),
  name: z.string().min(1).max(200),
  url: z.url({ protocol: /^https?$/u }).max(2_000),
  /** What is more than this is told later; what is of severity `page` comes through. */
  rateLimit: z
    .object({ count: z.int().min(1).max(10_000), perMs: z.int().min(1_000).max(86_400_000) })
    .default({ count: 60, perMs: 3_600_000 }),
});
export type NewChannel = z.infer<typeof newChannelSchema>;

/** What a client may leave out, left out. */
export type ChannelInput = z.input<typeof newChannelSchema>;

export type Channel = NewChannel & { readonly id: string };
