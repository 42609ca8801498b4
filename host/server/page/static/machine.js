// A state machine: definition, graph, versions, statistics, and a form that starts an execution.

import { call, get, watch } from "./api.js";
import { h, put, tabs } from "./dom.js";
import { board, drawGraph } from "./graph.js";
import { activity, histogram, scatter } from "./plots.js";
import { STATUSES, block, chip, last, linkTo, moment, table, told, took, words } from "./text.js";

export async function showMachine(arn, go) {
  let machine = await get("machines", arn);
  const from = new URLSearchParams(location.search).get("from");
  const again = from ? await get("executions", from) : null;
  const graph = machine.graph && drawGraph(machine.graph);

  const statistics = () => {
    const { newest, now } = machine;
    if (!newest.length) return h("p", { class: "empty" }, "It has not run yet.");
    return h("div", null,
      table(["status", "executions", "mean", "P50", "P95", "P99"], STATUSES.map((name) => machine.statistics.find((one) => one.status === name))
        .filter(Boolean).concat(machine.all).map((one) =>
          [one.status ? chip(one.status) : h("b", null, "all"), one.count.toLocaleString("en"), took(one.mean), took(one.p50), took(one.p95), took(one.p99)]),
      { class: "numbers" }),
      newest.length < machine.all.count && h("p", { class: "note" }, `The plots show the newest ${newest.length.toLocaleString("en")}.`),
      h("div", { class: "plots" }, scatter(newest, now), activity(newest), histogram(newest)));
  };
  const versions = () => h("div", null,
    h("h3", null, "Versions"),
    machine.versions.length
      ? table(["version", "created", "description"], machine.versions.map((one) =>
        [h("details", null, h("summary", null, `version ${one.number}`), block(one.definition, "definition")), moment(one.created), one.description ?? ""]))
      : h("p", { class: "empty" }, "None is published."),
    h("h3", null, "Aliases"),
    machine.aliases.length
      ? table(["alias", "goes to", "updated"], machine.aliases.map((one) =>
        [one.name, one.routing.map((part) => `${part[1]} % version ${last(part[0])}`).join(", "), moment(one.updated)]))
      : h("p", { class: "empty" }, "There is none."));
  const recent = () => machine.newest.length
    ? table(["name", "status", "started", "took"], machine.newest.slice(-50).reverse().map((one) => {
      const href = linkTo("executions", one.arn);
      return h("tr", { "data-href": href, onclick: (event) => event.target.closest("a") ?? go(href) },
        h("td", { class: "name" }, h("a", { href }, one.name)), h("td", null, chip(one.status)),
        h("td", { class: "time" }, moment(one.started)),
        h("td", { class: "time" }, took((one.stopped ?? machine.now) - one.started)));
    }), { class: "list" })
    : h("p", { class: "empty" }, "It has not run yet.");
  const panels = tabs("About this machine", [
    ["statistics", "Statistics", statistics],
    ["executions", "Executions", recent],
    ["definition", "Definition", () => block(machine.definition, "definition")],
    ["versions", "Versions and aliases", versions],
  ], "statistics");

  async function load() {
    try {
      machine = await get("machines", arn);
      if (["statistics", "executions"].includes(panels.node.querySelector("[aria-selected=true]").dataset.tab)
        && !panels.node.querySelector(".panel").contains(document.activeElement)) panels.refresh();
    } catch { /* it is gone, or the server is: the line above says so */ }
  }
  const drawn = board(graph, "No graph: its definition cannot be drawn.");

  return {
    title: machine.name,
    leave: watch(null, load, 2000), // statistics of thousands are not free
    shown: drawn.middle,
    node: h("div", { class: "view" },
      h("p", { class: "crumbs" }, h("a", { href: "/machines" }, "Machines"), " / "),
      h("h1", null, machine.name, " ", h("small", null, words(machine.type)), " ",
        machine.status !== "ACTIVE" && h("small", null, words(machine.status))),
      h("p", { class: "arn" }, arn),
      machine.description && h("p", null, machine.description),
      h("div", { class: "two" },
        h("section", null, h("h2", null, "Graph"), drawn.node),
        h("section", null, h("h2", null, "Start an execution"), startForm(machine, again, go),
          panels.node))),
  };
}

function startForm(machine, again, go) {
  const problem = h("p", { class: "problem", role: "alert" });
  const input = h("textarea", { name: "input", rows: 6, spellcheck: "false", value: again?.input ?? "{}" });
  const name = h("input", { name: "name", maxlength: 80, placeholder: "one is made up", autocomplete: "off" });
  const target = h("select", { name: "version" },
    h("option", { value: machine.arn }, "newest definition"),
    machine.versions.map((one) => h("option", { value: one.arn }, `version ${one.number}`)),
    machine.aliases.map((one) => h("option", { value: one.arn }, `alias ${one.name}`)));
  const button = h("button", { type: "submit", class: "main" }, "Start");

  async function start(event) {
    event.preventDefault();
    try {
      JSON.parse(input.value);
    } catch (error) {
      put(problem, `The input is no JSON: ${error.message}`);
      input.focus();
      return;
    }
    button.disabled = true;
    try {
      const request = { stateMachineArn: target.value, input: input.value };
      if (name.value.trim()) request.name = name.value.trim();
      const started = await call("StartExecution", request);
      go(linkTo("executions", started.executionArn));
    } catch (error) {
      put(problem, told(error));
      button.disabled = false;
    }
  }
  return h("form", { class: "start", onsubmit: start },
    h("label", null, "input", input),
    h("div", { class: "line-of" }, h("label", null, "name", name), h("label", null, "runs", target), button),
    problem);
}
