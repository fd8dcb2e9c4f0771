import { TarsierError } from '@tarsier/protocol';
import { Hono, type Context } from 'hono';
import { toPng } from '../../snapshot/png.ts';
import type { Picture } from '../../snapshot/shapes.ts';
import type { Snapshots } from '../../snapshot/snapshots.ts';
import { toSvg } from '../../snapshot/svg.ts';
import type { AppEnv } from '../app-env.ts';
import type { Api } from '../api/call.ts';

const formats = {
  svg: { type: 'image/svg+xml', of: (picture: Picture) => new TextEncoder().encode(toSvg(picture)) },
  png: { type: 'image/png', of: (picture: Picture) => new Uint8Array(toPng(picture)) },
} as const;

/** `GET /snapshots/SIGNED.png` and `.svg`: for chats, which have no key; what was signed does not change. */
export function snapshotRoutes({ snapshots }: { readonly snapshots: Snapshots }): Hono<AppEnv> {
  return new Hono<AppEnv>().get('/:file{[^/]+\\.(png|svg)}', async (c) => {
    const file = c.req.param('file');
    const picture = await snapshots.signed(file.slice(0, -'.png'.length));
    return answer(c, picture, file.endsWith('.svg') ? 'svg' : 'png', 'private, max-age=86400, immutable');
  });
}

/** `GET /v1/incidents/:id/chart.svg` and `.png`: as it is now. */
export function incidentPictureRoutes(api: Api, { snapshots }: { readonly snapshots: Snapshots }): void {
  for (const format of ['svg', 'png'] as const) {
    api.on(`GET /v1/incidents/{id}/chart.${format}`, async ({ c, tenant, params: { id } }) =>
      answer(c, await snapshots.picture(tenant, id), format, 'no-store'),
    );
  }
}

function answer(
  c: Context<AppEnv>,
  picture: Picture | undefined,
  format: 'svg' | 'png',
  cacheControl: string,
): Response {
  if (picture === undefined) throw new TarsierError('http/not-found', 'there is no such picture, or no longer');
  const { type, of } = formats[format];
  return c.body(of(picture), 200, {
    'content-type': type,
    'cache-control': cacheControl,
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'x-content-type-options': 'nosniff',
  });
}
