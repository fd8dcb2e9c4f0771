import { newSilenceSchema } from '@tarsier/protocol/api';
import { expect, test } from 'vitest';
import { compilePolicies } from './policies.ts';

test.each([
  ['a date', Date.UTC(2027, 0), 'silence s by ann until 2027-01-01T00:00:00.000Z: quiet'],
  ['more than dates reach', Number.MAX_SAFE_INTEGER, 'silence s by ann: quiet'],
])('a silence is in force until its end, %s', (_, endsAt, detail) => {
  const silence = {
    ...newSilenceSchema.parse({ matchers: ['host="a"'], createdBy: 'ann', comment: 'quiet', endsAt }),
    id: 's',
  };
  const none = { routes: [], inhibitions: [], rotations: [], overrides: [], channels: [] };
  const policies = compilePolicies({ ...none, silences: [silence] });
  expect(policies.silencesAt(endsAt - 1)).toMatchObject([{ id: 's', kind: 'silenced', detail }]);
  expect(policies.silencesAt(endsAt)).toEqual([]);
});
