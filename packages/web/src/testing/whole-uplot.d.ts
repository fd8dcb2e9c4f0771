declare module 'uplot/dist/uPlot.esm.js?whole' {
  export { default } from 'uplot';
}
