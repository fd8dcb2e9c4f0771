import { routeHash } from '../../app/route.ts';

/** What is sent to who is invited. After `#`, so that no server and no log sees the token. */
export function invitationLink(token: string): string {
  return `${location.origin}/${routeHash({ page: 'join', path: [token] })}`;
}
