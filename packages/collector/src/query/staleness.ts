export { markStale, staleRows } from '@tarsier/protocol';
/** Storage knows the markers too: they are in no rollup. */
export { withoutStale } from '../storage/staleness.ts';
