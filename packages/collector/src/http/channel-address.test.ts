import { newChannelSchema, type Channel, type ChannelInput } from '@tarsier/protocol/api';
import { expect, test } from 'vitest';
import { createEgress } from '../notify/egress/egress.ts';
import { requireReachable } from './channel-address.ts';
import { withKeptSecrets, withoutSecrets } from './channel-secrets.ts';

const channels: readonly (readonly [field: string, channel: ChannelInput])[] = [
  ...(['webhook', 'alertmanager-webhook', 'alertmanager', 'slack', 'discord', 'teams', 'ntfy'] as const).map(
    (kind) => ['url', { kind, name: 'x', url: 'http://169.254.169.254/latest/meta-data/' }] as const,
  ),
  ['url', { kind: 'pagerduty', name: 'x', routingKey: 'k', url: 'http://10.0.0.1/' }],
  ['apiUrl', { kind: 'telegram', name: 'x', botToken: 't', chatId: '1', apiUrl: 'http://10.0.0.1/' }],
  ['apiUrl', { kind: 'opsgenie', name: 'x', apiKey: 'k', apiUrl: 'http://10.0.0.1/' }],
  ['server', { kind: 'email', name: 'x', server: 'smtp://2130706433:25', from: 'a@b.example', to: ['a@b.example'] }],
  [
    'server',
    {
      kind: 'email',
      name: 'x',
      server: 'smtp://b.example?proxy=http://10.0.0.1',
      from: 'a@b.example',
      to: ['a@b.example'],
    },
  ],
];

test.each(channels)('the %s of a channel is looked at: %o', (field, input) => {
  expect(() => requireReachable(createEgress(), newChannelSchema.parse(input))).toThrow(new RegExp(`^${field}: `, 'u'));
});

test('a secret that was not shown goes to no other site than the one that it was entered for', () => {
  const before: Channel = {
    ...newChannelSchema.parse({ kind: 'pagerduty', name: 'x', routingKey: 'the key', url: 'https://pager.example/v2' }),
    id: 'c',
  };
  const { id: _, ...shown } = withoutSecrets(before);
  const changed = newChannelSchema.parse({ ...shown, url: 'https://pager.example/v3' });
  expect(withKeptSecrets(changed, before)).toMatchObject({ routingKey: 'the key' });
  const elsewhere = newChannelSchema.parse({ ...shown, url: 'https://thief.example/v2' });
  expect(() => withKeptSecrets(elsewhere, before)).toThrow(/^routingKey: expected it anew/u);
});
