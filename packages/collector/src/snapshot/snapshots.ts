/** Pictures of incidents: for notifications, and at addresses that chats fetch them from. */
import { describeError, type Incident, type UnixMs } from '@tarsier/protocol';
import type { IncidentView } from '../alert/incident/incident-view.ts';
import type { Log } from '../log.ts';
import type { Illustration } from '../notify/sending.ts';
import { dayMs } from '../storage/hours.ts';
import type { Storage } from '../storage/storage.ts';
import type { TenantScope } from '../tenant.ts';
import { exampleChart, exampleIncidentId } from '../notify/example.ts';
import { drawChart } from './draw-chart.ts';
import { toPng } from './png.ts';
import type { Picture } from './shapes.ts';
import { redeem, sign } from './signed-address.ts';

export interface Snapshots {
  /**
   * What is to be seen of an incident at a time; undefined where there is nothing to draw. It takes two seconds at
   * most, and never throws: a notification must not wait for its picture.
   */
  illustrate(tenantId: number, incident: Incident, at: UnixMs): Promise<Illustration | undefined>;
  /** @throws {TarsierError} `http/not-found` when there is no such incident */
  picture(scope: TenantScope, incidentId: string, at?: UnixMs): Promise<Picture | undefined>;
  /** By what an address was signed with; undefined when it does not count, or there is nothing to draw. */
  signed(token: string): Promise<Picture | undefined>;
}

export interface SnapshotsDeps {
  readonly storage: Pick<Storage, 'signingKeys' | 'incidents' | 'tenants'>;
  readonly incidentView: Pick<IncidentView, 'chart'>;
  readonly pageUrl: string | undefined;
  readonly log: Log;
  readonly now: () => UnixMs;
}

/** Over a weekend. */
const countsMs = 3 * dayMs;
const patienceMs = 2_000;
/** Channels that are told at one time share one picture. */
const mostKept = 20;

export function createSnapshots({ storage, incidentView, pageUrl, log, now }: SnapshotsDeps): Snapshots {
  let key: Promise<Buffer> | undefined;
  const kept = new Map<string, Promise<Picture | undefined>>();

  function keyOf(): Promise<Buffer> {
    key ??= storage.signingKeys.ensure('snapshot', now()).catch((error: unknown) => {
      key = undefined;
      throw error;
    });
    return key;
  }

  async function scopeOf(tenantId: number): Promise<TenantScope | undefined> {
    return (await storage.tenants.all()).find((scope) => scope.tenantId === tenantId);
  }

  async function draw(scope: TenantScope, incidentId: string, at: UnixMs | undefined): Promise<Picture | undefined> {
    if (incidentId === exampleIncidentId) return drawChart('Test of this channel', exampleChart(at ?? now()));
    const chart = await incidentView.chart(scope, incidentId, at);
    if (chart === undefined) return undefined;
    const incident = await storage.incidents.find(scope, incidentId);
    return drawChart(incident?.title ?? incidentId, chart);
  }

  function drawOnce(scope: TenantScope, incidentId: string, at: UnixMs): Promise<Picture | undefined> {
    const name = `${scope.tenantId}/${incidentId}/${at}`;
    const known = kept.get(name);
    if (known !== undefined) return known;
    const drawing = draw(scope, incidentId, at);
    kept.set(name, drawing);
    drawing.catch(() => kept.delete(name));
    for (const old of kept.keys()) {
      if (kept.size <= mostKept) break;
      kept.delete(old);
    }
    return drawing;
  }

  async function addressOf(tenantId: number, incidentId: string, at: UnixMs): Promise<string | undefined> {
    if (pageUrl === undefined) return undefined;
    const token = sign(await keyOf(), { tenantId, incidentId, at }, at + countsMs);
    return new URL(`snapshots/${token}.png`, pageUrl.endsWith('/') ? pageUrl : `${pageUrl}/`).href;
  }

  async function illustration(tenantId: number, { id }: Incident, at: UnixMs): Promise<Illustration | undefined> {
    const scope = await scopeOf(tenantId);
    const picture = scope === undefined ? undefined : await drawOnce(scope, id, at);
    if (picture === undefined) return undefined;
    let png: Buffer | undefined;
    return { alt: picture.alt, png: () => (png ??= toPng(picture)), address: await addressOf(tenantId, id, at) };
  }

  return {
    async illustrate(tenantId, incident, at) {
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), patienceMs).unref();
      });
      try {
        return await Promise.race([illustration(tenantId, incident, at), tooLong]);
      } catch (error) {
        log.warn('a notification goes without its picture', { incident: incident.title, error: describeError(error) });
        return undefined;
      } finally {
        clearTimeout(timer);
      }
    },

    picture: draw,

    async signed(token) {
      const name = redeem(await keyOf(), token, now());
      const scope = name === undefined ? undefined : await scopeOf(name.tenantId);
      if (name === undefined || scope === undefined) return undefined;
      return drawOnce(scope, name.incidentId, name.at);
    },
  };
}
