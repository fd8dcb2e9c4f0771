/** Reads what the Alertmanagers silence that alerts are forwarded to, so that nobody is told elsewhere of it either. */
import { describeError } from '@tarsier/protocol';
import { newSilenceSchema, type ChannelOf } from '@tarsier/protocol/api';
import type { Log } from '../log.ts';
import { readSilences, type AlertmanagerSilence } from '../notify/alertmanager-silences.ts';
import type { Egress } from '../notify/egress/egress.ts';
import type { ForeignSilence } from '../storage/foreign-silences.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import { compileLabelTest, matcherText } from './pipeline/alert-labels.ts';

export interface ForeignSilenceReader {
  /**
   * Reads anew what the Alertmanagers say of the tenants that are led here. One that does not answer is believed to
   * silence what it did before, until the ends that it named.
   */
  refresh(leads: (scope: TenantScope) => boolean): Promise<void>;
}

/** Of one Alertmanager: what is beyond is left out, and said. */
const most = 1_000;

export function createForeignSilenceReader({
  storage,
  egress,
  onChange,
  log,
}: {
  readonly storage: Pick<Storage, 'alertPolicies' | 'channels'>;
  readonly egress: Pick<Egress, 'get'>;
  readonly onChange: (scope: TenantScope) => Promise<void>;
  readonly log: Log;
}): ForeignSilenceReader {
  const { foreignSilences } = storage.alertPolicies;
  /** What was last said of a channel: once is enough. */
  const said = new Map<string, string>();

  function warn(scope: TenantScope, { id, name }: ChannelOf<'alertmanager'>, problem: string): void {
    if (said.get(id) === problem) return;
    said.set(id, problem);
    log.warn('silences of an Alertmanager can not be read', { tenant: scope.tenant, channel: name, problem });
  }

  async function readOne(scope: TenantScope, channel: ChannelOf<'alertmanager'>): Promise<boolean> {
    let found: readonly AlertmanagerSilence[];
    try {
      found = await readSilences(egress, channel);
    } catch (error) {
      warn(scope, channel, describeError(error));
      return false;
    }
    const read = found.slice(0, most).flatMap(toSilence);
    if (read.length < found.length) warn(scope, channel, `${found.length - read.length} are not understood`);
    else said.delete(channel.id);
    return foreignSilences.put(scope, channel.id, read);
  }

  return {
    async refresh(leads) {
      for (const scope of await foreignSilences.tenants()) {
        if (!leads(scope)) continue;
        const channels = (await storage.channels.list(scope)).filter((one) => one.kind === 'alertmanager');
        await foreignSilences.keepOnly(
          scope,
          channels.map(({ id }) => id),
        );
        const changed = await Promise.all(channels.map((channel) => readOne(scope, channel)));
        if (changed.includes(true)) await onChange(scope);
      }
    },
  };
}

/** Nothing of one that has no form here: it must not mute more than it says. */
function toSilence({ id, matchers, startsAt, endsAt, createdBy, comment }: AlertmanagerSilence): ForeignSilence[] {
  const texts = matchers.map(matcherText);
  const read = newSilenceSchema.safeParse({ matchers: texts, startsAt, endsAt, createdBy, comment });
  if (!read.success) return [];
  try {
    compileLabelTest(texts);
  } catch {
    return [];
  }
  return [{ ...read.data, id }];
}
