import { TarsierError } from '@tarsier/protocol';
import type { NewChannel } from '@tarsier/protocol/api';
import { EgressError, type Egress } from '../notify/egress/egress.ts';

/** What may be asked of a mailer in the address of a server: others make it connect elsewhere. */
const mailOptions: ReadonlySet<string> = new Set(['requireTLS', 'ignoreTLS', 'name']);

/**
 * Refuses a channel that can not be reached from here, when it is entered; what its name stands for is looked at when
 * something is sent.
 *
 * @throws {TarsierError} `channels/address`, naming the field
 */
export function requireReachable(egress: Pick<Egress, 'require'>, channel: NewChannel): void {
  for (const field of ['url', 'apiUrl', 'server'] as const) {
    const address: unknown = Reflect.get(channel, field);
    if (typeof address !== 'string') continue;
    try {
      egress.require(address);
    } catch (cause) {
      if (!(cause instanceof EgressError)) throw cause;
      throw new TarsierError('channels/address', `${field}: ${cause.message}`, { field, cause });
    }
    const option = [...new URL(address).searchParams.keys()].find((name) => !mailOptions.has(name));
    if (field !== 'server' || option === undefined) continue;
    throw new TarsierError(
      'channels/address',
      `${field}: expected no option but ${[...mailOptions].join(', ')}, got ${option}`,
      { field },
    );
  }
}
