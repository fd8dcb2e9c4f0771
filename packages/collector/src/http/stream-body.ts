/**
 * A body that is made as it is read: goes on when the reader wants more. An error breaks the answer off: nobody must
 * take it for whole.
 */
export function streamBody(
  pieces: AsyncGenerator<string | Uint8Array>,
  onError: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value);
      } catch (error) {
        onError(error);
        throw error;
      }
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
