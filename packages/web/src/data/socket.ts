/** The part of a WebSocket that the live client needs, so that a test can be the other end. */
export interface Socket {
  readonly open: boolean;
  send(text: string): void;
  close(): void;
}

export interface SocketHandlers {
  opened(): void;
  text(text: string): void;
  bytes(bytes: Uint8Array): void;
  /** @param code  of the close frame; 1006 when there was none */
  closed(code: number): void;
}

export type OpenSocket = (handlers: SocketHandlers) => Socket;

/** @param url  `ws:` or `wss:` */
export function browserSocket(url: URL): OpenSocket {
  return ({ opened, text, bytes, closed }) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => opened());
    socket.addEventListener('close', ({ code }) => closed(code));
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'string') text(data);
      else if (data instanceof ArrayBuffer) bytes(new Uint8Array(data));
    });
    return {
      get open() {
        return socket.readyState === WebSocket.OPEN;
      },
      send: (message) => socket.send(message),
      close: () => socket.close(),
    };
  };
}
