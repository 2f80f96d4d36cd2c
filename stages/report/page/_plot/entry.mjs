// What charts.js uses of Observable Plot.
export { plot, dot, line, barX, ruleX, ruleY, link, text, frame, tip, pointer, pointerY } from "@observablehq/plot";
