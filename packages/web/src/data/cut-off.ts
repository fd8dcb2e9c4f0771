import type { Connection } from './source.ts';

/** Why nothing comes from the collector; undefined where something does, or soon will. */
export function cutOff(connection: Connection): 'offline' | 'signed-out' | 'token-refused' | undefined {
  if (connection.kind === 'signed-out') return connection.reason === 'token' ? 'token-refused' : 'signed-out';
  return connection.kind === 'offline' ? 'offline' : undefined;
}
