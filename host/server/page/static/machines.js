// The list of state machines.

import { get, watch } from "./api.js";
import { h, put } from "./dom.js";
import { STATUSES, linkTo, moment, table, took, words } from "./text.js";

export async function showMachines(_arn, go) {
  const list = h("div");
  async function load() {
    const found = await get("machines");
    put(list, found.machines.length ? table(
      ["name", "type", "executions", "P50", "P95", "created"],
      found.machines.map((one) => row(one, go)), { class: "list machines" },
    ) : h("p", { class: "empty" }, "There is no machine yet. Create one with any client of the API: CreateStateMachine."));
  }
  await load();
  return {
    title: "Machines",
    leave: watch(null, () => load().catch(() => {}), 2000),
    node: h("div", { class: "view" }, h("h1", null, "Machines"), list),
  };
}

function row(one, go) {
  const href = linkTo("machines", one.arn);
  const done = one.statistics.find((item) => item.status === "SUCCEEDED");
  const parts = STATUSES.map((name) => one.statistics.find((item) => item.status === name)).filter(Boolean);
  return h("tr", { "data-href": href, onclick: (event) => event.target.closest("a") ?? go(href) },
    h("td", { class: "name" }, h("a", { href }, one.name)),
    h("td", { class: "kind" }, words(one.type)),
    h("td", { class: "parts" }, parts.length ? parts.map((item) =>
      h("span", { class: `part ${item.status}` }, item.count.toLocaleString("en"), " ", words(item.status))) : "none"),
    h("td", { class: "time p50" }, took(done?.p50)),
    h("td", { class: "time p95" }, took(done?.p95)),
    h("td", { class: "time created" }, moment(one.created).slice(0, 19)));
}
