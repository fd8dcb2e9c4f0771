import { TarsierError } from '@tarsier/protocol';
import type { Channel, NewChannel } from '@tarsier/protocol/api';

const hidden = '(hidden)';

/** A channel as it is shown: whoever may read it must not be able to send in its name. */
export function withoutSecrets(channel: Channel): Channel {
  switch (channel.kind) {
    case 'webhook':
      return channel.secret === undefined ? channel : { ...channel, secret: hidden };
    case 'slack':
    case 'discord':
    case 'teams':
      // The path is the secret.
      return { ...channel, url: `${new URL(channel.url).origin}/${hidden}` };
    case 'telegram':
      return { ...channel, botToken: hidden };
    case 'pagerduty':
      return { ...channel, routingKey: hidden };
    case 'opsgenie':
      return { ...channel, apiKey: hidden };
    case 'ntfy':
      return channel.token === undefined ? channel : { ...channel, token: hidden };
    case 'email': {
      const server = new URL(channel.server);
      if (server.password !== '') server.password = 'hidden';
      return { ...channel, server: server.href };
    }
    case 'alertmanager':
    case 'alertmanager-webhook':
    case 'command':
      return channel;
  }
}

/**
 * A channel that somebody has read, changed and sends back: what was hidden from them stays as it was.
 *
 * @throws {TarsierError} `channels/secret` when it would go to another site: who may change it may not read it
 */
export function withKeptSecrets(body: NewChannel, before: Channel): NewChannel {
  if (body.kind !== before.kind) return body;
  const shown: Readonly<Record<string, unknown>> = { ...withoutSecrets(before) };
  const kept = Object.entries(before).filter(
    ([name, value]) => value !== shown[name] && Reflect.get(body, name) === shown[name],
  );
  const [field] = kept[0] ?? [];
  if (field !== undefined && field !== 'url' && siteOf(body) !== siteOf(before)) {
    const message = `${field}: expected it anew, since what it would be sent to is another site than before`;
    throw new TarsierError('channels/secret', message, { field });
  }
  return { ...body, ...Object.fromEntries(kept) };
}

function siteOf(channel: NewChannel): string | undefined {
  const address: unknown = Reflect.get(channel, 'url') ?? Reflect.get(channel, 'apiUrl');
  return typeof address === 'string' ? new URL(address).origin : undefined;
}
