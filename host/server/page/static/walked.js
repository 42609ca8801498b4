// A graph of the way that an execution went, for programs that have no definition: the states
// that it entered, and which came behind which.

/** -> what /page/executions/ARN has as `graph` of others. */
export function walked(timeline) {
  return cluster(timeline.visits, timeline.visits.filter((one) => !one.scope.length), "", "");
}

function cluster(all, visits, id, owner) {
  const ids = new Map(); // name -> id of its box
  for (const { name } of visits) {
    if (!ids.has(name)) ids.set(name, `${id}/${ids.size}`);
  }
  const [start, finish] = [`${id}/start`, `${id}/finish`];
  const arrows = new Map();
  const arrow = (from, to, kind) => arrows.set(`${from}>${to}`, { from, to, kind, label: "" });
  const followed = new Set(visits.map((one) => one.before));
  for (const one of visits) {
    arrow(one.before ? ids.get(one.before.name) : start, ids.get(one.name), one.before?.bad ? "catch" : "next");
    if (!followed.has(one) && one.output !== undefined && !one.bad) arrow(ids.get(one.name), finish, "next");
  }
  const kinds = new Map(visits.map((one) => [one.name, one.kind.toLowerCase()]));
  const frames = [];
  for (const [name, box] of ids) {
    const inner = all.filter((one) => one.scope.at(-1)?.name === name && visits.includes(one.scope.at(-1)));
    if (inner.length) frames.push(cluster(all, inner, box, box));
  }
  const ends = [...arrows.values()].some(({ to }) => to === finish);
  return {
    id, owner, title: "", frames, arrows: [...arrows.values()],
    boxes: [
      { id: start, kind: "start", name: "", notes: [] },
      ...[...ids].map(([name, box]) => ({ id: box, kind: kinds.get(name), name, notes: [] })),
      ...(ends ? [{ id: finish, kind: "finish", name: "", notes: [] }] : []),
    ],
  };
}
