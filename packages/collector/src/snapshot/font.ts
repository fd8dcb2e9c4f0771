/**
 * The letters of pictures: a picture must not depend on which fonts the machine has. It is 10x20 of X11's misc-fixed
 * ("Public domain font. Share and enjoy."), of which the characters of ISO 8859-1 are here.
 */
import { inflateRawSync } from 'node:zlib';

export const glyph = {
  width: 10,
  height: 20,
  /** From the top of the cell to the line that letters stand on. */ ascent: 16,
} as const;

/** Bits, row by row and from the left, of 0x20 to 0x7e and 0xa0 to 0xff; deflated. */
const packed =
  'lVdNaCNVHJ/ZqZOKk6aulwmpmerB84RAbDGaLcIiXgQPggjLhMGJC612EUoqxU6tjB4CIixLakvrRc8VYfEgy8RCuoew5yx4mCLM' +
  'IngIuEiUMPp/b15m3nvzUvUdut33m//3x/tVki45pqZIPvkhwY8EGFS13rJQJL9vDf8uqb3vohr8SqlqlJze6XrBH9byh/YoVSWt' +
  'Hjqj31TZ9c3SZ9+vP0juN5GCkb6g9g7t7nn7d9YrkXVNBcDSQZcFn1haAvg6APhe1xSwRAsp5qBsXASDakYdBG0EOPKZJ1hZ4m6M' +
  '4LKEKm6wkv4P/DE1HLmOPE8DLGtnFa/ZdYoe5DlIc2UuFVQ/KUovSoB2VXdQfH5ggS6ZBxTFNdVm1zbbCTCnyP5ovar3KxEpL/Ep' +
  'wgl8fwnli5EAVdcR0C96jCo5mhUHMg4h5PYrrAQBmp2LoSp/TgPxWVBckt2ZwBIVh+tD0KjesmvOMd+TROy69CWkAjcECKGGcTmv' +
  'kD6u2xGwfW/j0Hn4o6Mr+k6mUK0/42oldkcOJLbjGB4uY2XMqEJtiHuRTuLYxinpxj9SCVIPy/BisWgW4PI2iiEu1MpHiQRRfxIW' +
  'OXcjas6Zvmqk97Z+Zm3SqvqVrmOgrtL7lKppbCrvrtc8erQaoSTeZY17t45aByEA28d2N0yBaZfEKRHl6vxCEDmR2Dj4xdyZQpQE' +
  '6y7JlZmDppDZpmZSkjaDnNSI9wrd6WgxBu2yQAJH/uFRSEfe7JyZ8LEctKtaXwBkjONRgyGL/6HmfGIy/k7oHU7WYbwDUwk2vgnd' +
  '1H1d+g9ndzrpaPIu+c7QLD1CyfmL6xKyS1qVHzISeEjoUYv76dkOaeotTgJ8LkasRB2+dK2Pk27kJF7phpWOXfCkCXJtkvGKalG0' +
  'uGGt1bPzgYLXpVzS76ARe0BU2UWvF+wUYQskn49mjVp83jHCh3dxq3CA0Ktp5Nx6ZSQgu+yQSGkSsZsp8MGCTXzjVDV0R5rIbpwm' +
  'uiLT7HbrnMR0PjKFQp4OyjmXWq+pBETeGg94oANPoIYekZk22IdKarhkt0dUlnDGyyS+spDiMKMWxHdyEBcqfdbDjQNf+l8nfk6y' +
  'NoCxwOwPmpDAT6tsSgqwWC3d2IPsGk9sPKC1zT+1tYtel90X35un7xdf0Aflgu9PWBupSc44rL4zaeRovW5d0ej8CajQ9KAq3Lj9' +
  'zZOv32AyvvOca8MT+MXXMt/Pkrw8XK+V8nunNdUfXuU3yElA9x91Cv5M47+++RZlPDeenXZ4nc22NrMoiNyxfG2zhslEIbPNMKDX' +
  'chkt0GaXlh4VytbPbz1OBi3aPWk9/ONloMmI3w5rWYoT/Es7afJ+/BJbK3j8ClLWXWQX3JUnPHQVylBSLFQTj6LwrjX//NP3566s' +
  'mbffkK4tShmg99ona5Kbllz257XlL4mES0uQbodHil5LiJxJuNthaiN6kUHChQC6EwLqq6OuEIByS7AoTB7AfSA2Du9AOb8PN0YY' +
  'r5PjmVQtTjuOwwjRXe6Cpjioc4QAjkMEIHeFAOKnMAHUyphQNkQAtiECkI0Gs+EmPI26x1JOnF29VQy34RU6bqWMDHsVc3mW+2Cv' +
  'RAD2SgRgGyIAuUseNEf8qq0hGrqU9yoJ05/fqerh6p13D5yDb28e2eb4WuquiEBid0UAdlcEIK+ErI+oAtaX2wu49YqyPcLT328w' +
  'T+pKCbj0YCu/byLUHFLLAlgavLU8W4JYgPAJAdTtQqBY+EmsKu6ILNBGxFUsgc5Lz1jDer2k3v95JlVL1pKE/sASMTIJ/+0tAnAc' +
  'IiDpCB7ANkSMDOdKBGAbQg6HbGQBeXF9Qdk7vZ47W+U7EWdXxMiSyHmJJHIeSCIX2hCSO2pIWAB3mfFoTH5jzhVD67995+ZXyXwk' +
  'DSeiathdEYDdFZI7akgYANdDQNXISiqQMRhTvJNVhSX+AQ==';

let bits: Uint8Array | undefined;

/** Whether a pixel of a character is set; what is not in the font is a box. */
export function glyphBit(character: string, x: number, y: number): boolean {
  const index = indexOf(character.codePointAt(0) ?? 0);
  const { width, height } = glyph;
  if (index === undefined)
    return x > 0 && x < width - 1 && y > 2 && y < 17 && (x === 1 || x === 8 || y === 3 || y === 16);
  bits ??= inflateRawSync(Buffer.from(packed, 'base64'));
  const bit = index * width * height + y * width + x;
  return (((bits[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
}

function indexOf(code: number): number | undefined {
  if (code >= 0x20 && code <= 0x7e) return code - 0x20;
  return code >= 0xa0 && code <= 0xff ? code - 0xa0 + 95 : undefined;
}
