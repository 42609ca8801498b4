// What stands beside the graph: a state, the event, variables, input and output.

import { h } from "./dom.js";
import { details } from "./timeline.js";
import { block, linkTo, moment, table, took } from "./text.js";

const VISITS = 100; // the newest ones
const LINES = 200; // of a table of items

const facts = (pairs) => h("dl", { class: "facts" }, pairs.filter(Boolean).map(([key, value]) =>
  h("div", null, h("dt", null, key), h("dd", null, value))));
const mark = (status) => h("span", { class: `mark ${status}` }, status);

/** The visits of a state until the event that is shown, the newest first. */
export function statePanel(view) {
  const name = view.selected ?? view.timeline.where(view.at);
  if (!name) return h("p", { class: "empty" }, "Choose a state in the graph.");
  const state = view.states?.get(name);
  const title = h("h3", null, name, " ", state && mark(state.status));
  if (!state) return h("div", null, title, h("p", { class: "empty" }, "Not entered by this event."));
  const all = state.visits.length;
  const shown = state.visits.slice(-VISITS).reverse();
  return h("div", null, title,
    all > VISITS && h("p", { class: "note" }, `the last ${VISITS} of ${all.toLocaleString("en")} visits`),
    shown.map((visit, n) => {
      const now = view.timeline.visit(visit, view.at, view.now());
      const which = [all > 1 && `${all - n} of ${all}`, inItem(visit), now.status].filter(Boolean).join(", ");
      return lazy(`${which}, ${took(now.took)}`, n === 0, () => visitOf(view, visit, now));
    }));
}

const inItem = (visit) => {
  const path = visit.path.filter((index) => index !== undefined);
  return path.length ? `item ${path.join(".")}` : null;
};

/** Details that are made when they are first opened. */
function lazy(summary, open, make) {
  const node = h("details", { open }, h("summary", null, summary), open && make());
  let made = open;
  node.addEventListener("toggle", () => {
    if (made) return;
    made = true;
    node.append(make());
  });
  return node;
}

function visitOf(view, visit, now) {
  const left = visit.left <= view.at;
  const event = (id) => h("button", { type: "button", class: "plain", onclick: () => view.goTo(id) }, `event ${id}`);
  return h("div", null,
    facts([["entered", [moment(visit.from), ", ", event(visit.entered)]],
      ["left", left ? [moment(visit.to), ", ", event(visit.left)] : "–"],
      ["tries", now.tries || "–"],
      visit.mapRun && ["map run", h("a", { href: linkTo("map-runs", visit.mapRun) }, "how its items do")]]),
    visit.errors.filter((one) => one.id <= view.at).map((one) => h("p", { class: "why" },
      event(one.id), " ", h("b", null, one.error || "failed"), one.cause ? `: ${one.cause}` : "")),
    within(view, visit, event),
    h("h4", null, "input"), block(visit.input, "input"),
    left && visit.output !== undefined && [h("h4", null, "output"), block(visit.output, "output")]);
}

/** The items of an inline Map, or the branches of a Parallel, and the state in which each is. */
function within(view, visit, event) {
  const depth = visit.scope.length;
  const inner = view.timeline.visits.filter((one) => one.scope[depth] === visit && one.scope.length === depth + 1 && one.entered <= view.at);
  if (visit.kind === "Map") {
    const items = view.timeline.items(visit, view.at);
    if (!items.length) return null;
    const last = new Map(inner.map((one) => [one.path[depth], one]));
    const count = (status) => items.filter((one) => one.status === status).length;
    const counts = ["running", "succeeded", "failed", "aborted"].filter(count).map((status) => `${count(status)} ${status}`);
    return [h("h4", null, `items: ${counts.join(", ")}${visit.length === null ? "" : `, of ${visit.length}`}`),
      items.length > LINES && h("p", { class: "note" }, `the last ${LINES} of them`),
      table(["item", "status", "took", "state", ""], items.slice(-LINES).map((one) =>
        [one.index, mark(one.status), took((one.to ?? view.timeline.events[view.at - 1].time) - one.from), last.get(one.index)?.name ?? "", event(one.began)]),
      { "aria-label": "items" })];
  }
  const branches = visit.kind === "Parallel" ? framesOf(view.about.graph, visit.name) : [];
  if (!branches.length) return null;
  return [h("h4", null, "branches"), table(["branch", "status", "state", ""], branches.map((frame, n) => {
    const names = new Set(frame.boxes.map((box) => box.name));
    const one = inner.findLast((item) => names.has(item.name));
    const status = one && view.timeline.visit(one, view.at, view.now()).status;
    return [n, one ? mark(status) : "–", one?.name ?? "", one ? event(one.entered) : ""];
  }), { "aria-label": "branches" })];
}

/** The machines within a state, as the graph has them. */
function framesOf(cluster, name) {
  if (!cluster) return [];
  const box = cluster.boxes.find((one) => one.name === name);
  if (box) return cluster.frames.filter((frame) => frame.owner === box.id);
  for (const frame of cluster.frames) {
    const found = framesOf(frame, name);
    if (found.length) return found;
  }
  return [];
}

/** All that the event that is shown says. */
export function eventPanel(view) {
  const event = view.timeline.events[view.at - 1];
  if (!event) return h("p", { class: "empty" }, "There is no event yet.");
  const about = Object.entries(details(event)).filter(([key]) => !key.endsWith("Details"));
  const long = ([key, value]) => typeof value === "object" || /^(input|output|parameters|cause|assignedVariables)$/.test(key) || String(value).length > 80;
  const json = (value) => typeof value === "string" ? value : JSON.stringify(value);
  return h("div", null,
    h("h3", null, `${event.id} ${event.type}`),
    facts([["time", moment(event.time)],
      event.previousEventId > 0 && ["follows", h("button", { type: "button", class: "plain", onclick: () => view.goTo(event.previousEventId) }, `event ${event.previousEventId}`)],
      ["state", view.timeline.where(event.id) ?? "–"],
      ...about.filter((pair) => !long(pair))]),
    about.filter(long).map(([key, value]) => [h("h4", null, key), block(json(value), key)]));
}

/** The variables that are set at the event that is shown. */
export function variablesPanel(view) {
  const found = view.timeline.variables(view.at);
  if (!found.length) return h("p", { class: "empty" }, "No variable is set at this event.");
  return h("div", { class: "variables" }, found.map((one) => h("section", { "data-variable": one.name },
    h("h4", null, `$${one.name}`, one.depth ? h("small", null, " of a branch") : ""), block(one.value, one.name))));
}

/** What the execution was given, and what came of it. */
export function dataPanel({ status, input, output }) {
  return h("div", null, h("h4", null, "input"), block(input, "input"),
    h("h4", null, "output"), output !== null ? block(output, "output")
      : h("p", { class: "empty" }, status === "RUNNING" ? "None yet." : "None: it did not succeed."));
}
