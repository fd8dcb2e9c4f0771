import { expect, test } from 'vitest';
import { Arena } from '../stats/arena.ts';
import { Repeats } from './repeats.ts';

const made = (): Repeats => new Repeats(new Arena(Repeats.bytes));
const wait = (repeats: Repeats, samples: number): void => {
  for (let at = 0; at < samples; at++) repeats.isNews(0.3);
};

test('an event that lasts, wavers and returns soon is one alarm', () => {
  const repeats = made();
  expect(repeats.isNews(1.9)).toBe(false);
  expect(repeats.isNews(Number.NaN)).toBe(false);
  expect(repeats.isNews(4)).toBe(true);
  const after = Array.from({ length: 60 }, (_, at) => repeats.isNews(at % 7 === 0 ? 0.5 : 4.5));
  expect(after).not.toContain(true);
});

test('what is worse than the last alarm is told again once the event is over', () => {
  const repeats = made();
  repeats.isNews(4);
  wait(repeats, 30);
  expect(repeats.isNews(3)).toBe(false);
  expect(repeats.isNews(4.5)).toBe(true);
});

test('an alarm half as high as the last one is told again after some hundred samples', () => {
  const repeats = made();
  repeats.isNews(4);
  wait(repeats, 100);
  expect(repeats.isNews(2.2)).toBe(true);
});

test('a series that has had many alarms needs more for another, and is forgiven with time', () => {
  const repeats = made();
  for (let alarm = 0; alarm < 20; alarm++) {
    repeats.isNews(10);
    wait(repeats, 1000);
  }
  expect(repeats.isNews(2.5)).toBe(false);
  wait(repeats, 100_000);
  expect(repeats.isNews(2.5)).toBe(true);
});
