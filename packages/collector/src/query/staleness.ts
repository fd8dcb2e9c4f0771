/** Storage knows the markers too: they are in no rollup. */
export { markStale, staleRows, withoutStale } from '../storage/staleness.ts';
