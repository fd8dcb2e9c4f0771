/** What a lane has learnt as bytes, and back. */
import { deserialize, serialize } from 'node:v8';
import { zstdCompress, zstdDecompress } from '@tarsier/protocol/zstd';
import type { LaneState } from './lane.ts';

/** Changes whenever what is in a state does: what is of another one is left to the collectors that know it. */
export const checkpointVersion = 5;
const mostBytes = 256 * 1024 * 1024;

export function encodeCheckpoint(state: LaneState): Uint8Array {
  return zstdCompress(serialize({ version: checkpointVersion, state }));
}

/** @returns undefined when it is none, or one of another version */
export function decodeCheckpoint(bytes: Uint8Array): LaneState | undefined {
  try {
    // Only `encodeCheckpoint` writes them, so that one of this version holds what that was given.
    const found = deserialize(zstdDecompress(bytes, mostBytes)) as { version?: unknown; state: LaneState };
    return found.version === checkpointVersion ? found.state : undefined;
  } catch {
    return undefined;
  }
}
