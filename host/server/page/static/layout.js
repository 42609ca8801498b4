// Where the boxes of a workflow are drawn: in ranks from top to bottom, as arrows go.
//
// A box of a Parallel or Map state holds its machines, laid out first.  An arrow that passes
// ranks, has a label or goes back up gets a place of its own in each rank that it passes.

const GAP = 26; // between boxes of a rank
const RANK = 26; // between ranks
const PAD = 16; // within a box that holds machines
const HEAD = 18; // the title of a machine

const wide = (text, size) => [...text].reduce((sum, c) => sum + (c > "\u2e80" ? 1.05 : 0.58), 0) * size;
export const cut = (text, most) => [...text].length > most ? [...text].slice(0, most - 1).join("") + "…" : text;

/** A machine -> {width, height, nodes: [{box, x, y, width, height, frames}], edges: [{arrow, points}]};
 *  x and y are those of middles, and those of a frame count from its own corner. */
export function layout(cluster, lines) {
  const nodes = cluster.boxes.map((box) => sized(box, cluster.frames, lines));
  const byId = new Map(nodes.map((node) => [node.box.id, node]));
  const edges = cluster.arrows.map((arrow) => ({ arrow, from: byId.get(arrow.from), to: byId.get(arrow.to) }));
  markBack(nodes, edges);
  rank(nodes, edges);
  const ranks = places(nodes, edges);
  order(ranks);
  const width = across(ranks);
  let y = 0;
  for (const row of ranks) {
    const height = Math.max(...row.map((node) => node.height));
    for (const node of row) Object.assign(node, { y: y + height / 2, above: y - RANK / 2, below: y + height + RANK / 2 });
    y += height + RANK;
  }
  return { title: cluster.title, id: cluster.id, width, height: y - RANK, nodes, edges: edges.map(route) };
}

function sized(box, frames, lines) {
  const node = { box, in: [], out: [], frames: [] };
  if (box.kind === "start" || box.kind === "finish") return Object.assign(node, { width: 26, height: 26 });
  const notes = box.notes.map((note) => cut(note, 34));
  node.notes = notes;
  node.name = cut(box.name, 30);
  node.width = Math.max(lines ? 168 : 110, wide(node.name, 14) + 44, ...notes.map((note) => wide(note, 12) + 30));
  node.top = 32 + notes.length * 15 + lines * 16;
  node.height = node.top + 4;
  const mine = frames.filter((frame) => frame.owner === box.id).map((frame) => layout(frame, lines));
  if (mine.length) {
    let x = PAD;
    for (const frame of mine) {
      frame.width = Math.max(frame.width, 60);
      frame.x = x;
      frame.y = node.top + HEAD;
      x += frame.width + PAD;
    }
    node.frames = mine;
    const inner = Math.max(...mine.map((frame) => frame.height));
    node.height = node.top + HEAD + inner + PAD;
    const more = Math.max(0, node.width - x) / 2;
    for (const frame of mine) frame.x += more;
    node.width = Math.max(node.width, x);
  }
  return node;
}

/** Arrows that lead back to a box from which one has come. */
function markBack(nodes, edges) {
  const out = new Map(nodes.map((node) => [node, []]));
  for (const edge of edges) out.get(edge.from).push(edge);
  const seen = new Map(); // 1: on the way, 2: done
  for (const first of nodes) {
    if (seen.has(first)) continue;
    const way = [[first, 0]];
    seen.set(first, 1);
    while (way.length) {
      const top = way.at(-1);
      const edge = out.get(top[0])[top[1]++];
      if (!edge) {
        seen.set(top[0], 2);
        way.pop();
      } else if (seen.get(edge.to) === 1) edge.back = true;
      else if (!seen.has(edge.to)) {
        seen.set(edge.to, 1);
        way.push([edge.to, 0]);
      }
    }
  }
}

function rank(nodes, edges) {
  const ahead = edges.filter((edge) => !edge.back);
  const left = new Map(nodes.map((node) => [node, 0]));
  for (const edge of ahead) left.set(edge.to, left.get(edge.to) + 1);
  const ready = nodes.filter((node) => !left.get(node));
  for (const node of nodes) node.rank = 0;
  while (ready.length) {
    const node = ready.shift();
    for (const edge of ahead.filter((one) => one.from === node)) {
      edge.to.rank = Math.max(edge.to.rank, node.rank + (edge.arrow.label ? 2 : 1));
      left.set(edge.to, left.get(edge.to) - 1);
      if (!left.get(edge.to)) ready.push(edge.to);
    }
  }
}

/** The rows, with places for arrows among the boxes. */
function places(nodes, edges) {
  const ranks = [];
  const put = (node) => ((ranks[node.rank] ??= []).push(node), node);
  nodes.forEach(put);
  const join = (a, b) => {
    a.out.push(b);
    b.in.push(a);
  };
  for (const edge of edges) {
    const [top, low] = edge.back ? [edge.to, edge.from] : [edge.from, edge.to];
    const [first, last] = edge.back ? [top.rank, low.rank] : [top.rank + 1, low.rank - 1];
    edge.way = [];
    for (let n = first; n <= last; n++) {
      edge.way.push(put({ rank: n, in: [], out: [], width: 8, height: 2, way: true }));
    }
    if (edge.arrow.label && edge.way.length) {
      edge.label = edge.way[edge.back ? edge.way.length >> 1 : 0];
      edge.label.width = wide(cut(edge.arrow.label, 40), 11) + 12;
      edge.label.height = 18;
    }
    const chain = edge.back ? edge.way : [top, ...edge.way, low];
    for (let n = 1; n < chain.length; n++) join(chain[n - 1], chain[n]);
  }
  const kept = ranks.filter(Boolean);
  kept.forEach((row, n) => row.forEach((node) => (node.rank = n)));
  return kept;
}

/** Few crossings: each box to the middle of those that it hangs on, down and up again. */
function order(ranks) {
  const number = () => ranks.forEach((row) => row.forEach((node, n) => (node.at = n)));
  const crossings = () => {
    let sum = 0;
    for (const row of ranks) {
      const pairs = row.flatMap((node) => node.out.map((other) => [node.at, other.at]));
      for (let a = 0; a < pairs.length; a++) {
        for (let b = a + 1; b < pairs.length; b++) {
          if ((pairs[a][0] - pairs[b][0]) * (pairs[a][1] - pairs[b][1]) < 0) sum++;
        }
      }
    }
    return sum;
  };
  number();
  let least = crossings();
  let best = ranks.map((row) => [...row]);
  for (let turn = 0; turn < 8 && least; turn++) {
    const down = turn % 2 === 0;
    for (const row of down ? ranks : [...ranks].reverse()) {
      const middle = new Map(row.map((node) => {
        const others = down ? node.in : node.out;
        return [node, others.length ? others.reduce((sum, one) => sum + one.at, 0) / others.length : node.at];
      }));
      row.sort((a, b) => middle.get(a) - middle.get(b) || a.at - b.at);
      row.forEach((node, n) => (node.at = n));
    }
    const now = crossings();
    if (now < least) {
      least = now;
      best = ranks.map((row) => [...row]);
    }
  }
  best.forEach((row, n) => (ranks[n] = row));
  number();
}

/** x of all, in the order that they have: as near to their neighbours as the room allows. */
function across(ranks) {
  for (const row of ranks) {
    let x = 0;
    for (const node of row) {
      node.x = x + node.width / 2;
      x += node.width + GAP;
    }
  }
  const apart = (a, b) => (a.width + b.width) / 2 + (a.way && b.way ? GAP / 2 : GAP);
  for (let turn = 0; turn < 14; turn++) {
    const down = turn % 2 === 0;
    for (const row of down ? ranks : [...ranks].reverse()) {
      const wish = row.map((node) => {
        const others = turn > 11 ? [...node.in, ...node.out] : down ? node.in : node.out;
        return others.length ? others.reduce((sum, one) => sum + one.x, 0) / others.length : node.x;
      });
      const right = [...wish];
      const left = [...wish];
      for (let n = 1; n < row.length; n++) right[n] = Math.max(wish[n], right[n - 1] + apart(row[n - 1], row[n]));
      for (let n = row.length - 2; n >= 0; n--) left[n] = Math.min(wish[n], left[n + 1] - apart(row[n], row[n + 1]));
      row.forEach((node, n) => (node.x = (left[n] + right[n]) / 2));
    }
  }
  const all = ranks.flat();
  const from = Math.min(...all.map((node) => node.x - node.width / 2));
  for (const node of all) node.x -= from;
  return Math.max(...all.map((node) => node.x + node.width / 2));
}

/** The points of an arrow, from one box to the other. */
function route({ arrow, from, to, way, label, back }) {
  const middle = way.map((one) => [one.x, one.y]);
  let points;
  if (back) {
    // Out below, up between the boxes, and in from above.
    const up = [...middle].reverse();
    const aside = (node, x) => node.x + Math.sign(x - node.x) * Math.min(24, node.width / 4);
    const [out, into] = [aside(from, up[0][0]), aside(to, up.at(-1)[0])];
    points = [[out, from.y + from.height / 2], [out, from.below], [up[0][0], from.below], ...up,
      [up.at(-1)[0], to.above], [into, to.above], [into, to.y - to.height / 2]];
  } else {
    points = [[from.x, from.y + from.height / 2], ...middle, [to.x, to.y - to.height / 2]];
  }
  return { arrow, points, back: Boolean(back), label: label && [label.x, label.y] };
}
