/**
 * uPlot without what no chart of ours uses: its legend, plots that follow each other by its own means, charts that stand
 * upright, axes of its own making, and so on. It is half of uPlot, which is half of a chart's module. Where somebody
 * else bundles our modules, they bring uPlot whole: it does the same.
 *
 * What is found here as text is that of the pinned version; after another one it fails, and says what it missed.
 */
import type { Plugin } from 'vite';

export function slimUplot(): Plugin {
  return {
    name: 'slim-uplot',
    transform: (code, id) => (id.endsWith('uPlot.esm.js') ? slim(code) : undefined),
  };
}

/** What is never true, or always. */
const decided: readonly (readonly [expression: RegExp, value: string])[] = [
  // Series share their times (mode 1), which go from left to right.
  [/\b(?:scaleX|sx)\.ori == 0\b/gu, 'true'],
  [/\bscaleX\.ori == 1\b/gu, 'false'],
  [/\bmode == 1\b/gu, 'true'],
  [/\bmode == 2\b/gu, 'false'],
  // Values are linear or logarithmic, and each axis has a scale of its own.
  [/\b(?:sc\.|scale\.)?distr == (?:2|4|100)\b/gu, 'false'],
  [/\bxScaleDistr == [234]\b/gu, 'false'],
  [/\b(?:sc|wsc|scaleOpts)\.from != null\b/gu, 'false'],
  [/\b(?:sc|wsc)\.from == null\b/gu, 'true'],
  [/\bms == 1\b/gu, 'true'],
  // There is a cursor, and no legend but ours; no line comes forward when the pointer is near.
  [/\bshowCursor\b/gu, 'true'],
  [/\bcursorOnePt\b/gu, 'false'],
  [/\blegend\.live\b/gu, 'true'],
  [/\bwithProx\b/gu, 'false'],
  [/\bcursor\._lock\b(?! =)/gu, 'false'],
  [/\bshouldAlpha\b/gu, 'false'],
  [/\bmultiPath\b/gu, 'false'],
  // Labels have no angle, axes no title.
  [/\bangle\b/gu, '0'],
  [/\baxis\.label (?:!= null)/gu, 'false'],
];

/** From the first text up to the second, which stays. */
const cut: readonly (readonly [from: string, upTo: string, instead?: string])[] = [
  // Formats and steps of times: ours are by the locale.
  ['const numFormatter = ', 'const M = Math;'],
  ['\n\t// min of 1e-3 prevents setting', '\t// the ensures that axis ticks'],
  ['\treturn [\n\t\ttimeIncrs,', '}\n\nconst [ timeIncrsMs', '\treturn timeAxisSplits;\n'],
  ['const months = [', 'function zeroPad2('],
  ['// ...0.01, 0.02', 'const NL = '],
  ['const [ timeIncrsMs', '/*\nconsole.log({', 'const timeAxisSplitsMs = genTimeStuffs(1);\n'],
  ['\tconst _fmtDate = ', '\tconst _timeAxisSplits = '],
  ['\tconst _timeAxisVals   = ', '\tconst activeIdxs = []'],
  [
    '\t\t\taxis.incrs  = fnOrSelf(',
    '\t\t\taxis.stroke ',
    '\t\t\taxis.incrs = fnOrSelf(axis.incrs);\n\t\t\taxis.splits = axis.splits || _timeAxisSplits;\n',
  ],
  ['\t\t\tlet av = axis.values;', '\t\t\taxis.filter = '],
  [' : sc.distr == 3 && sc.log == 2 ? log2AxisValsFilt', ' : retArg1));'],
  // Ranges: ours are functions.
  [
    '\t\t\t\tlet rangeIsArr = isArr(rn);',
    '\t\t\t\tsc.clamp = ',
    '\t\t\t\tsc.range = rn;\n\t\t\t\tsc.auto = fnOrSelf(sc.auto);\n',
  ],
  ['\t\t\t\t\telse if (s.show && s.auto)\n\t\t\t\t\t\taccScale', '\t\t\t\t\ts.idxs[0] = i0;'],
  [
    '\t\t\t\t\tif (xScaleDistr == 3)',
    '\t\t\t\t}\n\t\t\t}\n\t\t\telse {\n\t\t\t\ti0 = idxs[0] = _min = null;',
    '\t\t\t\t\t_max = _min + round(86400);\n',
  ],
  // Its legend.
  ['\t\tif (mode == 1 || i > 0) {\n\t\t\tlet isTime', '\t\tif (cursorOnePt || i > 0) {\n\t\t\ts.width'],
  ['\tconst showLegend = legend.show;', '\tconst mouseListeners = '],
  ['\t\tif (showLegend) {\n\t\t\tlet rowCells', '\t\tif (showCursor) {\n\t\t\tactiveIdxs.splice(i, 0'],
  ['\t\t\tshowLegend && remClass', '\t\telse {\n\t\t\tshowLegend &&', '\t\t\t;\n'],
  ['\t\t\tshowLegend && addClass', '\t\t\tif (showCursor) {\n\t\t\t\tlet pt = '],
  ['\t\tif (showLegend && legend.live) {\n\t\t\tfor (let sidx', '\t\tshouldSetLegend = false;\n\n\t\t_fire'],
  ['\t\tlegendTable?.remove();', '\t\tfire("destroy");'],
  ['\tfunction syncLegend() {', '\tfunction setLegend('],
  ['\tfunction setLegendValues(', '\tfunction updateCursor('],
  ['assign({}, legendOpts', ');\n\tconst cursor     =', '{}'],
  // Points on a line, and what is near the pointer.
  ['const pointsPath = ', 'function setDefaults('],
  ['\t\t\tlet _ptDia = ', '\t\t}\n\n\t\tif (showCursor) {\n\t\t\tactiveIdxs'],
  ['\t\t\t\t\t{\n\t\t\t\t\t\tlet _gaps = s._paths', '\t\t\t\t\tif (ctxAlpha != _ctxAlpha)'],
  ['\t\tif (_points && fillStyle', '\t\tlet _pxAlign = '],
  ['\t\t// the points pathbuilder', '\t\t\tfillStroke(si, strokeStyle'],
  ['\t\t\t\t\tcacheStrokeFill(i, true);', '\t\t\t\t\tif (s._paths == null) {'],
  ['\tconst cursorFocus = ', '\t// series-intersection markers'],
  ['\t\t\t\t\tif (cursorFocus && yVal2 != null) {', '\t\t\t\t\tif (shouldSetLegend || cursorOnePt) {'],
  ['\t\t\t// if only using single hover point', '\t\t}\n\n\t\t// nit: cursor.drag.setSelect'],
  ['\t\tlet prox = hov.prox', '\t\tlet bias = '],
  ['\t\t\tlet _prox = prox(', '\t\t\tlet xDim = scaleX.ori == 0 ? plotWidCss : plotHgtCss;\n\t\t\tlet cursorLft'],
  [
    '\tlet sp = self.series[si].points;\n\treturn sp._fill',
    '}\n\nfunction cursorPointStroke',
    '\treturn self.series[si]._stroke;\n',
  ],
  [
    '\tlet sp = self.series[si].points;\n\treturn sp._stroke',
    '}\n\nfunction cursorPointSize',
    '\treturn self.series[si]._stroke;\n',
  ],
  ['const facet = {', 'const gaps = '],
  ['const xySeriesOpts = {', 'const ySeriesOpts = '],
  // Bars of their own places and colours.
  ['\t\t\tlet multiPath = false;', '\t\t\tlet { x0, size } = disp;'],
  ['\t\t\tlet { x0, size } = disp;', '\t\t\telse {\n\t\t\t\tcolWid = ', '\t\t\tif (false);\n'],
  ['\t\t\t\tlet { y0, y1 } = disp;', '\t\t\t}\n\n\t\t\tlet radVal'],
  // Series, bands and lines that come, go or come forward later.
  ['\tfunction addSeries(', '\tconst sidesWithAxes = '],
  ['\tfunction setBand(', '\tfunction posToVal('],
  ['\tself.valToIdx = ', '\tself.posToVal = '],
  ['\tself.redraw = ', '\t// redraw() =>'],
  ['\t\tif (opts.focus != null)\n', '\t\tif (opts.show != null) {'],
  // Charts that follow each other: ours do by our own cursor.
  ['\t\t\tif (src != null) {\n\t\t\t\tlet [xKey, yKey]', '\t\t\t\tlet rawDX = ', '\t\t\t{\n'],
  ['\t\tif (src == null) {\n\t\t\tif (_pub) {', '\t\tif (shouldSetLegend) {\n\t\t\tlegend.idx'],
  ['\t\telse {\n\t\t\tif (_l < 0 || _t < 0) {', '\t\tif (snap && '],
  ['\t// internal pub/sub\n', '\tif (showCursor) {\n\t\tonMouse(mousedown,'],
  ['\tconst seriesIdxMatcher = ', '\tfunction destroy() {'],
  ['\t\tsync.unsub(self);', '\t\tcursorPlots.delete(self);'],
  ['\t\tclosestDist = inf;', '\t\t// TODO: extract'],
  ['\t\t_pub && pubSync(', '\t}\n\n\tself.setSeries = '],
  ['\t\t\tpubSync(mousedown,', '\t\t}\n\n\t\tlet { left, top,'],
  ['\t\t\tpubSync(mouseup,', '\t\t}\n\t}\n\n\tfunction mouseLeave('],
  ['\t\tif (e != null)\n\t\t\tpubSync(dblclick,', '\t}\n\n\tfunction syncPxRatio('],
  ['\t\t\tif (cursorFocus)\n\t\t\t\tsetSeries(', '\t\t\tif (legend.live) {'],
  // Only sideways is something selected.
  ['\t\t\t\tdragY = drag.y && rawDY', '\t\t\t\tlet p0, p1;'],
  ['\t\t\t\tif (dragY) {\n\t\t\t\t\tif (scaleX.ori == 1) {', "\t\t\t\t// the drag didn't pass the dist"],
  ['\t\tif (drag.setScale && hasSelect', '\t\tif (e != null) {\n\t\t\toffMouse(mouseup'],
  // Titles of axes and lines beside them.
  ['\t\t\t// axis label\n', '\t\t\tif (_space == 0)\n\t\t\t\tcontinue;'],
  ['\t\t\tlet angle = ', '\t\t\tlet basePos  ='],
  ['\t\t\t// rotating of labels only supported on bottom x axis\n\t\t\taxis._rotate', '\t\t\tlet oldSize = '],
  ['\t\t\tif (border.show) {', '\t\t}\n\n\t\tfire("drawAxes");'],
  ['\t\t\taxis.labelFont = pxRatioFont', '\t\t\taxis._size   = '],
  // Plugins and a title.
  ['\tif (opts.id != null)', '\tconst can = placeTag'],
  ['\t(opts.plugins || []).forEach(p => {\n\t\tif (p.opts)', '\tconst ms = '],
  ['\t(opts.plugins || []).forEach(p => {\n\t\tfor ', '\tfunction destroy() {'],
  // Bars without round corners; what is drawn with neither arcs nor curves.
  ['function rect(ori) {', 'const moveToH = '],
  ['const rectH = rect(0);', 'const arcH = ', 'const rectH = (p, x, y, w, h) => { p.rect(x, y, w, h); };\n'],
  ['const arcH = ', '// TODO: drawWrap'],
  ['\t\t\tarcH,\n', '\t\t)\n\t\t: cb('],
  // What all of ours say themselves, or do without.
  ['\tfunction autoPadSide(', '\tconst padding = '],
  ['\tconst padding = ', '\tconst _padding = ', '\tconst padding = self.padding = opts.padding.map(fnOrSelf);\n'],
  ['const font      = ', 'const lineGap = ', 'const font = "12px sans-serif";\nconst labelFont = font;\n'],
  ['function seriesPointsShow(', 'const gaps = '],
  ['\t\t\t\t\t\tif (getBBox != null) {', '\t\t\t\t\t\t\tptLft = hPos;', '\t\t\t\t\t\t{\n'],
  ['\t\tif (opts != null) {\n\t\t\tif (opts.idxs)', '\t\tshouldSetLegend = false;\n\n\t\t_fire'],
  ['\tconst focus = self.focus = ', '\t// series-intersection markers'],
  ["\tObject.defineProperty(self, 'rect'", '\tfunction syncRect('],
  ['\t\t\tif (strokePath instanceof Map) {', '\t\t\t\tstrokePath != null && strokeStyle'],
  ['\t\tif (fillPath instanceof Map) {', '\t\t\tfillPath != null && fillStyle'],
  // What others may call.
  ['uPlot.assign = assign;', 'let paths = uPlot.paths', 'uPlot.tzDate = tzDate;\n\n{\n\t'],
  ['\t\tpoints,\n\t};', '\t(paths.stepped = ', '\t};\n\n'],
  ['\t(paths.spline ', '}\n\nexport {'],
];

const replaced: readonly (readonly [text: string, instead: string])[] = [
  ['\t\tshow: seriesPointsShow,\n', '\t\tshow: false,\n'],
  ['\t\tif (!_points) {', '\t\t{'],
  ['\tconst ms = opts.ms || 1e-3;\n', ''],
  ['const rect = ori == 0 ? rectH : rectV;', 'const rect = rectH;'],
  ['const drawAccV = _drawAcc(lineToV);\n', ''],
  ['round(ts / ms)', 'round(ts)'],
  ['(ms == 1 ? timeAxisSplitsMs(_tzDate) : timeAxisSplitsS(_tzDate))', 'timeAxisSplitsMs(_tzDate)'],
  ['\ton(dppxchange, win, () => { uPlot.pxRatio = pxRatio; });\n', ''],
  ['\tconst xScaleDistr = scaleX.distr;\n', ''],
  ['[axis.font, axis.labelFont].forEach', '[axis.font].forEach'],
  ['\t\tif (legend.show && legend.live && shouldSetLegend) {', '\t\tif (false) {'],
  [
    '\t\tlet s = _points ? series[si].points : series[si];\n\n\t\ts._stroke',
    '\t\tlet s = series[si];\n\n\t\ts._stroke',
  ],
  ['\t\tlet s = _points ? series[si].points : series[si];\n\n\t\tlet {', '\t\tlet s = series[si];\n\n\t\tlet {'],
  ['\t\t\tlet shouldAlpha = series.some(s => s._focus) && ctxAlpha != focus.alpha;\n', ''],
];

/** @throws {Error} when a text is not there, as in another version of uPlot */
function slim(code: string): string {
  let left = code;
  const found = (text: string, from = 0): number => {
    const at = left.indexOf(text, from);
    if (at < 0) throw new Error(`uPlot: expected ${JSON.stringify(text)}; is it another version?`);
    return at;
  };
  for (const [from, upTo, instead = ''] of cut) {
    const start = found(from);
    left = left.slice(0, start) + instead + left.slice(found(upTo, start + from.length));
  }
  for (const [text, instead] of replaced) {
    const start = found(text);
    left = left.slice(0, start) + instead + left.slice(start + text.length);
  }
  for (const [expression, value] of decided) {
    if (!expression.test(left)) throw new Error(`uPlot: expected ${expression.source}; is it another version?`);
    expression.lastIndex = 0;
    left = left.replace(expression, value);
  }
  return left;
}
