// An execution: its graph as it is, or as it was at any event, and all that is known of it.

import { call, get, watch } from "./api.js";
import { h, put, tabs } from "./dom.js";
import { board, drawGraph } from "./graph.js";
import { dataPanel, eventPanel, statePanel, variablesPanel } from "./panels.js";
import { rows } from "./rows.js";
import { Timeline, details } from "./timeline.js";
import { walked } from "./walked.js";
import { block, chip, last, linkTo, moment, told, took } from "./text.js";

const SHOWN = 500_000; // characters of JSON

export async function showExecution(arn) {
  const [about, first] = await Promise.all([get("executions", arn), events(arn, 0)]);
  return new View(arn, about, first);
}

/** What comes behind an event, or why it cannot be told. */
async function events(arn, after) {
  try {
    return await get("events", arn, { after: after || "" });
  } catch (error) {
    return { error };
  }
}

class View {
  constructor(arn, about, first) {
    this.arn = arn;
    this.about = about;
    this.ahead = about.now - Date.now(); // of this computer's clock
    this.title = about.name;
    this.timeline = new Timeline();
    this.at = 0; // the event that is shown
    this.follow = true; // whether that is the newest one, whatever comes
    this.selected = null;
    this.trouble = null; // why there are no events
    this.total = 0;
    this.journal = [];
    this.drawn = ""; // what the side shows
    this.busy = false;
    this.again = false;
    this.gone = false;
    this.graph = null;
    this.known = -1; // how many visits the graph knows
    this.head = h("div", { class: "head" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.take(first);
    this.drawGraph();
    this.build();
    this.draw();
    this.unwatch = watch(arn, () => this.changed());
    this.clock = setInterval(() => this.tick(), 1000);
    if (this.timeline.last < this.total) this.changed();
  }

  shown() {
    this.board.middle();
    if (this.about.status === "RUNNING") this.reveal();
    this.rowsOfEvents.update(this.timeline.last, this.at - 1);
  }

  leave() {
    this.gone = true;
    this.unwatch();
    clearInterval(this.clock);
    cancelAnimationFrame(this.frame);
  }

  // --- what the page is made of ---

  build() {
    const step = (key, text, label, act) => h("button", {
      type: "button", "data-key": key, title: key ? `${label} (${key})` : label, "aria-label": label, onclick: act,
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
      ["state", "State", () => statePanel(this)],
      ["event", "Event", () => eventPanel(this)],
      ["variables", "Variables", () => variablesPanel(this)],
      ["data", "Input and output", () => dataPanel(this.about)],
    ], "data");
    this.rowsOfEvents = rows("Events",
      [["number", "event"], ["time", "after"], ["type", "type"], ["in", "state"], ["brief", "details"]],
      (n) => this.eventRow(n), (by) => this.goTo(this.at + by));
    this.rowsOfRecords = rows("Journal",
      [["number", "record"], ["kind", "kind"], ["kind", "input"], ["moment", "time"], ["number", "bytes"], ["digest wide", "digest"], ["brief", "content"]],
      (n) => recordRow(this.journal[n]));
    this.below = tabs("All of it", [
      ["events", "Events", () => this.timeline.last ? this.rowsOfEvents.node : h("p", { class: "empty" }, this.trouble ? told(this.trouble) : "There is none yet.")],
      ["journal", "Journal", () => this.journal.length ? this.rowsOfRecords.node : h("p", { class: "empty" }, "There is no record.")],
      ["definition", "Definition", () => this.about.definition === null
        ? h("p", { class: "empty" }, "The program was imported without its definition.")
        : block(this.about.definition, "definition")],
      ["json", "JSON", () => this.jsonPanel()],
    ], "events", (name) => this.below && this.chosen(name));
    this.board = board(this.graph, "No graph: neither a definition nor events are there.");
    this.stopping = this.stopDialog();
    this.node = h("div", { class: "view execution" }, this.head, this.problem, travel,
      h("div", { class: "two" }, this.board.node, this.side.node), this.below.node, this.stopping);
  }

  stopDialog() {
    const error = h("input", { name: "error", maxlength: 256, value: "Stopped", autocomplete: "off" });
    const cause = h("input", { name: "cause", maxlength: 32768, value: "stopped on the page", autocomplete: "off" });
    const stop = () => {
      const request = { executionArn: this.arn };
      if (error.value) request.error = error.value;
      if (cause.value) request.cause = cause.value;
      this.act("StopExecution", request);
    };
    return h("dialog", { "aria-labelledby": "stop-title" }, h("h2", { id: "stop-title" }, "Stop this execution"),
      h("form", { method: "dialog", class: "start", onsubmit: (event) => event.submitter?.value === "stop" && stop() },
        h("label", null, "error", error), h("label", null, "cause", cause),
        h("div", { class: "line-of" }, h("button", { class: "main", value: "stop" }, "Stop it"), h("button", { value: "" }, "Let it run"))));
  }

  /** The graph of the definition; without one, of the way that it went. */
  drawGraph() {
    const { graph } = this.about;
    const visits = graph ? 0 : this.timeline.visits.length;
    if (visits === this.known || !graph && !visits) return;
    this.known = visits;
    this.plan = graph ?? walked(this.timeline);
    this.graph = drawGraph(this.plan, { live: true, onselect: (name) => this.select(name) });
    if (!this.board) return;
    const anew = board(this.graph);
    this.board.node.replaceWith(anew.node);
    this.board = anew;
  }

  drawHead() {
    const { about } = this;
    const running = about.status === "RUNNING";
    const redrivable = ["FAILED", "TIMED_OUT", "ABORTED"].includes(about.status) && about.type === "STANDARD" && about.machine;
    const button = (text, operation, onclick) => h("button", { type: "button", "data-act": operation, onclick }, text);
    const facts = [
      ["started", moment(about.started)],
      ["stopped", moment(about.stopped)],
      ["took", took((about.stopped ?? this.now()) - about.started)],
      about.redrives ? ["redriven", `${about.redrives}×, ${moment(about.redriven)}`] : null,
      running && about.due ? ["next due", moment(about.due)] : null,
      about.version ? ["version", last(about.version)] : null,
      about.alias ? ["alias", last(about.alias)] : null,
      about.parent ? ["started by", h("a", { href: linkTo("executions", about.parent) }, last(about.parent))] : null,
      ["records", about.records],
    ].filter(Boolean);
    const held = document.activeElement?.dataset?.act;
    put(this.head,
      h("p", { class: "crumbs" }, h("a", { href: "/" }, "Executions"), " / ",
        about.machine ? h("a", { href: linkTo("machines", about.machine) }, last(about.machine)) : "imported", " /"),
      h("div", { class: "title" }, h("h1", null, about.name), chip(about.status), about.broken && chip("BROKEN"), h("span", { class: "space" }),
        running && about.machine && button("Stop …", "StopExecution", () => this.stopping.showModal()),
        redrivable && button("Redrive", "RedriveExecution", () => this.act("RedriveExecution", { executionArn: this.arn })),
        about.machine && h("a", { class: "button", href: `${linkTo("machines", about.machine)}?${new URLSearchParams({ from: this.arn })}` }, "Start again …")),
      h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))),
      about.broken && h("p", { class: "why" }, h("b", null, "It cannot go on"), `: ${about.broken}`),
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
      const { definition, graph } = this.about;
      this.about = { ...await get("executions", this.arn, { brief: 1 }), definition, graph };
      this.ahead = this.about.now - Date.now();
      while (!this.gone && this.take(await events(this.arn, this.timeline.last))) this.progress();
      this.draw();
      if (this.below.chosen() === "journal") await this.records();
    } catch (error) {
      put(this.problem, told(error));
    } finally {
      this.busy = false;
    }
    if (this.again && !this.gone) {
      this.again = false;
      this.changed();
    }
  }

  /** Events have come.  -> whether there are more */
  take({ error, events: found, total }) {
    this.trouble = error ?? null;
    if (error) return false;
    this.timeline.add(found);
    this.total = total;
    return found.length > 0 && this.timeline.last < total;
  }

  progress() {
    put(this.moment, `event ${this.timeline.last.toLocaleString("en")} of ${this.total.toLocaleString("en")} is here …`);
  }

  async records() {
    for (;;) {
      const before = this.journal.at(-1);
      const found = await get("records", this.arn, before ? { after: before.number + 1, now: before.time } : {});
      this.journal.push(...found.records);
      if (this.gone || !found.records.length || found.records.at(-1).number + 1 >= found.total) break;
    }
    if (this.below.chosen() !== "journal") return;
    if (!this.rowsOfRecords.node.isConnected) this.below.refresh();
    this.rowsOfRecords.update(this.journal.length);
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
      put(this.problem, told(error));
    }
  }

  // --- what is shown ---

  goTo(number, follow = false) {
    this.at = Math.max(Math.min(1, this.timeline.last), Math.min(this.timeline.last, number));
    this.follow = follow || this.at === this.timeline.last;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.drawAt();
      this.reveal();
    });
  }

  reveal() {
    const name = this.timeline.where(this.at);
    if (name) this.graph?.reveal(name);
  }

  select(name) {
    this.selected = name;
    this.side.choose("state");
    this.drawAt();
  }

  draw() {
    this.drawHead();
    this.drawGraph();
    this.slider.min = Math.min(1, this.timeline.last);
    this.slider.max = this.timeline.last;
    if (this.follow) this.at = this.timeline.last;
    this.drawAt();
  }

  drawAt() {
    const event = this.timeline.events[this.at - 1];
    this.slider.value = this.at;
    this.slider.setAttribute("aria-valuetext", event ? `event ${this.at}, ${event.type}` : "none");
    this.newest.classList.toggle("on", this.follow);
    put(this.moment, event ? [h("b", null, `${this.at} / ${this.timeline.last}`), ` ${event.type} `, h("span", null, moment(event.time))]
      : this.trouble ? "there are no events" : "no event yet");
    this.states = this.timeline.states(this.at, this.now());
    this.graph?.show(this.states, this.selected);
    const { status, output, error } = this.about;
    const drawn = JSON.stringify([this.at, this.timeline.last, this.selected, status, output, error]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.side.refresh();
    this.chosen(this.below.chosen());
  }

  /** One of the tabs below is to be seen, as things are now. */
  chosen(name) {
    if (name === "journal") {
      if (this.journal.length < this.about.records) this.records().catch((error) => put(this.problem, told(error)));
      else requestAnimationFrame(() => this.rowsOfRecords.update(this.journal.length));
    } else if (name === "json") {
      if (this.timeline.last !== this.inJson) this.below.refresh();
    } else if (name === "events") {
      if (this.timeline.last && !this.rowsOfEvents.node.parentNode) this.below.refresh();
      this.rowsOfEvents.update(this.timeline.last, this.at - 1);
    }
  }

  eventRow(n) {
    const event = this.timeline.events[n];
    return {
      class: event.id === this.at ? "current" : event.id > this.at ? "later" : null, "data-event": event.id,
      onclick: () => this.goTo(event.id),
      cells: [
        h("button", { type: "button", class: "plain", "aria-label": `Event ${event.id}`, "aria-current": event.id === this.at }, event.id),
        h("span", { title: moment(event.time) }, `+${took(event.time - this.timeline.events[0].time)}`),
        h("span", { title: event.type }, event.type), this.timeline.where(event.id) ?? "", brief(event),
      ],
    };
  }

  jsonPanel() {
    this.inJson = this.timeline.last;
    const { graph: _, definition: __, now: ___, ...about } = this.about;
    const found = this.timeline.events.map(({ time: ____, ...event }) => event);
    const text = JSON.stringify({ execution: about, events: found }, null, 2);
    const save = () => {
      const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: `${about.name}.json` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    };
    return h("div", null,
      h("p", { class: "note" }, h("button", { type: "button", onclick: save }, "Download"),
        text.length > SHOWN ? ` the first ${SHOWN.toLocaleString("en")} of ${text.length.toLocaleString("en")} characters are shown` : ""),
      h("pre", { tabindex: 0, "aria-label": "JSON" }, text.length > SHOWN ? `${text.slice(0, SHOWN)}\n…` : text));
  }
}

function recordRow(one) {
  return {
    "data-record": one.number,
    cells: [one.number, one.kind, one.input ?? "", moment(one.time), one.bytes, h("code", null, one.digest ?? ""),
      h("code", { title: one.body }, one.body.slice(0, 120), one.body.length > 120 ? "…" : "")],
  };
}

/** What an event says, in one line. */
function brief(event) {
  const about = { ...details(event) };
  for (const name of ["name", "inputDetails", "outputDetails", "assignedVariablesDetails"]) delete about[name];
  const text = Object.entries(about).map(([key, value]) =>
    `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ");
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
