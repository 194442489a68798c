// The browser half of the parallel coordinates. A message is a line with its digest and then
// JSON; what the reader brushed goes back as the state "brush": {axis: [low, high]}, 0 to 1.

const NARROWEST = 84; // pixels between two axes: below it, the drawing scrolls
const TOP = 34;
const BOTTOM = 30; // room for trials that have no value on an axis
const SIDE = 46;
const GRIP = 30; // pixels that can be taken hold of, around an axis
const STEP = 0.05; // of an axis, for the arrow keys

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes, parent, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function shorten(text, length) {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

const clamp = (value) => Math.min(1, Math.max(0, value));

class Parallel {
  constructor() {
    this.frame = document.createElement("div");
    this.frame.className = "parallel__frame";
    this.words = document.createElement("p");
    this.words.className = "parallel__words";
    this.words.setAttribute("aria-live", "polite");
    this.brush = {};
    this.version = null;
    this.digest = null; // of the newest message
    this.message = null; // what is drawn
    this.waiting = null; // what came since
    this.drawn = null; // digest and width of what is on the screen
    this.drag = null;
    this.resize = new ResizeObserver(() => this.draw());
    this.resize.observe(this.frame);
  }

  moveTo(root) {
    const host = root.querySelector(".parallel");
    if (host.firstChild !== this.frame) host.replaceChildren(this.frame, this.words);
  }

  receive(digest, message) {
    if (digest === this.digest) return;
    this.digest = digest;
    this.waiting = message;
    this.draw();
  }

  // A message that arrives during a drag is adopted when the drag ends.
  adopt() {
    const message = this.waiting;
    this.waiting = null;
    this.message = message;
    // Take over the server's brush at the first message and after it was cleared there. Otherwise
    // the reader's brush may be newer than the server's.
    if (this.version !== message.version) {
      this.version = message.version;
      this.brush = { ...message.brush };
    }
    this.drawn = null;
  }

  // ------------------------------------------------------------ geometry

  x(index) {
    const { axes } = this.message;
    const span = this.width - 2 * SIDE;
    return axes.length < 2 ? this.width / 2 : SIDE + (span * index) / (axes.length - 1);
  }

  y(place) {
    const { height } = this.message;
    return place === null ? height - 8 : TOP + (1 - place) * (height - TOP - BOTTOM);
  }

  place(event) {
    const box = this.svg.getBoundingClientRect();
    const { height } = this.message;
    return clamp(1 - (event.clientY - box.top - TOP) / (height - TOP - BOTTOM));
  }

  // ------------------------------------------------------------ drawing

  draw() {
    if (this.drag) return;
    if (this.waiting) this.adopt();
    if (!this.message) return;
    const room = Math.floor(this.frame.clientWidth);
    if (!room) return;
    const { axes, height, description } = this.message;
    this.width = Math.max(room, 2 * SIDE + NARROWEST * (axes.length - 1));
    const state = `${this.digest} ${this.width}`;
    if (state === this.drawn) return this.paint();
    this.drawn = state;
    const focused = this.frame.getRootNode().activeElement?.dataset?.axis;
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("width", this.width);
    svg.setAttribute("height", height);
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", description);
    this.svg = svg;
    this.drawLines(make("g", {}, svg));
    axes.forEach((axis, index) => this.drawAxis(axis, index, make("g", {}, svg)));
    this.frame.replaceChildren(svg);
    if (focused) svg.querySelector(`[data-axis="${CSS.escape(focused)}"]`)?.focus();
    this.paint();
  }

  drawLines(group) {
    this.paths = this.message.lines.map(([number, places, colour, words, dashed, bold]) => {
      const points = places.map((place, index) => `${this.x(index)},${this.y(place)}`);
      const kind = `parallel__line${dashed ? " parallel__line--dashed" : ""}${bold ? " parallel__line--bold" : ""}`;
      const d = points.length > 1 ? `M${points.join("L")}` : `M${points[0]}h0.1`;
      const path = make("path", { d, class: kind, "data-number": number }, group);
      path.style.stroke = colour;
      path.addEventListener("pointerenter", () => this.near(path, words));
      path.addEventListener("pointerleave", () => this.near(null, ""));
      return path;
    });
  }

  drawAxis(axis, index, group) {
    const x = this.x(index);
    const { height } = this.message;
    const room = Math.max(8, Math.floor(this.width / this.message.axes.length / 7));
    const last = index === this.message.axes.length - 1 && index > 0;
    const title = make(
      "text",
      { x, y: 14, "text-anchor": "middle", "font-weight": 600 },
      group,
      shorten(axis.name, room),
    );
    make("title", {}, title, axis.name);
    make("line", { x1: x, x2: x, y1: TOP, y2: height - BOTTOM, class: "parallel__axis" }, group);
    for (const [place, text] of axis.ticks) {
      const at = { x: last ? x - 6 : x + 6, y: this.y(place) + 4, class: "parallel__tick" };
      make("text", { ...at, "text-anchor": last ? "end" : "start" }, group, shorten(text, room));
    }
    make("rect", { class: "parallel__band", x: x - 8, width: 16, "data-band": axis.name }, group);
    const grip = make(
      "rect",
      {
        class: "parallel__grip",
        x: x - GRIP / 2,
        y: TOP - 4,
        width: GRIP,
        height: height - TOP - BOTTOM + 8,
        tabindex: 0,
        role: "slider",
        "data-axis": axis.name,
        "aria-orientation": "vertical",
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-label": `Brush on ${axis.name}: drag, or arrow keys; Shift resizes, Escape clears`,
      },
      group,
    );
    this.listen(grip, axis.name);
  }

  paint() {
    const { axes, lines } = this.message;
    const bounds = axes
      .map((axis, index) => [index, this.brush[axis.name]])
      .filter(([, ends]) => ends);
    lines.forEach(([, places], nth) => {
      const isIn = bounds.every(
        ([index, [low, high]]) =>
          places[index] !== null && low <= places[index] && places[index] <= high,
      );
      this.paths[nth].classList.toggle("parallel__line--out", !isIn);
    });
    for (const axis of axes) {
      const ends = this.brush[axis.name];
      const name = CSS.escape(axis.name);
      const band = this.svg.querySelector(`[data-band="${name}"]`);
      band.style.display = ends ? "" : "none";
      const grip = this.svg.querySelector(`[data-axis="${name}"]`);
      grip.setAttribute("aria-valuetext", ends ? this.spoken(axis, ends) : "all values");
      grip.setAttribute("aria-valuenow", ends ? Math.round(50 * (ends[0] + ends[1])) : 50);
      if (!ends) continue;
      band.setAttribute("y", this.y(ends[1]));
      band.setAttribute("height", Math.max(2, this.y(ends[0]) - this.y(ends[1])));
    }
  }

  spoken(axis, [low, high]) {
    const nearest = (place) =>
      axis.ticks.reduce((one, two) =>
        Math.abs(two[0] - place) < Math.abs(one[0] - place) ? two : one,
      )[1];
    return axis.ticks.length ? `about ${nearest(low)} to ${nearest(high)}` : "part of the axis";
  }

  near(path, words) {
    this.paths?.forEach((each) => each.classList.remove("parallel__line--near"));
    path?.classList.add("parallel__line--near");
    this.words.textContent = words;
  }

  // ------------------------------------------------------------ brushing

  listen(grip, name) {
    grip.addEventListener("pointerdown", (event) => {
      grip.setPointerCapture(event.pointerId);
      const at = this.place(event);
      const held = this.brush[name];
      // Inside a brush: move it. Elsewhere: begin another.
      const moves = held && held[0] <= at && at <= held[1] ? held : null;
      this.drag = { name, from: at, moves, moved: false };
    });
    grip.addEventListener("pointermove", (event) => {
      if (this.drag?.name !== name) return;
      const at = this.place(event);
      const { from, moves } = this.drag;
      if (Math.abs(at - from) < 0.01 && !this.drag.moved) return;
      this.drag.moved = true;
      this.brush[name] = moves ? this.moved(moves, at - from) : [Math.min(from, at), Math.max(from, at)];
      this.paint();
    });
    const end = () => {
      if (this.drag?.name !== name) return;
      const { moved } = this.drag;
      this.drag = null;
      if (!moved) delete this.brush[name]; // a click clears
      this.send();
    };
    grip.addEventListener("pointerup", end);
    grip.addEventListener("pointercancel", end);
    grip.addEventListener("keydown", (event) => this.press(event, name));
  }

  moved([low, high], by) {
    const step = Math.max(-low, Math.min(1 - high, by));
    return [low + step, high + step];
  }

  press(event, name) {
    const step = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
    if (event.key === "Escape") delete this.brush[name];
    else if (!step) return;
    else if (!this.brush[name]) this.brush[name] = step > 0 ? [0.5, 1] : [0, 0.5];
    else if (event.shiftKey) {
      const [low, high] = this.brush[name];
      this.brush[name] = [low, Math.max(low, clamp(high + step))];
    } else this.brush[name] = this.moved(this.brush[name], step);
    event.preventDefault();
    this.send();
  }

  send() {
    this.draw();
    this.paint();
    this.setStateValue("brush", { ...this.brush });
  }
}

// By name, as in live_chart: a rerun may mount the same drawing again.
const drawings = new Map();
const GRACE = 5000; // milliseconds between leaving the page and being forgotten

function forget(name) {
  const drawing = drawings.get(name);
  if (!drawing || drawing.frame.isConnected) return;
  drawing.resize.disconnect();
  drawings.delete(name);
}

export default function ({ data, parentElement, setStateValue }) {
  const text = new TextDecoder().decode(data);
  const end = text.indexOf("\n");
  const message = JSON.parse(text.slice(end + 1));
  if (!drawings.has(message.name)) drawings.set(message.name, new Parallel());
  const drawing = drawings.get(message.name);
  drawing.setStateValue = setStateValue;
  drawing.moveTo(parentElement);
  drawing.receive(text.slice(0, end), message);
  return () => setTimeout(forget, GRACE, message.name);
}
