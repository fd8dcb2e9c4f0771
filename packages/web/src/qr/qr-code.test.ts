import jsQr from 'jsqr';
import { expect, test } from 'vitest';
import { qrCode } from './qr-code.ts';

type Reader = (pixels: Uint8ClampedArray, width: number, height: number) => { readonly data: string } | null;

/** What a phone's reader makes of it, each square four pixels wide, with light around. */
function scanned(rows: readonly Uint8Array[]): string | undefined {
  const [scale, margin] = [4, 4];
  const size = (rows.length + 2 * margin) * scale;
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const dark = rows[Math.floor(y / scale) - margin]?.[Math.floor(x / scale) - margin] === 1;
      if (dark) pixels.fill(0, 4 * (y * size + x), 4 * (y * size + x) + 3);
    }
  }
  // A module of CommonJS: its function is its `default`, once or twice.
  const read = ('default' in jsQr ? jsQr.default : jsQr) as Reader;
  return read(pixels, size, size)?.data;
}

test.each([1, 17, 18, 53, 78, 106, 134, 135, 154, 192, 230, 231, 271])('a text of %i bytes is read again', (length) => {
  const text = 'otpauth://totp/Tarsier:ann%40shop.example?secret=JBSWY3DPEHPK3PXP&issuer=Tarsier&'
    .repeat(4)
    .slice(0, length);
  const rows = qrCode(text);
  expect(rows).toBeDefined();
  expect(scanned(rows ?? [])).toBe(text);
});

test('a text that is too long has no code', () => {
  expect(qrCode('x'.repeat(272))).toBeUndefined();
});
