"use strict";
// Makes the heads of all tables with more than one row buttons that sort it.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  if (original.length < 2) continue;
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")];
      for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", next);
      const sign = next === "descending" ? -1 : 1;
      const sorted = next === "none" ? original : [...original].sort((a, b) => sign * compare(a.cells[column], b.cells[column]));
      body.append(...sorted);
    });
  });
}
// On paper nothing can be unfolded; what fills pages with digests stays on the screen.
addEventListener("beforeprint", () => document.querySelectorAll("details:not(.screen)").forEach(d => { d.open = true; }));

// Figures by value, and after all figures what has none; names by their text.
function compare(a, b) {
  const x = a.dataset.sort, y = b.dataset.sort;
  if (x !== undefined && y !== undefined) return Number(x) - Number(y);
  if (x !== undefined) return -1;
  if (y !== undefined) return 1;
  return a.textContent.localeCompare(b.textContent, "en", { numeric: true });
}
