import type { Forecaster } from '../../forecast/forecaster.ts';
import type { Api } from '../api/call.ts';

/** `GET /v1/forecast`: median and band of what series will be, and when they will reach a limit. */
export function forecastRoutes(api: Api, { forecaster }: { readonly forecaster: Forecaster }): void {
  api.on('GET /v1/forecast', ({ tenant, query, signal }) => {
    const { horizon, step, history, ...asked } = query;
    return forecaster.forecast(tenant, { ...asked, horizonMs: horizon, stepMs: step, historyMs: history, signal });
  });
}
