// A table of very many rows: only those are made that can be seen, and some around them.

import { h, put } from "./dom.js";

const AROUND = 40; // rows made above and below those that can be seen

/** columns: [[class, heading], ..].  row(n) -> cells, or {cells, ...attributes of the row}.
 *  onmove(step): an arrow key asks for another row.  -> {node, update(count, current)} */
export function rows(label, columns, row, onmove) {
  const body = h("tbody");
  const whole = h("table", { class: "events", "aria-label": label },
    h("thead", null, h("tr", null, columns.map(([kind, text]) => h("th", { scope: "col", class: kind }, text)))), body);
  const node = h("div", { class: "scroll rows", tabindex: 0, role: "group", "aria-label": label, onscroll: () => draw(), onkeydown: key }, whole);
  let count = 0;
  let drawn = [0, 0]; // the rows that are made
  let high = 34; // of a row, in pixels; measured when there is one

  function key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !onmove) return;
    event.preventDefault();
    onmove(step);
  }

  function seen() {
    const first = Math.floor(node.scrollTop / high);
    return [first, first + Math.ceil((node.clientHeight || 600) / high)];
  }

  function space(n) {
    if (n <= 0) return null;
    const cell = h("td", { colspan: columns.length });
    cell.style.height = `${n * high}px`;
    return h("tr", { class: "space", "aria-hidden": "true" }, cell);
  }

  function draw(anew = false) {
    const [first, last] = seen();
    if (!anew && first >= drawn[0] && Math.min(last, count) <= drawn[1]) return;
    const from = Math.max(0, Math.min(first, count) - AROUND);
    const to = Math.min(count, last + AROUND);
    drawn = [from, to];
    const made = [];
    for (let n = from; n < to; n++) {
      const { cells, ...about } = row(n);
      made.push(h("tr", { "aria-rowindex": n + 2, ...about }, cells.map((cell, at) => h("td", { class: columns[at][0] }, cell))));
    }
    put(body, space(from), made, space(count - to));
    const one = made[0]?.getBoundingClientRect().height;
    if (one && one !== high) {
      high = one;
      put(body, space(from), made, space(count - to));
    }
  }

  /** There are `total` rows now, and number `current` is to be seen. */
  function update(total, current = null) {
    count = total;
    whole.setAttribute("aria-rowcount", count + 1);
    draw(true);
    if (current === null || !node.isConnected) return;
    const head = whole.tHead.offsetHeight;
    const top = current * high;
    if (top < node.scrollTop || top + high > node.scrollTop + node.clientHeight - head) {
      node.scrollTop = top - (node.clientHeight - head) / 2;
      draw();
    }
  }
  return { node, update };
}
