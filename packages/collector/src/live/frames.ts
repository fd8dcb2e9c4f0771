import { encodeLiveFrame, encodeLiveGroups, frameOf, type LiveFrame, type LiveGroup } from '@tarsier/protocol/live';
import type { StoredSamples } from '../stored-samples.ts';
import type { Subscription } from './subscription.ts';

/**
 * Encodes what a stored batch brings to a subscription; pages that show the same thing get the same bytes. They must
 * not be written to.
 */
export type EncodeDelta = (stored: StoredSamples, subscription: Subscription, group: LiveGroup) => Uint8Array;

/** What a batch brings to all subscriptions with the same selector, and the frames of it by their number. */
interface Shared {
  readonly groups: Uint8Array;
  readonly frames: Map<number, Uint8Array>;
}

export function createDeltaEncoder(): EncodeDelta {
  const ofBatches = new WeakMap<StoredSamples, Map<string, Shared>>();
  return (stored, { id, selector, view }, group) => {
    // Few, and each sees something else: nothing is shared among them.
    if (view !== undefined) return encodeLiveFrame({ kind: 'delta', id, groups: [group] });
    let ofBatch = ofBatches.get(stored);
    if (ofBatch === undefined) ofBatches.set(stored, (ofBatch = new Map<string, Shared>()));
    let shared = ofBatch.get(selector);
    if (shared === undefined) {
      ofBatch.set(selector, (shared = { groups: encodeLiveGroups([group]), frames: new Map<number, Uint8Array>() }));
    }
    let frame = shared.frames.get(id);
    if (frame === undefined) shared.frames.set(id, (frame = frameOf('delta', id, shared.groups)));
    return frame;
  };
}

/** Samples in one frame of a snap: a decoder takes four times that. */
const maxSnapSamples = 1_000_000;

/** One frame of the first kind, and what does not fit into it as deltas that follow. */
export function* snapFrames(
  id: number,
  groups: Iterable<LiveGroup>,
  maxSamples = maxSnapSamples,
  first: LiveFrame['kind'] = 'snap',
): Iterable<Uint8Array> {
  let kind = first;
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
