/** Names of containers by their ids, as Docker and Podman tell on their sockets: one call for all, when one is new. */
import { z } from 'zod';
import type { Host } from '../host/host.ts';
import { cleanText } from '../text/label-text.ts';

export interface ContainerFacts {
  readonly name: string;
  readonly image: string;
}

export interface ContainerNames {
  /** Asks when there is an id that nobody has told the name of. Never throws: who does not answer tells no names. */
  learn(ids: readonly string[], signal: AbortSignal): Promise<void>;
  of(id: string): ContainerFacts | undefined;
}

/** What is needed of `GET /containers/json`; Podman's answer has the same form. */
const answer = z.array(
  z.object({ Id: z.string(), Names: z.array(z.string()).nullish(), Image: z.string().default('') }),
);

const timeoutMs = 3_000;
/** After a call, one for the same ids again at the soonest. */
const againMs = 60_000;

export function createContainerNames(host: Host, sockets: readonly string[]): ContainerNames {
  let known = new Map<string, ContainerFacts>();
  const askedAt = new Map<string, number>();

  async function ask(socketPath: string, signal: AbortSignal): Promise<[string, ContainerFacts][]> {
    try {
      const { status, body } = await host.http({
        url: 'http://localhost/containers/json',
        socketPath,
        timeoutMs,
        signal,
      });
      if (status !== 200) return [];
      return answer
        .parse(JSON.parse(body.toString()))
        .map(({ Id, Names, Image }) => [
          Id,
          { name: cleanText(ownName(Names ?? []) ?? Id.slice(0, 12)), image: cleanText(Image) },
        ]);
    } catch {
      return [];
    }
  }

  return {
    async learn(ids, signal) {
      const now = host.now();
      const isDue = (id: string): boolean =>
        !known.has(id) && now - (askedAt.get(id) ?? Number.NEGATIVE_INFINITY) >= againMs;
      if (!ids.some(isDue)) return;
      const told = await Promise.all(sockets.map((socket) => ask(socket, signal)));
      const current = new Set(ids);
      known = new Map([...known, ...told.flat()].filter(([id]) => current.has(id)));
      askedAt.clear();
      for (const id of ids) askedAt.set(id, now);
    },
    of: (id) => known.get(id),
  };
}

/** Docker tells of links as well: `/front/db` is what the container `front` calls it. */
function ownName(names: readonly string[]): string | undefined {
  return names.map((name) => name.replace(/^\//u, '')).find((name) => !name.includes('/'));
}
