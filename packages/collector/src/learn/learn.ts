/** What is learnt from series, on its own, for programs that bring their own: tests, tools. */
export { backtest, type Backtest } from './forecasting/backtest.ts';
export { calendarSeasons } from './forecasting/seasons.ts';
export type { ExampleShape, GroupSeries } from './forecasting/examples.ts';
export { TooFewValuesError } from './forecasting/forecasting-network.ts';
