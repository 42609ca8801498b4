// Which view is shown, dark or light, and the keys.

import { h, put } from "./dom.js";
import { showExecution } from "./execution.js";
import { showExecutions } from "./executions.js";
import { showMachine } from "./machine.js";
import { showMapRun } from "./maprun.js";
import { showMachines } from "./machines.js";

const main = document.getElementById("main");
const help = document.getElementById("help");
let leave = null; // what ends the view
let turn = 0;

const VIEWS = [
  [/^\/(?:executions)?$/, "executions", showExecutions],
  [/^\/executions\/(.+)$/, "executions", showExecution],
  [/^\/map-runs\/(.+)$/, "executions", showMapRun],
  [/^\/machines$/, "machines", showMachines],
  [/^\/machines\/(.+)$/, "machines", showMachine],
];

export function go(path) {
  history.pushState(null, "", path);
  show();
}

async function show() {
  const mine = ++turn;
  leave?.();
  leave = null;
  const found = VIEWS.map(([form, nav, view]) => [location.pathname.match(form), nav, view]).find(([match]) => match);
  for (const link of document.querySelectorAll("[data-nav]")) {
    if (link.dataset.nav === found?.[1]) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    if (!found) throw new Error("there is no such page");
    const arn = found[0][1] ? decodeURIComponent(found[0][1]) : "";
    const view = await found[2](arn, go);
    if (mine !== turn) {
      view.leave?.();
      return;
    }
    leave = () => view.leave?.();
    document.title = `${view.title} – tsme`;
    put(main, view.node);
    view.shown?.();
  } catch (error) {
    if (mine !== turn) return;
    document.title = "tsme";
    put(main, h("div", { class: "trouble", role: "alert" },
      h("h1", null, error.status === 404 ? "Not here" : "This did not work"),
      h("p", null, error.code ? `${error.code}: ${error.message}` : error.message),
      h("p", null, h("a", { href: "/" }, "all executions"))));
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='/']");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
window.addEventListener("popstate", show);

// --- dark or light ---

const THEME = "tsme-theme";
const wanted = localStorage.getItem(THEME);
if (wanted) document.documentElement.dataset.theme = wanted;

function toggle() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem(THEME, next);
}
document.getElementById("theme").addEventListener("click", toggle);
document.getElementById("keys").addEventListener("click", () => help.showModal());

// --- keys ---

let before = "";

function row(step) {
  const rows = [...document.querySelectorAll("tr[data-href] a")];
  if (!rows.length) return;
  const at = rows.findIndex((link) => link === document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, at + step))].focus();
}

const press = (name) => document.querySelector(`[data-key="${CSS.escape(name)}"]`)?.click();
const KEYS = {
  "g e": () => go("/"),
  "g m": () => go("/machines"),
  "/": () => document.querySelector("[data-filter]")?.focus(),
  j: () => row(1),
  k: () => row(-1),
  "[": () => press("["),
  "]": () => press("]"),
  l: () => press("l"),
  t: toggle,
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.target.closest?.("input, textarea, select") && event.target.type !== "range") {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const act = KEYS[`${before} ${event.key}`] ?? KEYS[event.key];
  before = event.key;
  if (act) {
    event.preventDefault();
    act();
  }
});

show();
