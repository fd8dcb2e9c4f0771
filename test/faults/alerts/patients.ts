/** Hosts that fall ill, each once, and send what they see until it has been taken: as agents with a spool do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fleetSchema, sampleBatch } from '../../alerts/batch.ts';

export interface Patients {
  /** All that ever were. */
  readonly hosts: readonly string[];
  /** Whether all that were told to have recovered, and their samples were taken. */
  readonly healed: boolean;
  /** Two new hosts: one fails for a single sample, the other until two more have fallen ill, or all recover. */
  fallIll(name: string): void;
  recover(): void;
  stop(): void;
}

interface Patient {
  readonly host: string;
  seq: number;
  /** Of the sample that is yet to be taken. */
  at: number;
  /** Samples that are yet to be bad; before them there is a good one. */
  illFor: number;
  /** Bad ones that were taken, and good ones since. */
  bad: number;
  calm: number;
}

const everyMs = 150;
/** Good samples after which a host is not looked after any more. */
const mostCalm = 20;
const schema = fleetSchema(1, {});

export function startPatients(url: string, key: string): Patients {
  const all: Patient[] = [];
  let stopped = false;

  async function ship(patient: Patient): Promise<void> {
    const { host, seq, illFor } = patient;
    patient.at ||= Date.now();
    const fails = seq > 0 && illFor > 0;
    const response = await fetch(`${url}/v1/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/vnd.tarsier.batch' },
      body: new Uint8Array(sampleBatch({ host, seq, at: patient.at }, schema, [fails])),
      signal: AbortSignal.timeout(5_000),
    }).catch(() => undefined);
    // Whether it was stored is not known: it is sent again, as the same batch.
    if (response?.status !== 204) return;
    if (fails) {
      patient.illFor--;
      patient.bad++;
    } else if (seq > 0) patient.calm++;
    patient.seq++;
    patient.at = 0;
  }

  void (async () => {
    while (!stopped) {
      await Promise.all(all.filter(({ calm }) => calm < mostCalm).map(ship));
      await sleep(everyMs);
    }
  })();

  /** One that has not been seen to be ill yet will be, once. */
  const heal = (some: readonly Patient[]): void => {
    for (const patient of some) if (patient.illFor === Infinity) patient.illFor = patient.bad > 0 ? 0 : 1;
  };
  const born = (host: string, illFor: number): Patient => ({ host, seq: 0, at: 0, illFor, bad: 0, calm: 0 });
  return {
    get hosts() {
      return all.map(({ host }) => host);
    },
    get healed() {
      return all.every(({ calm }) => calm >= mostCalm);
    },
    fallIll(name) {
      const lasting = all.filter(({ illFor }) => illFor === Infinity);
      heal(lasting.slice(0, -1));
      all.push(born(`${name}-blip`, 1), born(`${name}-lasting`, Infinity));
    },
    recover: () => heal(all),
    stop() {
      stopped = true;
    },
  };
}
