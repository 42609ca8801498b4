// The graph of a workflow as SVG, and what its states have come to.

import { h, s } from "./dom.js";
import { cut, layout } from "./layout.js";
import { took } from "./text.js";

const MARGIN = 12;
const READABLE = 0.8; // the smallest scale that it begins with
const KINDS = { task: "Task", choice: "Choice", wait: "Wait", pass: "Pass", succeed: "Succeed", fail: "Fail", parallel: "Parallel", map: "Map" };
const SIGNS = { running: "●", retrying: "↻", succeeded: "✓", caught: "⚑", failed: "✕", aborted: "■" };

/** {node, show(states)}: `states` maps names to what timeline.js tells of them.  onselect(name). */
export function drawGraph(cluster, { live = false, onselect = null } = {}) {
  const plan = layout(cluster, live ? 1 : 0);
  const boxes = new Map(); // name -> [group, line]
  const width = plan.width + 2 * MARGIN;
  const height = plan.height + 2 * MARGIN;
  const node = s("svg", {
    class: "graph", viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": "Workflow",
  }, s("defs", null, ["plain", "catch"].map((kind) =>
    s("marker", { id: `head-${kind}`, class: `head ${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto-start-reverse" },
      s("path", { d: "M0 0.5L8 4L0 7.5z" })))),
  machine(plan, MARGIN, MARGIN));

  // As wide as there is room, but so that it can be read.
  node.style.width = `min(${width}px, max(100%, ${Math.round(width * READABLE)}px))`;
  node.style.height = "auto";

  function machine(of, x, y) {
    return s("g", { transform: `translate(${x} ${y})` },
      of.nodes.map(box), of.edges.map(arrow));
  }

  function box(at) {
    const { kind, name } = at.box;
    if (kind === "start" || kind === "finish") {
      return s("g", { class: `end ${kind}` }, s("circle", { cx: at.x, cy: at.y, r: 11 }),
        kind === "finish" && s("circle", { cx: at.x, cy: at.y, r: 7, class: "inner" }));
    }
    const [x, y] = [at.x - at.width / 2, at.y - at.height / 2];
    const line = live ? s("text", { x: at.width / 2, y: at.top - 6, class: "status" }) : null;
    const choose = () => onselect?.(name);
    const group = s("g", {
      class: `state ${kind}`, "data-state": name, transform: `translate(${x} ${y})`,
      ...(onselect ? {
        tabindex: 0, role: "button", onclick: (event) => {
          event.stopPropagation();
          choose();
        },
        onkeydown: (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          event.stopPropagation();
          choose();
        },
      } : {}),
      "aria-label": `${name}, ${KINDS[kind]}`,
    },
    s("title", null, `${name} (${KINDS[kind]})`),
    s("rect", { width: at.width, height: at.height, rx: kind === "choice" ? 16 : 7, class: "body" }),
    s("rect", { width: 5, height: at.height - 14, x: 0, y: 7, rx: 2, class: "kind" }),
    s("text", { x: at.width / 2, y: 21, class: "name" }, at.name),
    at.notes.map((note, n) => s("text", { x: at.width / 2, y: 37 + 15 * n, class: "note" }, note)),
    line,
    at.frames.map((frame) => [
      s("rect", { x: frame.x - 8, y: frame.y - 16, width: frame.width + 16, height: at.height - at.top - 8, rx: 5, class: "frame" }),
      machine(frame, frame.x, frame.y),
    ]));
    if (!boxes.has(name)) boxes.set(name, []);
    boxes.get(name).push([group, line]);
    return group;
  }

  function arrow({ arrow: one, points, back, label }) {
    const kind = one.kind === "catch" ? "catch" : "plain";
    return s("g", { class: `arrow ${one.kind}` },
      s("path", { d: curve(points, back), "marker-end": `url(#head-${kind})` }),
      label && s("text", { x: label[0], y: label[1] + 4 }, s("title", null, one.label), cut(one.label, 40)));
  }

  function show(states, selected) {
    for (const [name, drawn] of boxes) {
      const state = states.get(name);
      for (const [group, line] of drawn) {
        group.dataset.status = state?.status ?? "";
        group.classList.toggle("selected", name === selected);
        if (line) line.textContent = state ? told(state) : "";
        const about = group.getAttribute("aria-label").split(";")[0];
        group.setAttribute("aria-label", state ? `${about}; ${state.status}` : about);
      }
    }
  }

  /** The box of a state comes into sight. */
  function reveal(name) {
    const group = boxes.get(name)?.[0]?.[0];
    const canvas = node.parentNode;
    if (!group || !canvas) return;
    const head = group.firstElementChild.nextElementSibling.getBoundingClientRect();
    const seen = canvas.getBoundingClientRect();
    const tall = Math.min(head.height, seen.height - 40);
    if (head.left < seen.left || head.right > seen.right) canvas.scrollLeft += (head.left + head.right - seen.left - seen.right) / 2;
    if (head.top < seen.top || head.top + tall > seen.bottom) canvas.scrollTop += head.top + tall / 2 - (seen.top + seen.bottom) / 2;
  }

  /** `by` times as large; 0: as wide as there is room.  What is in the middle stays there. */
  function zoom(by) {
    const canvas = node.parentNode;
    const middle = [canvas.scrollLeft + canvas.clientWidth / 2, canvas.scrollTop + canvas.clientHeight / 2];
    const before = node.getBoundingClientRect().width;
    node.style.width = by ? `${Math.round(Math.min(3 * width, Math.max(width / 10, before * by)))}px` : `min(${width}px, 100%)`;
    const scale = node.getBoundingClientRect().width / before;
    canvas.scrollTo(middle[0] * scale - canvas.clientWidth / 2, middle[1] * scale - canvas.clientHeight / 2);
  }
  return { node, show, reveal, zoom, width, height };
}

/** A graph in a frame that scrolls, with buttons that make it larger and smaller. */
export function board(graph, without) {
  const canvas = h("div", { class: "canvas", tabindex: 0, role: "group", "aria-label": "Graph" }, graph ? graph.node : h("p", { class: "empty" }, without));
  const button = (text, label, by) => h("button", { type: "button", title: label, "aria-label": label, onclick: () => graph.zoom(by) }, text);
  const node = h("div", { class: "board" }, canvas, graph && h("div", { class: "zoom", role: "group", "aria-label": "Size of the graph" },
    button("−", "Smaller", 1 / 1.25), button("+", "Larger", 1.25), button("↔", "As wide as there is room", 0)));
  const middle = () => (canvas.scrollLeft = (canvas.scrollWidth - canvas.clientWidth) / 2);
  return { node, canvas, middle };
}

function told(state) {
  const word = state.count > 1 ? `${state.count}× · ` : state.retries ? "" : `${state.status} · `;
  const parts = [`${SIGNS[state.status]} ${word}${took(state.took)}`];
  if (state.retries) parts.push(`${state.retries} ${state.retries === 1 ? "retry" : "retries"}`);
  return parts.join(" · ");
}

function curve(points, back) {
  let d = `M${points[0][0]} ${points[0][1]}`;
  for (let n = 1; n < points.length; n++) {
    const [[x, y], [u, v]] = [points[n - 1], points[n]];
    const bend = (v - y) / 2;
    d += back && (x === u || y === v) ? `L${u} ${v}` : `C${x} ${y + bend} ${u} ${v - bend} ${u} ${v}`;
  }
  return d;
}
