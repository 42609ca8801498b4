// An execution: its graph as it is, or as it was at any event, and all that is known of it.

import { call, get, watch } from "./api.js";
import { h, put, tabs } from "./dom.js";
import { drawGraph } from "./graph.js";
import { Timeline, details } from "./timeline.js";
import { block, chip, last, linkTo, moment, table, took } from "./text.js";

const ROWS = 200; // of the event table at once

export async function showExecution(arn) {
  const view = new View(arn, await get("executions", arn));
  await view.more();
  view.begin();
  return view;
}

class View {
  constructor(arn, about) {
    this.arn = arn;
    this.about = about;
    this.title = about.name;
    this.timeline = new Timeline();
    this.at = 0; // the event that is shown
    this.follow = true; // whether that is the newest one, whatever comes
    this.selected = null;
    this.trouble = null; // why there are no events
    this.journal = [];
    this.busy = false;
    this.again = false;
    this.graph = about.graph && drawGraph(about.graph, { live: true, onselect: (name) => this.select(name) });
    this.head = h("div", { class: "head" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.build();
  }

  begin() {
    this.unwatch = watch(this.arn, () => this.changed());
    this.clock = setInterval(() => this.tick(), 1000);
  }

  shown() {
    this.canvas.scrollLeft = (this.canvas.scrollWidth - this.canvas.clientWidth) / 2;
  }

  leave() {
    this.unwatch();
    clearInterval(this.clock);
  }

  // --- what the page is made of ---

  build() {
    const step = (key, text, label, act) => h("button", {
      type: "button", "data-key": key, title: `${label} (${key || "–"})`, "aria-label": label, onclick: act,
    }, text);
    this.slider = h("input", {
      type: "range", min: 0, max: 0, value: 0, "aria-label": "Event", class: "slider",
      oninput: () => this.goTo(Number(this.slider.value)),
    });
    this.moment = h("output", { class: "moment", "aria-live": "off" });
    this.newest = step("l", "live", "Newest event", () => this.goTo(this.timeline.last, true));
    const travel = h("div", { class: "travel", role: "group", "aria-label": "Time travel" },
      step("", "|◀", "First event", () => this.goTo(1)),
      step("[", "◀", "Event before", () => this.goTo(this.at - 1)),
      this.slider,
      step("]", "▶", "Next event", () => this.goTo(this.at + 1)),
      this.newest, this.moment);
    this.side = tabs("At this event", [
      ["state", "State", () => this.statePanel()],
      ["variables", "Variables", () => this.variablesPanel()],
      ["data", "Input and output", () => this.dataPanel()],
    ], "data");
    this.below = tabs("All of it", [
      ["events", "Events", () => this.eventsPanel()],
      ["journal", "Journal", () => this.journalPanel()],
      ["definition", "Definition", () => this.about.definition === null
        ? h("p", { class: "empty" }, "The program was imported without its definition.")
        : block(this.about.definition, "definition")],
      ["json", "JSON", () => this.jsonPanel()],
    ], "events", (name) => name === "journal" && this.records());
    this.canvas = h("div", { class: "canvas", tabindex: 0, "aria-label": "Graph" }, this.graph
      ? this.graph.node : h("p", { class: "empty" }, "No graph: the program was imported without its definition."));
    this.node = h("div", { class: "view execution" }, this.head, this.problem, travel,
      h("div", { class: "two" }, this.canvas, this.side.node), this.below.node);
  }

  drawHead() {
    const { about } = this;
    const running = about.status === "RUNNING";
    const redrivable = ["FAILED", "TIMED_OUT", "ABORTED"].includes(about.status) && about.type === "STANDARD";
    const act = (text, operation, request) => h("button", {
      type: "button", "data-act": operation, onclick: () => this.act(operation, request),
    }, text);
    const facts = [
      ["started", moment(about.started)],
      ["stopped", moment(about.stopped)],
      ["took", took((about.stopped ?? this.now()) - about.started)],
      about.redrives ? ["redriven", `${about.redrives}×, ${moment(about.redriven)}`] : null,
      running && about.due ? ["next due", moment(about.due)] : null,
      about.version ? ["version", last(about.version)] : null,
      about.parent ? ["started by", h("a", { href: linkTo("executions", about.parent) }, last(about.parent))] : null,
      ["records", about.records],
    ].filter(Boolean);
    const held = document.activeElement?.dataset?.act;
    put(this.head,
      h("p", { class: "crumbs" }, h("a", { href: "/" }, "Executions"), " / ",
        about.machine ? h("a", { href: linkTo("machines", about.machine) }, last(about.machine)) : "imported", " /"),
      h("div", { class: "title" }, h("h1", null, about.name), chip(about.status), h("span", { class: "space" }),
        running && act("Stop", "StopExecution", { executionArn: this.arn, error: "Stopped", cause: "stopped on the page" }),
        redrivable && act("Redrive", "RedriveExecution", { executionArn: this.arn }),
        about.machine && h("a", { class: "button", href: `${linkTo("machines", about.machine)}?${new URLSearchParams({ from: this.arn })}` }, "Start again …")),
      h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))),
      about.error !== null && h("p", { class: "why" }, h("b", null, about.error), about.cause ? `: ${about.cause}` : ""));
    if (held) this.head.querySelector(`[data-act="${held}"]`)?.focus();
  }

  // --- what comes ---

  now() {
    return Date.now() + this.ahead;
  }

  async changed() {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    try {
      this.about = await get("executions", this.arn);
      await this.more();
      if (this.below.node.querySelector('[data-tab="journal"]').ariaSelected === "true") await this.records();
    } catch (error) {
      put(this.problem, `${error.code ?? "No answer"}: ${error.message}`);
    } finally {
      this.busy = false;
    }
    if (this.again) {
      this.again = false;
      this.changed();
    }
  }

  /** Fetch the events that are new, and show them. */
  async more() {
    this.ahead = this.about.now - Date.now();
    try {
      for (;;) {
        const found = await get("events", this.arn, { after: this.timeline.last || "" });
        this.timeline.add(found.events);
        if (!found.events.length || this.timeline.last >= found.total) break;
      }
      this.trouble = null;
    } catch (error) {
      this.trouble = error;
    }
    this.slider.min = Math.min(1, this.timeline.last);
    this.slider.max = this.timeline.last;
    if (this.follow) this.at = this.timeline.last;
    this.draw();
  }

  async records() {
    for (;;) {
      const found = await get("records", this.arn, { after: this.journal.length || "" });
      this.journal.push(...found.records);
      if (!found.records.length || this.journal.length >= found.total) break;
    }
    this.below.refresh();
  }

  tick() {
    if (this.about.status !== "RUNNING") return;
    const value = this.head.querySelectorAll(".facts dd")[2];
    if (value) value.textContent = took(this.now() - this.about.started);
    if (this.follow) this.graph?.show(this.timeline.states(this.at, this.now()), this.selected);
  }

  async act(operation, request) {
    put(this.problem);
    try {
      await call(operation, request);
      await this.changed();
    } catch (error) {
      put(this.problem, `${error.code ?? "No answer"}: ${error.message}`);
    }
  }

  // --- what is shown ---

  goTo(number, follow = false) {
    this.at = Math.max(Math.min(1, this.timeline.last), Math.min(this.timeline.last, number));
    this.follow = follow || this.at === this.timeline.last;
    this.draw();
  }

  select(name) {
    this.selected = name;
    this.side.choose("state");
    this.draw();
  }

  draw() {
    this.drawHead();
    const event = this.timeline.events[this.at - 1];
    this.slider.value = this.at;
    this.slider.setAttribute("aria-valuetext", event ? `event ${this.at}, ${event.type}` : "none");
    this.newest.classList.toggle("on", this.follow);
    put(this.moment, event ? [h("b", null, `${this.at} / ${this.timeline.last}`), ` ${event.type} `, h("span", null, moment(event.time))]
      : this.trouble ? `${this.trouble.code}: ${this.trouble.message}` : "no event yet");
    this.states = this.timeline.states(this.at, this.now());
    this.graph?.show(this.states, this.selected);
    this.side.refresh();
    if (this.below.node.querySelector('[data-tab="journal"]').ariaSelected !== "true") this.below.refresh();
  }

  statePanel() {
    const name = this.selected ?? this.timeline.where(this.at);
    const state = name && this.states?.get(name);
    if (!name) return h("p", { class: "empty" }, "Choose a state in the graph.");
    const title = h("h3", null, name, " ", state && h("span", { class: `mark ${state.status}` }, state.status));
    if (!state) return h("div", null, title, h("p", { class: "empty" }, "Not entered by this event."));
    const visits = state.visits.slice(-100).reverse();
    return h("div", null, title, visits.map((visit, n) => h("details", { open: n === 0 },
      h("summary", null, `${state.visits.length > 1 ? `${state.visits.length - n} of ${state.visits.length}: ` : ""}${visit.status}, ${took(visit.took)}`),
      h("dl", { class: "facts" }, [["entered", moment(visit.from)], ["left", visit.over ? moment(visit.to) : "–"],
        ["tries", visit.tries.filter((id) => id <= this.at).length || "–"]].map(([key, value]) =>
        h("div", null, h("dt", null, key), h("dd", null, value)))),
      visit.errors.filter((one) => one.id <= this.at).map((one) => h("p", { class: "why" },
        h("button", { type: "button", class: "plain", onclick: () => this.goTo(one.id) }, `event ${one.id}`), " ", h("b", null, one.error || "failed"), one.cause ? `: ${one.cause}` : "")),
      h("h4", null, "input"), block(visit.input, "input"),
      visit.over && visit.output !== undefined && [h("h4", null, "output"), block(visit.output, "output")])));
  }

  variablesPanel() {
    const found = this.timeline.variables(this.at);
    if (!found.length) return h("p", { class: "empty" }, "No variable is set at this event.");
    return h("div", { class: "variables" }, found.map((one) => h("section", { "data-variable": one.name },
      h("h4", null, `$${one.name}`, one.depth ? h("small", null, " of a branch") : ""), block(one.value, one.name))));
  }

  dataPanel() {
    const { input, output } = this.about;
    return h("div", null, h("h4", null, "input"), block(input, "input"),
      h("h4", null, "output"), output === null ? h("p", { class: "empty" }, "None yet.") : block(output, "output"));
  }

  eventsPanel() {
    const { events } = this.timeline;
    if (!events.length) return h("p", { class: "empty" }, this.trouble ? `${this.trouble.code}: ${this.trouble.message}` : "There is none yet.");
    const first = Math.max(0, Math.min(this.at - ROWS / 2, events.length - ROWS));
    const start = events[0].time;
    const shown = events.slice(first, first + ROWS);
    return h("div", null,
      events.length > ROWS && h("p", { class: "note" }, `events ${first + 1} to ${first + shown.length} of ${events.length}; the slider goes to the others`),
      table(["event", "after", "type", "state", "details"], shown.map((event) => h("tr", {
        class: event.id === this.at ? "current" : event.id > this.at ? "later" : "", "data-event": event.id,
        onclick: () => this.goTo(event.id),
      },
      h("td", null, h("button", { type: "button", class: "plain", "aria-label": `Event ${event.id}` }, event.id)),
      h("td", { class: "time", title: moment(event.time) }, `+${took(event.time - start)}`),
      h("td", null, event.type), h("td", null, this.timeline.where(event.id) ?? ""),
      h("td", { class: "brief" }, h("div", null, brief(event))))), { class: "events" }));
  }

  journalPanel() {
    if (!this.journal.length) return h("p", { class: "empty" }, "There is no record.");
    return table(["record", "kind", "input", "time", "bytes", "digest", "content"], this.journal.map((one) => [
      one.number, one.kind, one.input ?? "", moment(one.time), one.bytes, h("code", null, one.digest ?? ""),
      h("details", null, h("summary", null, "hex"), h("code", { class: "hex" }, one.body, one.bytes > 4096 ? " …" : "")),
    ]), { class: "events" });
  }

  jsonPanel() {
    const { graph: _, definition: __, now: ___, ...about } = this.about;
    const events = this.timeline.events.map(({ time: ____, ...event }) => event);
    const text = JSON.stringify({ execution: about, events }, null, 2);
    return h("div", null,
      h("p", { class: "note" }, h("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: `${this.about.name}.json` }, "download")),
      h("pre", { tabindex: 0, "aria-label": "JSON" }, text.length > 500_000 ? `${text.slice(0, 500_000)}\n…` : text));
  }
}

/** What an event says, in one line. */
function brief(event) {
  const about = { ...details(event) };
  for (const name of ["name", "inputDetails", "outputDetails", "assignedVariablesDetails"]) delete about[name];
  const text = Object.entries(about).map(([key, value]) =>
    `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ");
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
