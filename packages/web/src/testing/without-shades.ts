/**
 * Takes the shades of scrolling tables away, above which axe computes no contrast. Run in a page by its source, too: it
 * uses nothing from around it.
 *
 * @returns brings them back
 */
export function withoutShades(within: ParentNode = document): () => void {
  const shaded: HTMLElement[] = [];
  const look = (root: ParentNode): void => {
    for (const element of root.querySelectorAll<HTMLElement>('*')) {
      if (element.matches('.scroll')) shaded.push(element);
      if (element.shadowRoot !== null) look(element.shadowRoot);
    }
  };
  if (within instanceof Element && within.shadowRoot !== null) look(within.shadowRoot);
  look(within);
  for (const { style } of shaded) style.setProperty('background-image', 'none');
  return () => {
    for (const { style } of shaded) style.removeProperty('background-image');
  };
}
