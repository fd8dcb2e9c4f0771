import type { HostKey } from '../host-lock.ts';

/**
 * Hosts that are read while their samples are still in many batches: worth putting into segments before their hour is
 * over, which for all the others would only be work twice.
 */
export interface WantedHosts {
  /** Says that a read of a host went through so many batches. */
  readBatches(host: HostKey, batches: number): void;
  /** @returns ends it */
  subscribe(listener: (hosts: readonly HostKey[]) => void): () => void;
}

/** Fewer are read as fast as a segment of them. */
const manyBatches = 30;

export function createWantedHosts(): WantedHosts {
  const listeners = new Set<(hosts: readonly HostKey[]) => void>();
  let waiting = new Map<string, HostKey>();
  return {
    readBatches(host, batches) {
      if (batches < manyBatches || listeners.size === 0) return;
      // What one query reads is told together.
      if (waiting.size === 0) {
        setImmediate(() => {
          const hosts = [...waiting.values()];
          waiting = new Map();
          for (const listener of listeners) listener(hosts);
        });
      }
      waiting.set(`${host.tenantId}/${host.hostId}`, host);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
