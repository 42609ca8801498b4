// Two plots of a machine's executions: how long each took, and how many took about so long.

import { h, s } from "./dom.js";
import { STATUSES, linkTo, moment, took, words } from "./text.js";

const W = 640;
const H = 220;
const LEFT = 92;
const BELOW = 26;
const STEPS = [1000, 5000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 4 * 3_600_000, 86_400_000, 7 * 86_400_000]; // ms

/** A point for each execution: when it started, how long it took (logarithmic). */
export function scatter(runs, now) {
  const points = runs.map((one) => ({ ...one, ms: Math.max(1, (one.stopped ?? now) - one.started) }));
  const [low, high] = decades(points.map((one) => one.ms));
  const first = Math.min(...points.map((one) => one.started));
  const span = Math.max(1, Math.max(...points.map((one) => one.started)) - first);
  const y = (ms) => H - BELOW - ((Math.log10(ms) - low) / (high - low)) * (H - BELOW - 12);
  const x = (ms) => LEFT + 10 + ((ms - first) / span) * (W - LEFT - 24);
  return figure("Duration by start", s("svg", { class: "plot", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `Durations of ${points.length} executions` },
    grid(low, high, y),
    points.map((one) => s("a", { href: linkTo("executions", one.arn), tabindex: -1 },
      s("circle", { class: `dot ${one.status}`, cx: x(one.started), cy: y(one.ms), r: 4 },
        s("title", null, `${one.name}: ${words(one.status)}, ${took(one.ms)}, ${moment(one.started)}`)))),
    s("text", { x: LEFT + 8, y: H - 6, class: "tick start" }, moment(first).slice(0, 19)),
    s("text", { x: W - 8, y: H - 6, class: "tick" }, moment(first + span).slice(0, 19))));
}

/** How many started when: bars of equal times, with a part for each status. */
export function activity(runs) {
  const first = Math.min(...runs.map((one) => one.started));
  const span = Math.max(...runs.map((one) => one.started)) - first;
  const wide = STEPS.find((ms) => span / ms <= 40) ?? Math.ceil(span / 40);
  const begin = Math.floor(first / wide) * wide;
  const bars = Array.from({ length: Math.floor((first + span - begin) / wide) + 1 }, () => new Map());
  for (const { started, status } of runs) {
    const bar = bars[Math.floor((started - begin) / wide)];
    bar.set(status, (bar.get(status) ?? 0) + 1);
  }
  const sum = (bar) => [...bar.values()].reduce((a, b) => a + b, 0);
  const most = Math.max(...bars.map(sum));
  const step = Math.min(60, (W - LEFT - 16) / bars.length);
  const tall = (n) => (n / most) * (H - BELOW - 18);
  return figure(`Started, in steps of ${took(wide)}`, s("svg", { class: "plot", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "Executions over time" },
    s("path", { class: "axis", d: `M${LEFT} ${H - BELOW}H${W - 8}` }),
    s("text", { class: "tick", x: LEFT - 8, y: 22 }, most),
    s("text", { class: "tick", x: LEFT - 8, y: H - BELOW + 4 }, 0),
    bars.map((bar, at) => {
      let y = H - BELOW;
      return STATUSES.filter((name) => bar.has(name)).map((name) => {
        const high = tall(bar.get(name));
        y -= high;
        return s("rect", { class: `part ${name}`, x: LEFT + 4 + at * step + 1, y, width: Math.max(1, step - 2), height: high },
          s("title", null, `${moment(begin + at * wide).slice(0, 19)}: ${bar.get(name)} ${words(name)}`));
      });
    }),
    s("text", { x: LEFT + 4, y: H - 6, class: "tick start" }, moment(begin).slice(0, 19)),
    bars.length > 1 && s("text", { x: W - 8, y: H - 6, class: "tick" }, moment(begin + (bars.length - 1) * wide).slice(0, 19))));
}

/** How many took about so long: bars of thirds of a decade. */
export function histogram(runs) {
  const all = runs.filter((one) => one.stopped !== null).map((one) => Math.max(1, one.stopped - one.started));
  if (!all.length) return null;
  const bin = (ms) => Math.floor(Math.log10(ms) * 3);
  const first = Math.min(...all.map(bin));
  const last = Math.max(...all.map(bin), first + 5);
  const counts = Array.from({ length: last - first + 1 }, () => 0);
  for (const ms of all) counts[bin(ms) - first]++;
  const most = Math.max(...counts);
  const step = (W - LEFT - 16) / counts.length;
  const y = (n) => H - BELOW - (n / most) * (H - BELOW - 18);
  const edge = (n) => 10 ** ((first + n) / 3);
  return figure("How long they took", s("svg", { class: "plot", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "Histogram of durations" },
    s("path", { class: "axis", d: `M${LEFT} ${H - BELOW}H${W - 8}` }),
    s("text", { class: "tick", x: LEFT - 8, y: y(most) + 4 }, most),
    s("text", { class: "tick", x: LEFT - 8, y: H - BELOW + 4 }, 0),
    counts.map((n, at) => [
      n > 0 && s("rect", { class: "bar", x: LEFT + 4 + at * step + 1, y: y(n), width: step - 2, height: H - BELOW - y(n), rx: 2 },
        s("title", null, `${n}: ${took(edge(at))} to ${took(edge(at + 1))}`)),
      at % Math.max(1, Math.ceil(counts.length / 6)) === 0 &&
        s("text", { class: "tick start", x: LEFT + 4 + at * step, y: H - 8 }, took(edge(at))),
    ])));
}

function decades(values) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  return [low, Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))];
}

function grid(low, high, y) {
  const lines = [];
  for (let n = low; n <= high; n += Math.ceil((high - low) / 6)) {
    lines.push(s("path", { class: "axis", d: `M${LEFT} ${y(10 ** n)}H${W - 8}` }),
      s("text", { class: "tick", x: LEFT - 8, y: y(10 ** n) + 4 }, took(10 ** n)));
  }
  return lines;
}

const figure = (title, plot) => h("figure", null, h("figcaption", null, title), plot);
