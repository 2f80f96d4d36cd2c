"use strict";
// Draws the page's figures with Observable Plot, at the width they have on the screen.
(() => {
  const colour = d => d.series < 0 ? "var(--faint)" : `var(--c${d.series})`;
  const whisker = { stroke: "var(--ink)", strokeWidth: 1.25 };
  const tip = { fontSize: 12, fill: "var(--paper)", stroke: "var(--line)", textPadding: 8, lineWidth: 28 };
  const scale = (axis, more) => ({
    label: axis.label, grid: true, nice: axis.low === undefined || axis.high === undefined,
    ...(axis.whole ? { interval: 1, tickFormat: "d" } : { ticks: 6 }), ...more,
  });

  function points(c, width) {
    const values = k => c.points.flatMap(p => [p[k], p[k === "x" ? "left" : "lower"], p[k === "x" ? "right" : "upper"]])
      .concat((c.curves || []).flatMap(l => l.points.map(p => p[k === "x" ? 0 : 1]))).filter(v => v !== undefined);
    const domain = k => [c[k].low ?? Math.min(...values(k)), c[k].high ?? Math.max(...values(k))];
    const across = c.points.filter(p => p.left !== undefined), upright = c.points.filter(p => p.upper !== undefined);
    return Plot.plot({
      width, height: Math.round(Math.min(width * 0.72, 360)), marginLeft: 44, marginBottom: 40, insetLeft: c.x.whole ? 6 : 0, insetRight: c.x.whole ? 8 : 0,
      x: scale(c.x, { domain: domain("x") }), y: scale(c.y, { domain: domain("y") }), color: { type: "identity" },
      marks: [
        Plot.frame({ stroke: "var(--line)" }),
        (c.lines || []).map(l => Plot.link([l], { x1: d => d.from[0], y1: d => d.from[1], x2: d => d.to[0], y2: d => d.to[1], stroke: "var(--faint)", strokeDasharray: l.dashed ? "6 4" : null })),
        (c.curves || []).map(l => Plot.line(l.points, { stroke: colour(l), strokeWidth: l.series < 0 ? 1.5 : 2, strokeDasharray: l.dashed ? "5 4" : null })),
        Plot.ruleY(across, { x1: "left", x2: "right", y: "y", stroke: colour, strokeWidth: 1.5 }),
        Plot.ruleX(upright, { y1: "lower", y2: "upper", x: "x", stroke: colour, strokeWidth: 1.5 }),
        Plot.dot(c.points, { x: "x", y: "y", fill: colour, stroke: c.points.length > 60 ? "none" : "var(--paper)", r: c.points.length > 60 ? 2 : 4.5 }),
        Plot.tip(c.points, Plot.pointer({ x: "x", y: "y", title: "tip", ...tip })),
      ],
    });
  }

  function bars(c, width) {
    const places = Math.max(...c.bars.map(b => b.place)) + 1;
    const high = Math.max(c.guess ?? 0, ...c.bars.map(b => b.high ?? b.value));
    const at = { fy: "row", y: "place" };
    return Plot.plot({
      width, height: 46 + c.rows.length * (places * 12 + 24), marginLeft: 8, marginRight: 12, marginTop: 4, marginBottom: 40,
      x: scale(c.x, { domain: [Math.min(c.x.low ?? 0, ...c.bars.map(b => b.low ?? b.value)), high], nice: true }),
      y: { axis: null, domain: [...Array(places).keys()], padding: 0.12, insetTop: 18 },
      fy: { axis: null, domain: [...c.rows.keys()], padding: 0.06 }, color: { type: "identity" },
      marks: [
        Plot.barX(c.bars, { ...at, x: "value", fill: colour, fillOpacity: 0.85 }),
        Plot.ruleY(c.bars.filter(b => b.high !== undefined), { ...at, x1: "low", x2: "high", ...whisker }),
        c.guess === undefined ? null : Plot.ruleX([c.guess], { stroke: "var(--faint)", strokeWidth: 2, strokeDasharray: "1 4", strokeLinecap: "round" }),
        Plot.text(c.rows.map((name, row) => ({ name, row })), { fy: "row", text: "name", frameAnchor: "top-left", dy: 3, fill: "var(--ink)", fontWeight: 600, fontSize: 12 }),
        Plot.tip(c.bars, Plot.pointerY({ ...at, x: "value", title: "tip", ...tip })),
      ],
    });
  }

  const observer = new ResizeObserver(entries => entries.forEach(e => draw(e.target)));
  function draw(place) {
    const width = Math.round(Math.min(Math.max(place.clientWidth, 240), 560));
    if (place.clientWidth === 0 || place.dataset.width === String(width)) return; // folded away, or drawn
    place.dataset.width = width;
    const c = JSON.parse(place.parentElement.querySelector("script").textContent);
    const svg = (c.kind === "bars" ? bars : points)(c, width);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", place.parentElement.querySelector("figcaption").textContent);
    place.replaceChildren(svg);
  }
  for (const place of document.querySelectorAll("figure .plot")) {
    draw(place);
    observer.observe(place);
  }
})();
