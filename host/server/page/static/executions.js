// The list of executions: filters, live counts, pages.

import { get, watch } from "./api.js";
import { h, put } from "./dom.js";
import { STATUSES, chip, last, linkTo, moment, told, took, words } from "./text.js";

const FIELDS = ["status", "prefix", "machine", "error", "from", "to", "ended-from", "ended-to", "sort", "order"];
const RANGES = [[0, "any time"], [1, "started in the last hour"], [24, "in the last day"], [168, "in the last week"], [-1, "between …"]];
const TIMES = ["from", "to", "ended-from", "ended-to"];

export async function showExecutions(_arn, go) {
  const query = Object.fromEntries(new URLSearchParams(location.search));
  const counts = h("div", { class: "counts", role: "group", "aria-label": "Status" });
  const list = h("div");
  const note = h("p", { class: "note problem", role: "status" });
  const broken = h("p", { class: "why broken" });
  let token = null;
  let tokens = []; // of the pages before this one
  let busy = false;
  let again = false;

  function change(name, value) {
    if (value) query[name] = value;
    else delete query[name];
    tokens = [];
    token = null;
    const given = FIELDS.filter((field) => query[field]).map((field) => [field, query[field]]);
    history.replaceState(null, "", given.length ? `/?${new URLSearchParams(given)}` : "/");
    load();
  }

  async function load() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      const given = Object.fromEntries(FIELDS.map((name) => [name, query[name]]));
      for (const name of TIMES) given[name] = time(query[name]);
      draw(await get("executions", "", { ...given, token, limit: 50 }));
      note.textContent = "";
    } catch (error) {
      note.textContent = told(error);
    } finally {
      busy = false;
    }
    if (again) {
      again = false;
      load();
    }
  }

  function draw(found) {
    const chosen = (query.status ?? "").split(",").filter(Boolean);
    const held = document.activeElement?.dataset?.status;
    put(counts, STATUSES.filter((name) => found.counts[name] || name !== "PENDING_REDRIVE").map((name) =>
      h("button", {
        type: "button", class: `count ${name}`, "data-status": name, "aria-pressed": chosen.includes(name),
        onclick: () => change("status", (chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]).join(",")),
      }, h("b", null, (found.counts[name] ?? 0).toLocaleString("en")), " ", words(name))));
    if (held) counts.querySelector(`[data-status="${CSS.escape(held)}"]`)?.focus();
    const focused = document.activeElement?.closest?.("tr[data-href]")?.dataset.href;
    put(broken, found.broken.length ? [h("b", null, found.broken.length === 1 ? "One execution cannot go on" : `${found.broken.length} executions cannot go on`),
      " (the log of the server says more): ", found.broken.slice(0, 20).map((one, n) => [n ? ", " : "", h("a", { href: linkTo("executions", one.arn) }, one.name)])] : null);
    put(list, found.executions.length ? rows(found) : h("p", { class: "empty" },
      FIELDS.some((name) => query[name] && name !== "sort" && name !== "order") ? "No execution fits these filters." : "There is no execution yet.",
      " ", h("a", { href: "/machines" }, "Start one from a machine."),
    ), pages(found));
    if (focused) list.querySelector(`tr[data-href="${CSS.escape(focused)}"] a`)?.focus();
  }

  function heading(name, text, kind) {
    const on = (query.sort ?? "started") === name;
    const up = query.order === "up";
    return h("th", { scope: "col", class: kind, "aria-sort": on ? (up ? "ascending" : "descending") : "none" },
      h("button", {
        type: "button", class: "sort",
        onclick: () => {
          query.sort = name;
          change("order", on && !up ? "up" : "down");
        },
      }, text, on ? (up ? " ↑" : " ↓") : ""));
  }

  function rows(found) {
    return h("div", { class: "scroll" }, h("table", { class: "list" },
      h("thead", null, h("tr", null, heading("name", "name"), h("th", { scope: "col" }, "status"),
        h("th", { scope: "col", class: "machine" }, "machine"), heading("started", "started"),
        heading("stopped", "stopped", "stopped"), h("th", { scope: "col" }, "took"), h("th", { scope: "col" }, "error"))),
      h("tbody", null, found.executions.map((one) => {
        const href = linkTo("executions", one.arn);
        return h("tr", { "data-href": href, onclick: (event) => event.target.closest("a") ?? go(href) },
          h("td", { class: "name" }, h("a", { href }, one.name)),
          h("td", { class: "status" }, chip(one.status), one.broken && [" ", chip("BROKEN")]),
          h("td", { class: "machine" }, one.machine ? h("a", { href: linkTo("machines", one.machine) }, last(one.machine)) : "imported"),
          h("td", { class: "time started", title: moment(one.started) }, moment(one.started).slice(0, 19)),
          h("td", { class: "time stopped", title: moment(one.stopped) }, moment(one.stopped).slice(0, 19)),
          h("td", { class: "time took" }, took((one.stopped ?? found.now) - one.started)),
          h("td", { class: "error" }, (one.error ?? "").split(/(?<=\.)/).map((part, n) => [n > 0 && h("wbr"), part])));
      }))));
  }

  function pages(found) {
    if (!tokens.length && !found.token) return null;
    const turn = (to) => {
      token = to;
      load();
    };
    return h("div", { class: "pages" },
      h("button", { type: "button", disabled: !tokens.length, onclick: () => turn(tokens.pop()) }, "← newer"),
      h("span", null, `page ${tokens.length + 1}`),
      h("button", { type: "button", disabled: !found.token, onclick: () => {
        tokens.push(token);
        turn(found.token);
      } }, "older →"));
  }

  const field = (name, label, attributes) => h("label", null, label,
    h("input", { name, value: query[name] ?? "", oninput: later((event) => change(name, event.target.value.trim())), ...attributes }));
  const chooser = h("select", { name: "machine", onchange: (event) => change("machine", event.target.value) },
    h("option", { value: "" }, "any"));
  const choices = async () => {
    const { machines } = await get("machines", "", { brief: 1 });
    chooser.append(...machines.map((one) => h("option", { value: one.arn }, one.name)));
    chooser.value = query.machine ?? "";
  };

  // Times, and ranges that people ask for: from so long before now.
  function more() {
    const moments = [["from", "started from"], ["to", "started before"], ["ended-from", "stopped from"], ["ended-to", "stopped before"]]
      .map(([name, text]) => field(name, text, { type: "datetime-local", step: 1 }));
    const chosen = TIMES.some((name) => query[name]);
    const range = h("select", { name: "range", onchange: (event) => {
      const hours = Number(event.target.value);
      panel.hidden = hours >= 0;
      if (hours < 0) return;
      for (const name of TIMES) delete query[name];
      for (const one of moments) one.querySelector("input").value = "";
      const since = hours ? moment(Date.now() - hours * 3_600_000).slice(0, 19).replace(" ", "T") : "";
      moments[0].querySelector("input").value = since;
      change("from", since);
    } }, RANGES.map(([hours, text]) => h("option", { value: hours }, text)));
    range.value = chosen ? -1 : 0;
    const panel = h("div", { class: "filters times", hidden: !chosen }, moments);
    return [h("label", null, "when", range), panel];
  }

  await Promise.all([load(), choices()]);
  const unwatch = watch(null, load);
  return {
    title: "Executions",
    leave: unwatch,
    node: h("div", { class: "view" },
      h("h1", null, "Executions"), counts,
      h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        field("prefix", "name begins with", { "data-filter": true, type: "search" }),
        h("label", null, "machine", chooser),
        field("error", "error", { type: "search", placeholder: "States.Timeout" }),
        more(),
        h("button", { type: "button", onclick: () => go("/") }, "clear")),
      broken, note, list),
  };
}

/** What a field for a moment holds, in ms since 1970. */
const time = (text) => text ? new Date(text).getTime() : "";

/** Not before nothing has been typed for a moment. */
function later(act) {
  let timer = 0;
  return (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(event), 200);
  };
}
