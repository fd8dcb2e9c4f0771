/**
 * Room for samples that are needed until a query is answered, used again by the next one. Large arrays live outside of
 * the engine's heap, and each few dozen megabytes of them make it mark all that is in it: given out anew for each query,
 * they were two thirds of what a small query cost (`pnpm bench query`).
 */
export interface SampleRoom {
  /** Numbers that hold anything: to be written before they are read. */
  take(count: number): Float64Array;
}

export interface SampleRooms {
  /** Room until it is closed: nothing that was taken may be used afterwards. */
  open(): SampleRoom & { close(): void };
}

/** Many arrays in one: each that the engine keeps account of costs it more than filling it does. */
const slabLength = 65_536;
/** Kept for the next query: 32 MB. */
const mostKept = 64;

export function createSampleRooms(): SampleRooms {
  const kept: Float64Array[] = [];
  return {
    open() {
      const used: Float64Array[] = [];
      const room = roomOf(() => {
        const slab = kept.pop() ?? new Float64Array(slabLength);
        used.push(slab);
        return slab;
      });
      return {
        ...room,
        close() {
          for (const slab of used.splice(0)) if (kept.length < mostKept) kept.push(slab);
        },
      };
    },
  };
}

/** Room that is nobody else's afterwards. */
export function freshRoom(): SampleRoom {
  let length = 0;
  return roomOf((count) => {
    length = Math.max(count, Math.min(length * 2, slabLength));
    return new Float64Array(length);
  });
}

function roomOf(nextSlab: (count: number) => Float64Array): SampleRoom {
  let slab: Float64Array = new Float64Array();
  let used = 0;
  return {
    take(count) {
      if (count > slabLength) return new Float64Array(count);
      if (used + count > slab.length) {
        slab = nextSlab(count);
        used = 0;
      }
      const begin = used;
      used += count;
      return slab.subarray(begin, used);
    },
  };
}
