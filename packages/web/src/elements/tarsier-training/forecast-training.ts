/** What `forecast.train` answers, as far as it is shown. */
export interface ForecastTraining {
  readonly model: string;
  readonly version: number;
  readonly promoted: boolean;
  readonly verdict: string;
  readonly backtest: {
    readonly rows: readonly {
      readonly name: string;
      readonly mase: number;
      readonly pinball: number;
      readonly coverage: number;
    }[];
  };
}

/** Its shape has no version of its own: what is shown is looked for. */
export function readForecastTraining(result: unknown): ForecastTraining | undefined {
  if (typeof result !== 'object' || result === null || !('backtest' in result) || !('model' in result))
    return undefined;
  const { backtest } = result;
  if (typeof backtest !== 'object' || backtest === null || !('rows' in backtest) || !Array.isArray(backtest.rows)) {
    return undefined;
  }
  // Its other parts are the collector's own, made together with these.
  return result as ForecastTraining;
}
