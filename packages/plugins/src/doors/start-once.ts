/** @returns what starts something at its first call, waits for it at later ones, and tries again once it has failed */
export function startOnce(start: () => Promise<void>): () => Promise<void> {
  let starting: Promise<void> | undefined;
  return () => {
    starting ??= start().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  };
}
