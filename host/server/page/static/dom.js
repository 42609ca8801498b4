// Making elements.  Texts become text nodes, whatever they hold: nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

/** An element of HTML: h("a", {href, onclick}, "text", other, [more]). */
export const h = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);

/** An element of SVG. */
export const s = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

/** Put children in place of what a node has. */
export function put(node, ...children) {
  node.replaceChildren();
  return fill(node, null, children);
}

/** Tabs over panels: [[name, label, make() -> node], ..].  Arrow keys move among them. */
export function tabs(label, items, chosen, onchoose) {
  const panel = h("div", { class: "panel", role: "tabpanel", tabindex: 0 });
  const buttons = items.map(([name, text]) =>
    h("button", { type: "button", role: "tab", "data-tab": name, onclick: () => choose(name) }, text));
  const bar = h("div", { class: "tabs", role: "tablist", "aria-label": label, onkeydown: move }, buttons);
  let now = chosen;

  function move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = (items.findIndex(([name]) => name === now) + step + items.length) % items.length;
    choose(items[at][0]);
    buttons[at].focus();
  }
  function choose(name) {
    now = name;
    buttons.forEach((button, n) => {
      const on = items[n][0] === name;
      button.setAttribute("aria-selected", on);
      button.tabIndex = on ? 0 : -1;
    });
    onchoose?.(name);
    refresh();
  }
  function refresh() {
    const top = panel.scrollTop;
    put(panel, items.find(([name]) => name === now)[2]());
    panel.scrollTop = top;
  }
  choose(chosen);
  return { node: h("section", { class: "tabbed" }, bar, panel), choose, refresh, chosen: () => now };
}
