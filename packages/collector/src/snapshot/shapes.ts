/** What a picture is made of, whatever it is written as. Lengths are pixels, from the top left. */

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** One sentence for who can't see it. */
  readonly alt: string;
  /** The later ones are over the earlier. */
  readonly shapes: readonly Shape[];
}

export type Point = readonly [x: number, y: number];

/** `#rrggbb`. */
export type Colour = string;

export type Shape =
  | {
      readonly kind: 'box';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly fill: Colour;
      /** 0 to 1. */
      readonly opacity: number;
    }
  | {
      readonly kind: 'line';
      readonly points: readonly Point[];
      readonly stroke: Colour;
      readonly width: number;
      /** Length of the dashes and of the gaps between them; of a line with two points only. */
      readonly dash?: number;
    }
  | {
      readonly kind: 'text';
      /** Where it begins, or ends; and the line that it stands on. */
      readonly x: number;
      readonly y: number;
      readonly anchor: 'start' | 'middle' | 'end';
      readonly text: string;
      readonly fill: Colour;
    };
