import { localOwner } from '../storage/sessions.ts';
import type { Identity } from './authenticate.ts';

/** What people read of who did something: a user's address, a key's or token's name. */
export function signatureOf({ name, user }: Pick<Identity, 'name' | 'user'>): string {
  return user?.id === localOwner.id ? 'local owner' : name;
}
