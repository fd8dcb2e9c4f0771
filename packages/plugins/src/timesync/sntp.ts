/** One exchange with a time server: SNTP as RFC 5905 has it, section 14. */
import type { Host } from '../host/host.ts';

export interface TimeAnswer {
  /** This host's clock less the server's, seconds: positive when ours is fast. */
  readonly offsetSeconds: number;
  readonly roundTripSeconds: number;
  /** How far from a reference clock the server is: 1 to 15. */
  readonly stratum: number;
}

const packetBytes = 48;
const clientVersion4 = 0b00_100_011;
const serverMode = 4;
const unsynchronized = 3;
/** Seconds from 1900, where NTP counts from, to 1970. */
const epochSeconds = 2_208_988_800;
/** Of NTP's 32 bits of seconds: they begin anew in 2036. */
const eraSeconds = 2 ** 32;
/** The clock tells whole milliseconds: on average half of one has passed already. */
const halfMillisecond = 0.0005;

/**
 * @param nonce  8 bytes that nobody can foretell: an answer has to repeat them
 * @throws {Error} when no answer comes, or it says that the server's time is of no use
 */
export async function askTime(
  host: Pick<Host, 'udp' | 'clock' | 'now'>,
  { server, port, timeoutMs }: { readonly server: string; readonly port: number; readonly timeoutMs: number },
  nonce: Buffer,
  signal: AbortSignal,
): Promise<TimeAnswer> {
  const payload = Buffer.alloc(packetBytes);
  payload[0] = clientVersion4;
  nonce.copy(payload, 40, 0, 8);
  const {
    payload: answer,
    sentAt,
    receivedAt,
  } = await host.udp({
    host: server,
    port,
    payload,
    timeoutMs,
    accept: (bytes) => bytes.length >= packetBytes && bytes.subarray(24, 32).equals(nonce.subarray(0, 8)),
    signal,
  });
  const receivedSeconds = host.clock() / 1000 + halfMillisecond - (host.now() - receivedAt) / 1000;
  const sentSeconds = receivedSeconds - (receivedAt - sentAt) / 1000;
  const [first = 0, stratum = 0] = answer;
  if (stratum === 0) throw new Error(`it refuses: ${answer.toString('latin1', 12, 16).replaceAll(/[^ -~]/gu, '')}`);
  if ((first & 0b111) !== serverMode) throw new Error(`expected an answer of mode ${serverMode}, got ${first & 0b111}`);
  if (first >> 6 === unsynchronized || stratum > 15) throw new Error('it is not synchronized itself');
  const serverReceived = seconds(answer, 32, sentSeconds);
  const serverSent = seconds(answer, 40, sentSeconds);
  return {
    offsetSeconds: -(serverReceived - sentSeconds + (serverSent - receivedSeconds)) / 2,
    roundTripSeconds: Math.max(0, receivedSeconds - sentSeconds - (serverSent - serverReceived)),
    stratum,
  };
}

/** Unix time of a timestamp, in the era that is nearest to what our clock says. */
function seconds(packet: Buffer, at: number, aboutSeconds: number): number {
  const inEra = packet.readUInt32BE(at) + packet.readUInt32BE(at + 4) / 2 ** 32 - epochSeconds;
  return inEra + Math.round((aboutSeconds - inEra) / eraSeconds) * eraSeconds;
}
