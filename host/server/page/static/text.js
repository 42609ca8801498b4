// Numbers, times and values as people read them.

import { h } from "./dom.js";

export const STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"];

const SIGNS = {
  RUNNING: "●", SUCCEEDED: "✓", FAILED: "✕", TIMED_OUT: "◷", ABORTED: "■", PENDING_REDRIVE: "↻", BROKEN: "⚠",
};

/** What went wrong, in one line. */
export const told = (error) => `${error.code ?? "No answer"}: ${error.message}`;

/** RUNNING -> running */
export const words = (status) => status.toLowerCase().replaceAll("_", " ");

export const chip = (status) =>
  h("span", { class: `chip ${status}`, "data-status": status },
    h("span", { "aria-hidden": "true" }, SIGNS[status] ?? "?"), " ", words(status));

const two = (n) => String(n).padStart(2, "0");

/** A moment of this computer's time zone, in ms since 1970. */
export function moment(ms) {
  if (ms === null || ms === undefined) return "–";
  const d = new Date(ms);
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ` +
    `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${String(d.getMilliseconds()).padStart(3, "0")}`;
}

/** 1500 -> 1.50 s */
export function took(ms) {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  const [d, hours, m, sec] = [86400, 3600, 60, 1].map((unit, n) =>
    Math.floor(n ? (seconds % [Infinity, 86400, 3600, 60][n]) / unit : seconds / unit));
  if (d) return `${d} d ${hours} h`;
  return hours ? `${hours} h ${m} min` : `${m} min ${sec} s`;
}

/** JSON text with line breaks and indents; what is no JSON stays as it is. */
export function pretty(text) {
  if (text === null || text === undefined) return "–";
  // JavaScript would round long numbers; then rather the text as it is.
  if (/(?<!["\w])-?\d[\d.]{15,}/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** A block of JSON that can be scrolled and copied. */
export function block(text, label) {
  const shown = pretty(text);
  return h("div", { class: "block" },
    h("button", {
      type: "button", class: "copy", title: "Copy", "aria-label": `Copy ${label}`,
      onclick: (event) => {
        navigator.clipboard?.writeText(shown);
        event.currentTarget.textContent = "copied";
      },
    }, "copy"),
    h("pre", { tabindex: 0, "aria-label": label }, shown));
}

/** The last part of an ARN. */
export const last = (arn) => arn.slice(arn.lastIndexOf(":") + 1);

export const linkTo = (kind, arn) => `/${kind}/${encodeURIComponent(arn).replaceAll("%3A", ":")}`;

/** Plain columns: table(["name", ..], [[cell, ..], ..]). */
export function table(columns, rows, about = {}) {
  return h("div", { class: "scroll" }, h("table", about,
    h("thead", null, h("tr", null, columns.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", null, rows.map((cells) => cells instanceof Node ? cells
      : h("tr", null, cells.map((cell) => h("td", null, cell)))))));
}
