import { expect, test } from 'vitest';
import { isLabelName, seriesSignature } from './labels.ts';

test('a series has one signature, whatever the order of its labels, and none for empty ones', () => {
  const signature = 'disk_used_bytes{device="sda1",mount="/"}';
  expect(seriesSignature({ name: 'disk_used_bytes', labels: { mount: '/', device: 'sda1' } })).toBe(signature);
  expect(seriesSignature({ name: 'disk_used_bytes', labels: { device: 'sda1', fs: '', mount: '/' } })).toBe(signature);
  expect(seriesSignature({ name: 'up', labels: {} })).toBe('up');
});

test('a label value can not forge another label', () => {
  expect(seriesSignature({ name: 'a', labels: { b: 'x",c="y' } })).toBe(String.raw`a{b="x\",c=\"y"}`);
});

test.each([
  ['mount', true],
  ['_x9', true],
  ['__name__', false],
  ['9x', false],
  ['a-b', false],
  ['', false],
])('%j as a label name: %s', (name, valid) => {
  expect(isLabelName(name)).toBe(valid);
});
