/**
 * Whether and how large elements are seen. One observer of a kind for the whole page: each one more is asked about in
 * each frame.
 */
type Seen = (visible: boolean) => void;
type Sized = (width: number, height: number) => void;

const seeing = new Map<Element, Seen>();
const sizing = new Map<Element, Sized>();
let intersections: IntersectionObserver | undefined;
let sizes: ResizeObserver | undefined;

/** So much outside of the window it is drawn already. */
const marginPx = 200;

/** @returns ends it */
export function observeVisible(element: Element, seen: Seen): () => void {
  intersections ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) seeing.get(target)?.(isIntersecting);
    },
    { rootMargin: `${marginPx}px` },
  );
  seeing.set(element, seen);
  intersections.observe(element);
  return () => {
    seeing.delete(element);
    intersections?.unobserve(element);
  };
}

/** Whole CSS pixels of the content. @returns ends it */
export function observeSize(element: Element, sized: Sized): () => void {
  sizes ??= new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      sizing.get(target)?.(Math.floor(contentRect.width), Math.floor(contentRect.height));
    }
  });
  sizing.set(element, sized);
  sizes.observe(element);
  return () => {
    sizing.delete(element);
    sizes?.unobserve(element);
  };
}
