/** What an Alertmanager silences: what is told elsewhere of the same alerts respects it. */
import type { ChannelOf } from '@tarsier/protocol/api';
import { z } from 'zod';
import { apiAddress } from './alertmanager.ts';
import type { Egress } from './egress/egress.ts';
import { SendError } from './sending.ts';

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
/** `GET /api/v2/silences`. */
const listed = z.array(
  z.object({
    id: z.string().min(1).max(200),
    status: z.object({ state: z.string() }),
    matchers: z.array(
      z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean().default(true) }),
    ),
    startsAt: time,
    endsAt: time,
    createdBy: z.string().default(''),
    comment: z.string().default(''),
  }),
);
export type AlertmanagerSilence = z.infer<typeof listed>[number];

const timeoutMs = 10_000;
const mostBytes = 4_000_000;

/** Those that are in force, or will be. @throws {SendError} when it does not say */
export async function readSilences(
  egress: Pick<Egress, 'get'>,
  { url }: Pick<ChannelOf<'alertmanager'>, 'url'>,
): Promise<readonly AlertmanagerSilence[]> {
  const { origin } = new URL(url);
  const { status, text } = await egress
    .get(apiAddress(url, 'silences'), { timeoutMs, mostBytes })
    .catch((cause: unknown) => {
      throw new SendError(`${origin} gave no answer`, { cause });
    });
  if (status !== 200) throw new SendError(`${origin} answered ${status}`);
  const read = listed.safeParse(jsonOf(text));
  if (!read.success) throw new SendError(`${origin} did not answer with silences`, { cause: read.error });
  return read.data.filter(({ status: { state } }) => state !== 'expired');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
