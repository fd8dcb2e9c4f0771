/** What becomes of requests between agents and collectors: lost, doubled, late, cut off; and answers that are lost. */
import type { Poster } from '../../packages/agent/src/shipping/post.ts';
import type { TenantScope } from '../../packages/collector/src/tenant.ts';
import type { Chance } from './chance.ts';
import type { SimulatedCollector } from './simulated-collector.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface Network {
  /** From that agent to the collector at that place, whoever is there. */
  poster(scope: TenantScope, agent: number, collector: number): Poster;
  /** Until then nothing passes between them; `undefined` for every collector. */
  cut(agent: number, collector: number | undefined, untilMs: number): void;
  /** From now on nothing is lost. */
  heal(): void;
}

const longestCopyMs = 90_000;

export function createNetwork({
  time,
  chance,
  collectorAt,
}: {
  readonly time: VirtualTime;
  readonly chance: Chance;
  /** Undefined while there is none. */
  readonly collectorAt: (place: number) => SimulatedCollector | undefined;
}): Network {
  const cuts: { readonly agent: number; readonly collector: number | undefined; readonly untilMs: number }[] = [];
  let healed = false;
  const isCut = (agent: number, collector: number): boolean =>
    cuts.some(
      (cut) => cut.agent === agent && (cut.collector ?? collector) === collector && time.now() < cut.untilMs && !healed,
    );

  return {
    poster: (scope, agent, place) => ({
      close() {},
      post: (body, _headers, timeoutMs) =>
        new Promise((resolve, reject) => {
          const fails = (percent: number): boolean => !healed && chance.percent(percent);
          const wayMs = (): number => (fails(5) ? chance.between(0, 20_000) : chance.between(0, 40));
          const cancel = time.after(timeoutMs, () => reject(new Error('no answer in time')));
          const arrive = async (isCopy: boolean): Promise<void> => {
            if (isCut(agent, place) || fails(3)) return;
            const collector = collectorAt(place);
            if (collector === undefined) return isCopy ? undefined : reject(new Error('nobody listens'));
            const answer = await collector.take(scope, body);
            await time.sleep(wayMs());
            if (isCopy || isCut(agent, place) || fails(3)) return;
            cancel();
            resolve(answer);
          };
          time.after(wayMs(), () => void arrive(false));
          if (fails(3)) time.after(chance.between(0, longestCopyMs), () => void arrive(true));
        }),
    }),
    cut(agent, collector, untilMs) {
      cuts.push({ agent, collector, untilMs });
    },
    heal() {
      healed = true;
    },
  };
}
