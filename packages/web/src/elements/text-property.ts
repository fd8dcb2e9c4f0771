/** For `@property(textProperty)`: without its attribute it is '' again, where Lit would say null. */
export const textProperty = { converter: { fromAttribute: (value: string | null): string => value ?? '' } };
