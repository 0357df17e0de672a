// One record: its heads, its map, what is read there, the guessing, the table, the exports.

const SIDES = { encoder: ["source", "source"], decoder: ["target", "fed"], cross: ["target", "source"] };
const HOW = "Mark the cells that belong together, by a click or Enter, then reveal.";

class Panel {
  // shared: all panels, and what the tool bar chose: { kind, threshold, stretch, meanings, gold, … }
  constructor(parent, record, shared, tell) {
    Object.assign(this, { record, shared, tell, layer: 0, head: -1, pinned: false, guess: null });
    this.root = make("section", { class: "panel", "aria-label": record.name || "attention" }, parent);
    if (record.name) make("h4", {}, this.root, record.name);
    const choice = make("div", { class: "row" }, this.root);
    this.layers = chooser(choice, "layer", (value) => this.choose(value, this.head));
    this.headNames = chooser(choice, "head", (value) => this.choose(this.layer, value));
    const button = (name, act) => {
      const made = make("button", { type: "button" }, choice, name);
      made.addEventListener("click", act);
      return made;
    };
    this.guessing = button("Guess the alignment", () => this.startGuess());
    this.reveals = button("Reveal", () => this.reveal());
    this.tables = button("Table", () => this.toggleTable());
    this.tables.setAttribute("aria-pressed", false);
    button("Save SVG", () => download(drawing(this), this.fileName("svg")));
    button("Save PNG", () => downloadPicture(drawing(this), this.fileName("png")));
    this.reading = make("p", { class: "reading" }, this.root);
    this.spoken = make("p", { class: "spoken", "aria-live": "polite" }, this.root);
    const views = make("div", { class: "views" }, this.root);
    this.heads = new Heads(views, (layer, head) => this.choose(layer, head));
    this.map = new AttentionMap(views, {
      point: (row, column, keyboard) => (keyboard || !this.pinned) && this.goTo(row, column, keyboard),
      press: (row, column, keyboard) => this.press(row, column, keyboard),
      release: () => this.pin(false),
    });
    const region = { class: "table", tabindex: 0, role: "region", "aria-label": "the map as a table" };
    this.table = make("div", region, views);
    this.table.hidden = true;
  }

  // The tool bar chose another kind, or other names.
  rebuild() {
    const { kind } = this.shared, [layers, heads] = this.record.kinds[kind].shape;
    this.kind = this.record.kinds[kind];
    this.layer = this.shown === kind ? this.layer : layers - 1;
    this.head = this.shown === kind ? this.head : heads > 1 ? -1 : 0;
    const [row, column] = this.shown === kind ? [this.map.row, this.map.column] : [0, 0];
    this.shown = kind;
    options(this.layers, [...Array(layers).keys()]);
    options(this.headNames, ["mean", ...Array(heads).keys()], -1);
    [this.rowNames, this.columnNames] = SIDES[kind].map((side) => this.record.names[side]);
    const shown = [this.rowNames, this.columnNames].map((names) =>
      names.map((name) => (this.shared.meanings ? name : { ...name, note: "" })));
    this.heads.build(this.kind);
    this.map.build(...shown, `${kind} attention`, kind === "encoder" ? "reads" : "produces");
    [this.map.row, this.map.column] = [row, column];
    this.paint();
  }

  // Colours, layer, head, threshold or guess changed; with another layer or head the small pictures stay.
  paint(pictures = true) {
    const { panels, threshold } = this.shared, [, , rows, columns] = this.kind.shape;
    const blind = (this.blind = panels.some(({ guess }) => guess && !guess.shown));
    if (blind && !this.table.hidden) this.toggleTable();
    this.values = weightsOf(this.kind, this.layer, this.head);
    this.layers.value = this.layer;
    this.headNames.value = this.head;
    this.root.classList.toggle("blind", blind);
    const shade = this.shading();
    if (pictures) this.heads.paint(this.kind, shade);
    this.heads.select(this.layer, this.head);
    this.map.paint(blind ? new Float64Array(rows * columns) : this.values, shade, threshold);
    const gold = this.gold(), answered = this.guess && this.guess.shown;
    this.map.outline(gold && !blind && (this.shared.gold || answered) ? gold : []);
    const truth = answered && (gold || this.own());
    this.marks = Object.fromEntries([...(this.guess ? this.guess.links : [])].map((link) =>
      [link, !answered ? "guess" : truth.has(link) ? "right" : "wrong"]));
    this.map.mark(this.marks);
    this.guessing.hidden = this.shared.kind !== "cross";
    this.guessing.textContent = this.guess ? "Stop guessing" : "Guess the alignment";
    this.reveals.hidden = !this.guess || answered;
    this.tables.hidden = blind;
    const sofar = this.guess ? `${HOW} Links so far: ${this.guess.links.size}. ` : "";
    this.lead = answered ? this.verdict() + " " : sofar;
    this.read();
    if (!this.table.hidden) this.fillTable();
  }

  // From a weight to its colour; stretched, the largest weight shown has the last one.
  shading() {
    const { threshold, stretch, palette } = this.shared;
    const most = stretch ? this.values.reduce((a, b) => Math.max(a, b), 0) || 1 : 1;
    const step = (weight) => (weight < threshold ? 0 : Math.min(255, Math.round((255 * weight) / most)));
    return (weight) => palette.shades[step(weight)];
  }

  choose(layer, head) {
    [this.layer, this.head] = [layer, head];
    this.paint(this.shared.stretch);
    this.tell("choose", layer, head);
  }

  goTo(row, column, aloud = false) {
    this.map.moveTo(row, column);
    this.read(aloud);
    this.tell("goTo", row, column);
  }

  pin(on, aloud = true) {
    this.pinned = on;
    this.map.frame.classList.toggle("pinned", on);
    this.read(aloud);
    this.tell("pin", on, false); // one of two speaks
  }

  press(row, column, keyboard) {
    const here = this.pinned && row === this.map.row && column === this.map.column;
    this.goTo(row, column);
    if (!this.guess || this.guess.shown) return this.pin(!here);
    const link = row + "," + column, { links } = this.guess;
    if (!links.delete(link)) links.add(link);
    this.paint(false);
    this.read(keyboard);
  }

  // What is written of the cell at the cursor, after what there is to say of the guess; aloud, the cell only.
  read(aloud = false) {
    const { row, column } = this.map, mark = this.marks[row + "," + column];
    const one = full(this.rowNames[row]), other = full(this.columnNames[column]);
    const said = this.blind
      ? [...one, " and ", ...other, this.guess ? `: ${mark ? "" : "not "}linked` : ""]
      : [...one, " looks at ", ...other, this.weightAt(row, column)];
    this.reading.replaceChildren(this.lead, ...said);
    this.reading.style.minHeight = this.reading.offsetHeight + "px"; // or a shorter one would move the map
    if (aloud) this.spoken.textContent = this.reading.textContent.slice(this.lead.length);
  }

  weightAt(row, column) {
    const { columns } = this.map, gold = this.gold(), link = row + "," + column, mark = this.marks[link];
    const line = this.values.subarray(row * columns, (row + 1) * columns);
    const known = (gold && gold.has(link) ? ", a gold link" : "") + (mark ? `, your link: ${mark}` : "");
    const most = Math.log2(this.kind.causal ? row + 1 : columns); // the future cannot be looked at
    const bits = `${entropy(line).toFixed(2)} of at most ${most.toFixed(2)} bits`;
    return `: ${line[column].toFixed(4)}${known}; the row's entropy is ${bits}${this.pinned ? "; pinned" : ""}`;
  }

  // The true links as "row,column" of the cross map, or null.
  gold() {
    return this.shared.kind === "cross" ? this.record.gold : null;
  }

  startGuess() {
    this.guess = this.guess ? null : { links: new Set(), shown: false };
    if (this.guess) this.pin(false);
    this.reading.style.minHeight = "";
    this.repaint();
    if (this.guess) this.sayAll();
  }

  // All panels: while one is guessed at, none shows its weights.
  repaint() {
    for (const panel of this.shared.panels) panel.paint();
  }

  reveal() {
    this.guess.shown = true;
    this.repaint();
    this.sayAll();
  }

  // The guess goes on at the map; the button that was pressed may be gone.
  sayAll() {
    this.map.frame.focus();
    this.spoken.textContent = this.reading.textContent;
  }

  // The links of the head shown.
  own() {
    const names = [this.rowNames, this.columnNames].map((list) => list.map(({ text }) => text));
    return linksOf(this.values, this.map.columns, ...names);
  }

  verdict() {
    const head = this.head < 0 ? "the mean of the heads" : "this head";
    return verdict(this.guess.links, this.gold(), this.own(), head);
  }

  toggleTable() {
    this.table.hidden = !this.table.hidden;
    this.map.frame.hidden = !this.table.hidden;
    this.tables.setAttribute("aria-pressed", !this.table.hidden);
    if (!this.table.hidden) this.fillTable();
  }

  fillTable() {
    tabulate(this.table, this.title(), this.rowNames, this.columnNames, this.values, this.gold());
  }

  title() {
    const { record, shared, kind, layer, head } = this;
    const shown = head < 0 ? `mean of ${kind.shape[1]} heads` : `head ${head}`;
    return `${record.name ? record.name + ": " : ""}${shared.kind} attention, layer ${layer}, ${shown}`;
  }

  fileName(suffix) {
    const head = this.head < 0 ? "mean" : "head-" + this.head;
    return `attention-${this.shared.kind}-layer-${this.layer}-${head}.${suffix}`;
  }
}

// A labelled list to choose from; the values are numbers.
function chooser(parent, name, act) {
  const label = make("label", {}, parent, name + " "), select = make("select", { name }, label);
  select.addEventListener("change", () => act(Number(select.value)));
  return select;
}

function options(select, names, first = 0) {
  select.replaceChildren();
  names.forEach((name, i) => make("option", { value: first + i }, select, name));
}
