import { z } from 'zod';

/** `POST /v1/channels`: where notifications go. */
export const newChannelSchema = z.object({
  kind: z.literal('webhook'),
  name: z.string().min(1).max(200),
  url: z.url({ protocol: /^https?$/u }).max(2_000),
});
export type NewChannel = z.infer<typeof newChannelSchema>;

export type Channel = NewChannel & { readonly id: string };
