// What an execution's events say of its states and variables at any of them.
//
// Each event follows another one, `previousEventId`, in the same branch.  So what is known of that
// one, the visit of a state that it is in and the variables that are set, holds for it too.

const ENDS = ["ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"];

/** The details of an event, whatever their name is. */
export const details = (event) => {
  const name = Object.keys(event).find((key) => key.endsWith("EventDetails"));
  return name ? event[name] : {};
};

export class Timeline {
  constructor() {
    this.events = [];
    this.visits = []; // of states, in the order in which they were entered
    this.open = new Set(); // those that have not been left
    this.at = [{ visit: null, scope: [], layers: [{}], path: [] }]; // by the id of an event
  }

  get last() {
    return this.events.length;
  }

  add(events) {
    for (const event of events) this.follow(event);
  }

  follow(event) {
    const { id, type } = event;
    event.time = Date.parse(event.timestamp);
    this.events.push(event);
    let { visit, scope, layers, path } = this.at[event.previousEventId] ?? this.at[0];
    const guilty = [visit, ...scope]; // if something fails
    const about = details(event);
    const many = type.match(/^(Parallel|Map)/)?.[1];

    if (type.endsWith("StateEntered")) {
      const before = visit?.scope.length === scope.length ? visit : null;
      visit = this.enter(event, type.slice(0, -"StateEntered".length), about, scope);
      visit.before = before; // the one that led to it
      visit.path = path = path.slice(0, scope.length);
    } else if (/^(Parallel|Map)StateStarted$/.test(type)) {
      visit = container(many, visit, scope);
      if (visit) {
        this.close(visit, event, guilty);
        visit.tries.push(id);
        mark(visit, id, "running");
        scope = [...visit.scope, visit];
        layers = [...layers.slice(0, scope.length), {}];
        visit.length = about.length;
      }
    } else if (/^(Parallel|Map)State(Succeeded|Failed)$/.test(type)) {
      visit = container(many, visit, scope) ?? visit;
      [scope, layers] = [visit?.scope ?? scope, layers.slice(0, (visit?.scope.length ?? 0) + 1)];
      if (visit) {
        this.close(visit, event, guilty);
        this.result(visit, event, about);
      }
    } else if (type.endsWith("StateExited")) {
      if (visit?.name !== about.name) visit = scope.findLast((one) => one.name === about.name) ?? visit;
      scope = visit?.scope ?? scope;
      layers = layers.slice(0, scope.length + 1);
      if (about.assignedVariables) layers[scope.length] = { ...layers[scope.length], ...about.assignedVariables };
      this.exit(visit, event, about, guilty);
    } else if (/^MapIteration/.test(type)) {
      visit = scope.at(-1) ?? visit;
      path = path.slice(0, scope.length);
      path[scope.length - 1] = about.index;
      if (type === "MapIterationStarted") layers = [...layers.slice(0, scope.length), {}];
      this.iteration(visit, event, about.index, type.slice("MapIteration".length).toLowerCase());
    } else if (/^MapRun/.test(type)) {
      visit = container("Map", visit, scope) ?? visit;
      if (visit && about.mapRunArn) visit.mapRun = about.mapRunArn;
    } else if (/Scheduled$/.test(type)) {
      visit?.tries.push(id);
      mark(visit, id, "running");
    } else if (/(Failed|TimedOut|Succeeded)$/.test(type) && !type.startsWith("Execution")) {
      if (visit) this.result(visit, event, about);
    } else if (type === "ExecutionRedriven") {
      ({ visit, layers } = this.reopen(event));
    } else if (ENDS.includes(type)) {
      this.over(event, visit, type === "ExecutionFailed" ? guilty : [], about);
      if (!event.previousEventId) layers = [this.at[id - 1]?.layers[0] ?? {}];
    }
    this.at[id] = { visit, scope, layers, path };
  }

  /** An item of an inline Map begins or ends: `what` is started, succeeded, failed or aborted. */
  iteration(visit, event, index, what) {
    if (!visit) return;
    if (what === "started") {
      visit.items.push({ index, began: event.id, from: event.time, ended: Infinity, to: null, status: "running" });
      return;
    }
    const item = visit.items.findLast((one) => one.index === index && one.ended === Infinity);
    if (item) Object.assign(item, { ended: event.id, to: event.time, status: what });
  }

  enter(event, kind, about, scope) {
    const visit = {
      name: about.name, kind, scope, entered: event.id, left: Infinity, from: event.time, to: null,
      input: about.input, output: undefined, assigned: undefined, tries: [], errors: [], marks: [], bad: false,
      path: [], items: [], length: null, mapRun: null, before: null,
    };
    mark(visit, event.id, "running");
    this.visits.push(visit);
    this.open.add(visit);
    return visit;
  }

  /** A task, or all of a Parallel or Map, has come to an end, good or bad. */
  result(visit, event, about) {
    visit.bad = !event.type.endsWith("Succeeded");
    if (!visit.bad) return;
    const last = visit.errors.at(-1);
    if (event.type.includes("StateFailed") && last) return;
    visit.errors.push({ id: event.id, error: about.error ?? "", cause: about.cause ?? "" });
    mark(visit, event.id, "retrying");
  }

  exit(visit, event, about, guilty) {
    if (!visit) return;
    this.close(visit, event, guilty);
    visit.output = about.output;
    visit.assigned = about.assignedVariables;
    this.end(visit, event, visit.bad ? "caught" : "succeeded");
  }

  end(visit, event, status) {
    visit.left = event.id;
    visit.to = event.time;
    this.open.delete(visit);
    for (const item of visit.items) {
      if (item.ended === Infinity) Object.assign(item, { ended: event.id, to: event.time, status: "aborted" });
    }
    mark(visit, event.id, status);
  }

  /** What is open within a visit ends with it. */
  close(visit, event, guilty) {
    for (const one of [...this.open]) {
      if (!one.scope.includes(visit)) continue;
      this.end(one, event, guilty.includes(one) ? "failed" : "aborted");
    }
  }

  over(event, visit, guilty, about) {
    for (const one of [...this.open]) {
      const failed = guilty.includes(one);
      this.end(one, event, failed ? "failed" : "aborted");
      if (failed && one === visit && !one.bad) one.errors.push({ id: event.id, error: about.error ?? "", cause: about.cause ?? "" });
    }
  }

  /** The execution goes on from the state, of the workflow itself, that was open when it ended. */
  reopen(event) {
    const visit = this.visits.findLast((one) => !one.scope.length);
    visit.left = Infinity;
    visit.to = null;
    visit.bad = false;
    this.open.add(visit);
    mark(visit, event.id, "running");
    return { visit, layers: [this.at[event.id - 1].layers[0]] };
  }

  /** The states as they were after event `n`: name -> what graph.js shows. */
  states(n, now) {
    const found = new Map();
    const time = n >= this.last ? now : this.events[n - 1]?.time ?? now;
    for (const visit of this.visits) {
      if (visit.entered > n) break;
      const state = found.get(visit.name) ?? { count: 0, retries: 0, open: 0, visits: [] };
      found.set(visit.name, state);
      const told = as(visit, n, time);
      state.count++;
      state.visits.push(visit);
      state.retries += Math.max(0, told.tries - 1);
      if (!told.over) state.open++;
      if (!told.over || !state.open) state.status = told.status;
      state.took = told.took;
    }
    return found;
  }

  /** How a visit was after event `n`: {status, over, tries, took}. */
  visit(visit, n, now) {
    return as(visit, n, n >= this.last ? now : this.events[n - 1]?.time ?? now);
  }

  /** The items of a visit of a Map as they were after event `n`. */
  items(visit, n) {
    return visit.items.filter((one) => one.began <= n).map((one) => one.ended <= n ? one : { ...one, to: null, status: "running" });
  }

  /** The variables that the branch of event `n` sees: [{name, value, depth}], the outermost first. */
  variables(n) {
    const found = new Map();
    (this.at[n]?.layers ?? []).forEach((layer, depth) => {
      for (const [name, value] of Object.entries(layer)) found.set(name, { name, value, depth });
    });
    return [...found.values()];
  }

  /** The state that event `n` is in. */
  where(n) {
    return this.at[n]?.visit?.name ?? null;
  }
}

function as(visit, n, time) {
  const status = visit.marks.findLast(([id]) => id <= n)[1];
  const over = status !== "running" && status !== "retrying";
  const tries = visit.tries.at(-1) <= n ? visit.tries.length : visit.tries.filter((id) => id <= n).length;
  return { status, over, tries, took: (over ? visit.to ?? time : time) - visit.from };
}

function mark(visit, id, status) {
  visit?.marks.push([id, status]);
}

/** The Parallel or Map whose start or end an event tells: that of the event before, or around it. */
function container(kind, visit, scope) {
  if (visit?.kind === kind && !scope.includes(visit)) return visit;
  return scope.findLast((one) => one.kind === kind) ?? null;
}
