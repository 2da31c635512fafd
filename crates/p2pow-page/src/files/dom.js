// Elements. Everything goes in as text: what workers, nodes and the ledger say is not markup.

export const by = (id) => document.getElementById(id);

/** An element with a class and a text. */
export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The same with attributes and children. A child is an element or a text; one that is null is left out. */
export function build(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** An account or a hash in short. */
export const short = (text) => (text.length > 20 ? `${text.slice(0, 11)}…${text.slice(-6)}` : text);

/** Sets a text where it is another one, so that what has the focus or is marked stays. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A table; a heading that ends with # is of numbers. */
export function table(id, headings, rows, empty) {
  const head = element("tr"), body = element("tbody"), numbers = headings.map((heading) => heading.endsWith("#"));
  headings.forEach((heading, index) => {
    const cell = element("th", numbers[index] ? "number" : "", heading.replace("#", ""));
    cell.scope = "col";
    head.append(cell);
  });
  for (const row of rows) {
    const line = element("tr");
    row.forEach((cell, index) => {
      if (cell instanceof Node) {
        const place = element("td", numbers[index] ? "number" : "");
        place.append(cell);
        line.append(place);
        return;
      }
      const { text, kind } = typeof cell === "object" ? cell : { text: String(cell), kind: numbers[index] ? "number" : "" };
      line.append(element("td", kind, text));
    });
    body.append(line);
  }
  if (rows.length === 0) {
    const cell = element("td", "", empty);
    cell.colSpan = headings.length;
    const line = element("tr");
    line.append(cell);
    body.append(line);
  }
  const top = element("thead");
  top.append(head);
  by(id).replaceChildren(top, body);
}

/** Tiles with a name, a value and a note. */
export function tiles(id, shown) {
  by(id).replaceChildren(...shown.map(([name, value, note]) => {
    const tile = element("dl", "tile");
    tile.append(element("dt", "", name), element("dd", "value", value), element("dd", "note", note));
    return tile;
  }));
}
