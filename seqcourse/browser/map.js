// One map: names that stay in sight while it scrolls, a cell for each weight, the chosen row as bars.

const CELL = 24, BARS = 56, EDGE = 2; // pixels; EDGE leaves room for the cursor's line
const HELP = ": rows look at columns. Arrow keys move, Enter pins, Escape releases.";
const KEYS = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  Home: [0, -Infinity], End: [0, Infinity], PageUp: [-Infinity, 0], PageDown: [Infinity, 0],
};

class AttentionMap {
  // on: { point(row, column), press(row, column), release() }
  constructor(parent, on) {
    this.on = on;
    this.frame = make("div", { class: "frame", tabindex: 0, role: "application" }, parent);
    this.frame.addEventListener("keydown", (event) => this.key(event));
  }

  // Build everything anew for these names: [{ text, note }] each.
  build(rows, columns, title, acts) {
    this.rows = rows.length;
    this.columns = columns.length;
    this.row = this.column = 0;
    this.colours = [];
    this.frame.replaceChildren();
    this.frame.setAttribute("aria-label", title + HELP);
    const left = Math.ceil(Math.max(80, ...rows.map(widthOf))) + 14;
    const slant = Math.max(40, ...columns.map(widthOf)), top = Math.ceil(slant * 0.82) + 20;
    const width = this.columns * CELL, height = this.rows * CELL;
    this.frame.style.scrollPadding = `${top}px ${CELL}px ${BARS}px ${left}px`;
    const over = Math.ceil(slant * 0.58) + 6; // the last name leans over the edge
    const part = (kind, width, height, x, y) => {
      const place = { class: kind, width, height, viewBox: [x, y, width, height] };
      return make("svg", { ...place, "aria-hidden": true }, this.frame);
    };
    const end = { x: left - 8, "text-anchor": "end" };
    const corner = part("corner", left, top, 0, 0);
    make("text", { ...end, y: top - 24 }, corner, "looks at →");
    make("text", { ...end, y: top - 8 }, corner, acts + " ↓");
    const heads = part("columns", width + over, top, -EDGE, 0);
    this.columnNames = columns.map((name, i) =>
      write(heads, name, { transform: `translate(${i * CELL + CELL / 2 + 4} ${top - 6}) rotate(-55)` }));
    const sides = part("rows", left, height + 2 * EDGE, 0, -EDGE);
    this.rowNames = rows.map((name, i) => write(sides, name, { ...end, y: i * CELL + CELL / 2 + 4 }));
    this.body = part("cells", width + over, height + 2 * EDGE, -EDGE, -EDGE);
    make("rect", { class: "ground", width: width + 1, height: height + 1, x: -1, y: -1 }, this.body);
    const square = (row, column) => ({ x: column * CELL, y: row * CELL, width: CELL - 1, height: CELL - 1 });
    this.cells = rows.flatMap((_, row) =>
      columns.map((_, column) => make("rect", square(row, column), this.body)));
    this.outlines = make("g", {}, this.body);
    this.marks = make("g", {}, this.body);
    const around = { height: CELL + 1, x: -1, y: -1 };
    this.band = make("rect", { class: "band", width: width + 1, ...around }, this.body);
    this.cursor = make("rect", { class: "cursor", width: CELL + 1, rx: 2, ...around }, this.body);
    const scale = part("scale", left, BARS, 0, 0);
    this.most = make("text", { ...end, y: 14 }, scale);
    make("text", { ...end, y: BARS - 2 }, scale, 0);
    const strip = part("bars", width + over, BARS, -EDGE, 0);
    this.bars = columns.map((_, i) => make("rect", { x: i * CELL + 3, width: CELL - 7 }, strip));
    make("rect", { class: "base", width, height: 1, y: BARS - 1 }, strip);
    const at = (event) => {
      const box = this.body.getBoundingClientRect();
      const [row, column] = [event.clientY - box.top, event.clientX - box.left].map((place) =>
        Math.floor((place - EDGE) / CELL));
      return row >= 0 && row < this.rows && column >= 0 && column < this.columns && [row, column];
    };
    this.body.addEventListener("pointermove", (event) => {
      const place = at(event);
      if (place && (place[0] !== this.row || place[1] !== this.column)) this.on.point(...place);
    });
    this.body.addEventListener("click", (event) => at(event) && this.on.press(...at(event)));
  }

  // shade: from a weight to its colour
  paint(values, shade, threshold) {
    this.values = values;
    values.forEach((weight, i) => {
      const colour = `rgb(${shade(weight).slice(0, 3)})`;
      if (this.colours[i] !== colour) this.cells[i].setAttribute("fill", (this.colours[i] = colour));
    });
    this.threshold = threshold;
    this.moveTo(this.row, this.column);
  }

  // Squares round the cells of these links, "row,column" each.
  outline(links) {
    this.outlines.replaceChildren();
    for (const link of links) {
      const [row, column] = link.split(",");
      const place = { x: column * CELL + 1, y: row * CELL + 1, width: CELL - 3, height: CELL - 3, rx: 2 };
      make("rect", { class: "rim", ...place }, this.outlines);
      make("rect", { class: "gold", ...place }, this.outlines);
    }
  }

  // Guesses: { "row,column": "guess" | "right" | "wrong" }.
  mark(guesses) {
    this.marks.replaceChildren();
    for (const [link, kind] of Object.entries(guesses)) {
      const [row, column] = link.split(",");
      const transform = `translate(${column * CELL + 11.5} ${row * CELL + 11.5})`; // the middle of the cell
      const d = kind === "wrong" ? "M-5 -5l10 10m0 -10l-10 10" : "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0";
      make("path", { class: "mark " + kind, d, transform }, this.marks);
    }
  }

  moveTo(row, column) {
    const name = (names, was, is) => {
      names[was].classList.remove("on");
      names[is].classList.add("on");
    };
    name(this.rowNames, this.row, row);
    name(this.columnNames, this.column, column);
    this.cursor.setAttribute("transform", `translate(${column * CELL} ${row * CELL})`);
    this.band.setAttribute("transform", `translate(0 ${row * CELL})`);
    const line = this.values.subarray(row * this.columns, (row + 1) * this.columns);
    const most = Math.max(...line);
    this.most.textContent = most.toFixed(2);
    this.bars.forEach((bar, i) => {
      const height = most ? (line[i] / most) * (BARS - 10) : 0;
      bar.setAttribute("y", BARS - 1 - height);
      bar.setAttribute("height", height);
      bar.setAttribute("class", i === column ? "on" : line[i] < this.threshold ? "hidden" : "");
    });
    [this.row, this.column] = [row, column];
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const last = [this.rows - 1, this.columns - 1], step = KEYS[event.key];
    if (step) {
      const clamp = (place, i) => Math.max(0, Math.min(last[i], place + step[i]));
      const [row, column] = [this.row, this.column].map(clamp);
      this.on.point(row, column, true);
      this.reveal();
    } else if (event.key === "Enter" || event.key === " ") this.on.press(this.row, this.column, true);
    else if (event.key === "Escape") this.on.release();
    else return;
    event.preventDefault();
  }

  // Scroll map and page so that the cursor is seen, clear of the names.
  reveal() {
    for (const part of [this.frame, this.cursor]) part.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

// A name, and smaller what it means.
function write(parent, { text, note, lang }, attributes) {
  const label = make("text", { lang, ...attributes }, parent, text);
  if (note) make("tspan", { class: "note", dx: 5 }, label, note);
  return label;
}

const pen = document.createElement("canvas").getContext("2d");
function widthOf({ text, note }) {
  pen.font = "bold 13px system-ui, sans-serif";
  const width = pen.measureText(text).width;
  pen.font = "bold 11px system-ui, sans-serif";
  return width + (note ? pen.measureText(note).width + 6 : 0);
}
