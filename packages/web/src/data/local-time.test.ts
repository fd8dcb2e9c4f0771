import { expect, test } from 'vitest';
import { fromLocalInput, toLocalInput } from './local-time.ts';

test.each([
  ['UTC', '2026-03-29T01:30:00Z', '2026-03-29T01:30:00'],
  // The day on which Berlin's clocks go from 2 to 3.
  ['Europe/Berlin', '2026-03-29T00:30:00Z', '2026-03-29T01:30:00'],
  ['Europe/Berlin', '2026-03-29T01:30:00Z', '2026-03-29T03:30:00'],
  ['America/St_Johns', '2026-07-01T12:00:00Z', '2026-07-01T09:30:00'],
  ['Asia/Kolkata', '2026-07-01T12:00:00Z', '2026-07-01T17:30:00'],
])('in %s, %s is %s on the wall, and back', (zone, iso, wall) => {
  expect(toLocalInput(Date.parse(iso), zone)).toBe(wall);
  expect(fromLocalInput(wall, zone)).toBe(Date.parse(iso));
});

test('without seconds, as browsers write a full minute, it is read; anything else is not a time', () => {
  expect(fromLocalInput('2026-07-01T12:00', 'UTC')).toBe(Date.parse('2026-07-01T12:00:00Z'));
  expect(fromLocalInput('', 'UTC')).toBeNaN();
  expect(fromLocalInput('soon', 'UTC')).toBeNaN();
});
