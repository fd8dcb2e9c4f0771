import { encodeLiveFrame, type LiveFrame, type LiveGroup } from '@tarsier/protocol/live';
import type { StoredSamples } from '../stored-samples.ts';
import type { Subscription } from './subscription.ts';

/**
 * Encodes what a stored batch brings to a subscription; pages that show the same thing get the same bytes. They must
 * not be written to.
 */
export type EncodeDelta = (stored: StoredSamples, subscription: Subscription, group: LiveGroup) => Uint8Array;

export function createDeltaEncoder(): EncodeDelta {
  const frames = new WeakMap<StoredSamples, Map<string, Uint8Array>>();
  return (stored, { id, selector, view }, group) => {
    // Few, and each sees something else: nothing is shared among them.
    if (view !== undefined) return encodeLiveFrame({ kind: 'delta', id, groups: [group] });
    let ofBatch = frames.get(stored);
    if (ofBatch === undefined) frames.set(stored, (ofBatch = new Map<string, Uint8Array>()));
    // Rows that were sent before are left out at the front, so that their number says which ones are in.
    const key = `${id} ${group.times.length} ${selector}`;
    let frame = ofBatch.get(key);
    if (frame === undefined) ofBatch.set(key, (frame = encodeLiveFrame({ kind: 'delta', id, groups: [group] })));
    return frame;
  };
}

/** Samples in one frame of a snap: a decoder takes four times that. */
const maxSnapSamples = 1_000_000;

/** One snap, and what does not fit into it as deltas that follow. */
export function* snapFrames(
  id: number,
  groups: Iterable<LiveGroup>,
  maxSamples = maxSnapSamples,
): Iterable<Uint8Array> {
  let kind: LiveFrame['kind'] = 'snap';
  for (const part of parts(groups, maxSamples)) {
    yield encodeLiveFrame({ kind, id, groups: part });
    kind = 'delta';
  }
}

function* parts(groups: Iterable<LiveGroup>, maxSamples: number): Iterable<readonly LiveGroup[]> {
  let part: LiveGroup[] = [];
  let samples = 0;
  for (const group of groups) {
    const more = group.times.length * group.columns.length;
    if (part.length > 0 && samples + more > maxSamples) {
      yield part;
      part = [];
      samples = 0;
    }
    part.push(group);
    samples += more;
  }
  // An empty snap, too: the page then knows that there is nothing.
  yield part;
}
