// A Map Run: what has become of the items of a distributed Map.

import { call, get, watch } from "./api.js";
import { h, put } from "./dom.js";
import { rows } from "./rows.js";
import { chip, last, linkTo, moment, told, took } from "./text.js";

const KINDS = ["succeeded", "failed", "running", "pending", "aborted"];

export async function showMapRun(arn) {
  let run = await get("map-runs", arn);
  const head = h("div", { class: "head" });
  const how = h("div");
  const problem = h("p", { class: "problem", role: "alert" });
  const list = rows("Children", [["number", "child"], ["kind", "status"], ["number", "items"], ["brief", ""]], (n) => {
    const [status, size] = run.children[n];
    return { "data-child": n, cells: [n, h("span", { class: `mark ${status}` }, status), size, ""] };
  });
  const form = settings(arn, () => run, problem, load);

  async function load() {
    try {
      run = await get("map-runs", arn);
      draw();
    } catch (error) {
      put(problem, told(error));
    }
  }

  function draw() {
    const { counts } = run;
    put(head,
      h("p", { class: "crumbs" }, h("a", { href: "/" }, "Executions"), " / ",
        h("a", { href: linkTo("executions", run.execution) }, last(run.execution)), " / "),
      h("div", { class: "title" }, h("h1", null, run.state, " ", h("small", null, "map run")), chip(run.status)),
      h("p", { class: "arn" }, arn),
      h("dl", { class: "facts" }, [
        ["started", moment(run.started)], ["stopped", moment(run.stopped)], ["took", took((run.stopped ?? run.now) - run.started)],
        ["at once", run.concurrency || "no limit"], ["tolerated failures", tolerated(run)], ["redriven", run.redrives || null],
      ].filter(([, value]) => value !== null).map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))));
    const total = Math.max(1, counts.total);
    put(how,
      h("div", { class: "shares", role: "img", "aria-label": KINDS.map((kind) => `${counts[kind]} ${kind}`).join(", ") },
        KINDS.filter((kind) => counts[kind]).map((kind) => {
          const part = h("span", { class: `share ${kind}`, title: `${counts[kind]} ${kind}` });
          part.style.flexGrow = counts[kind] / total;
          return part;
        })),
      h("dl", { class: "facts" }, [...KINDS, "total"].map((kind) => h("div", { class: kind, "data-count": kind },
        h("dt", null, kind === "total" ? "items" : kind), h("dd", null, counts[kind].toLocaleString("en"))))));
    form.node.hidden = run.status !== "RUNNING";
    list.update(run.children.length);
  }

  draw();
  return {
    title: `${run.state}, map run`,
    leave: watch(run.execution, load),
    shown: () => list.update(run.children.length),
    node: h("div", { class: "view" }, head, problem, h("h2", null, "Items"), how, form.node, h("h2", null, "Children"),
      run.children.length || run.status === "RUNNING" ? list.node : h("p", { class: "empty" }, "There was no item.")),
  };
}

function tolerated(run) {
  const parts = [run.tolerated_count && run.tolerated_count.toLocaleString("en"), run.tolerated_percentage && `${run.tolerated_percentage} %`];
  return parts.filter(Boolean).join(", ") || "none";
}

/** What can be changed while it runs. */
function settings(arn, now, problem, load) {
  const run = now();
  const field = (name, label, value, most) => h("label", null, label, h("input", { name, type: "number", min: 0, max: most, step: "any", value }));
  const fields = [field("maxConcurrency", "at once (0: no limit)", run.concurrency, null),
    field("toleratedFailureCount", "tolerated failures", run.tolerated_count, null),
    field("toleratedFailurePercentage", "tolerated, in %", run.tolerated_percentage, 100)];
  async function change(event) {
    event.preventDefault();
    put(problem);
    const request = { mapRunArn: arn };
    for (const input of fields.map((one) => one.querySelector("input"))) {
      if (input.value !== "") request[input.name] = Number(input.value);
    }
    try {
      await call("UpdateMapRun", request);
      await load();
    } catch (error) {
      put(problem, told(error));
    }
  }
  return { node: h("form", { class: "line-of", "aria-label": "Change the run", onsubmit: change }, fields, h("button", { type: "submit" }, "Change")) };
}
