// Charts in SVG, drawn to the width that there is, without styles of their own: the policy of the page allows none.
const SVG = "http://www.w3.org/2000/svg";
const LEFT = 68, RIGHT = 8, TOP = 8, BOTTOM = 20;

function node(name, attributes, parent, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
}

/** Steps of 1, 2 or 5 times a power of ten, of which `count` or so make `top`. */
function step(top, count) {
  const rough = top / count, power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
}

/**
 * Draws a chart into a figure.
 * spec: title, from, to (ms), kind ("line", "steps", "bars", "strip"), points [{at, value, down, says}], ink, format,
 * limit (a dashed line), tick (a moment as text), summary (what the caption says while nothing is pointed at).
 * A strip's points have `value` 1 (well), 0 (not) or in between; bars have `value` above and `down` below the line.
 */
export function draw(figure, spec) {
  const width = Math.max(240, figure.clientWidth - 24), height = spec.kind === "strip" ? 54 : 168;
  const caption = document.createElement("figcaption");
  const title = document.createElement("strong"), readout = document.createElement("span");
  title.textContent = spec.title;
  readout.className = "readout";
  readout.textContent = spec.summary;
  caption.append(title, readout);

  const svg = node("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, height, role: "img",
    "aria-label": `${spec.title}: ${spec.summary}` });
  const area = { left: spec.kind === "strip" ? 8 : LEFT, right: width - RIGHT, top: TOP, bottom: height - BOTTOM };
  const x = (at) => area.left + (at - spec.from) / (spec.to - spec.from) * (area.right - area.left);
  times(svg, spec, area, x);
  if (spec.kind === "strip") strip(svg, spec, area, x);
  else if (spec.kind === "bars") bars(svg, spec, area, x);
  else line(svg, spec, area, x);
  point(svg, spec, area, x, readout);
  figure.replaceChildren(caption, svg);
}

function times(svg, spec, area, x) {
  const count = area.right - area.left > 420 ? 6 : 3;
  for (let index = 0; index <= count; index += 1) {
    const at = spec.from + (spec.to - spec.from) * index / count;
    const anchor = index === 0 ? "start" : index === count ? "end" : "middle";
    node("text", { x: x(at), y: area.bottom + 14, "text-anchor": anchor }, svg, spec.tick(at));
  }
}

/** The lines behind the data; gives the scale. */
function scale(svg, spec, area, top, bottom) {
  const size = step(top - bottom || 1, 4);
  const high = Math.max(size, Math.ceil(top / size) * size), low = Math.floor(bottom / size) * size;
  const y = (value) => area.bottom - (value - low) / (high - low) * (area.bottom - area.top);
  for (let value = low; value <= high + size / 2; value += size) {
    const isZero = Math.abs(value) < size / 2;
    node("line", { class: isZero ? "zero" : "grid", x1: area.left, x2: area.right, y1: y(value), y2: y(value) }, svg);
    node("text", { x: area.left - 6, y: y(value) + 4, "text-anchor": "end" }, svg, spec.format(Math.abs(isZero ? 0 : value)));
  }
  return y;
}

function line(svg, spec, area, x) {
  const values = spec.points.map((one) => one.value);
  const y = scale(svg, spec, area, Math.max(0, ...values, spec.limit ?? 0), 0);
  if (spec.limit) node("path", { class: "limit", d: `M${area.left} ${y(spec.limit)}H${area.right}` }, svg);
  if (spec.points.length === 0) return;
  const parts = spec.points.map((one, index) => {
    const to = `${x(one.at).toFixed(1)} ${y(one.value).toFixed(1)}`;
    if (index === 0) return `M${to}`;
    return spec.kind === "steps" ? `H${x(one.at).toFixed(1)}V${y(one.value).toFixed(1)}` : `L${to}`;
  });
  const first = x(spec.points[0].at), last = x(spec.points.at(-1).at);
  node("path", { class: `area fill-${spec.ink}`, d: `${parts.join("")}V${y(0)}H${first}H${last}V${y(0)}H${first}Z` }, svg);
  node("path", { class: `line ink-${spec.ink}`, d: parts.join("") }, svg);
}

function bars(svg, spec, area, x) {
  const above = Math.max(1, ...spec.points.map((one) => one.value));
  const below = Math.max(0, ...spec.points.map((one) => one.down));
  const y = scale(svg, spec, area, above, -below);
  for (const one of spec.points) {
    const left = x(one.from) + 1, width = Math.max(1, x(one.at) - x(one.from) - 2);
    if (one.value > 0) node("rect", { class: "fill-good", x: left, width, y: y(one.value), height: y(0) - y(one.value) }, svg);
    if (one.down > 0) node("rect", { class: "fill-bad", x: left, width, y: y(0), height: y(-one.down) - y(0) }, svg);
  }
}

function strip(svg, spec, area, x) {
  node("rect", { class: "fill-idle", x: area.left, y: area.top, width: area.right - area.left, height: area.bottom - area.top, opacity: 0.35 }, svg);
  // Looks that say the same are one piece: edges between them would show.
  const pieces = spec.points.reduce((all, one) => {
    const last = all.at(-1);
    if (last?.value === one.value) last.at = one.at;
    else all.push({ ...one });
    return all;
  }, []);
  for (const one of pieces) {
    const left = x(one.from), width = Math.max(1, x(one.at) - left);
    const ink = one.value === 1 ? "fill-good" : "fill-bad";
    const opacity = one.value > 0 && one.value < 1 ? 0.55 : 1;
    node("rect", { class: ink, x: left, y: area.top, width, height: area.bottom - area.top, opacity }, svg);
  }
}

/** Says in the caption what the point under the pointer is. */
function point(svg, spec, area, x, readout) {
  if (spec.points.length === 0) return;
  const cursor = node("line", { class: "cursor", y1: area.top, y2: area.bottom, visibility: "hidden" }, svg);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const at = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    const distance = (one) => Math.abs(x(one.at) - at);
    const nearest = spec.points.reduce((best, one) => (distance(one) < distance(best) ? one : best));
    cursor.setAttribute("x1", x(nearest.at));
    cursor.setAttribute("x2", x(nearest.at));
    cursor.setAttribute("visibility", "visible");
    readout.textContent = nearest.says;
  });
  svg.addEventListener("pointerleave", () => {
    cursor.setAttribute("visibility", "hidden");
    readout.textContent = spec.summary;
  });
}
