// One record: its heads, its map, what is read there, the guessing, the table, the exports.

const SIDES = { encoder: ["source", "source"], decoder: ["target", "fed"], cross: ["target", "source"] };

class Panel {
  // shared: all panels, and what the tool bar chose: { kind, threshold, stretch, meaning, gold, … }
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
    options(this.layers, [...Array(layers).keys()].map((i) => [i, i]));
    options(this.headNames, [[-1, "mean"], ...[...Array(heads).keys()].map((i) => [i, i])]);
    [this.rowNames, this.columnNames] = SIDES[kind].map((side) => this.record.names[side]);
    const shown = [this.rowNames, this.columnNames].map((names, i) =>
      names.map(({ text, note }) => ({ text, note: this.shared.meaning[i] && note })));
    this.heads.build(this.kind);
    this.map.build(...shown, `${kind} attention`, kind === "encoder" ? "reads" : "produces");
    [this.map.row, this.map.column] = [row, column];
    this.paint();
  }

  // Colours, layer, head, threshold or guess changed; with another layer or head the small pictures stay.
  paint(pictures = true) {
    const { panels, threshold } = this.shared, [, , rows, columns] = this.kind.shape;
    const blind = (this.blind = panels.some(({ guess }) => guess && !guess.shown));
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
    this.map.mark(Object.fromEntries([...(this.guess ? this.guess.links : [])].map((link) =>
      [link, !answered ? "guess" : truth.has(link) ? "right" : "wrong"])));
    this.guessing.hidden = this.shared.kind !== "cross";
    this.guessing.textContent = this.guess ? "Stop guessing" : "Guess the alignment";
    this.reveals.hidden = !this.guess || this.guess.shown;
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

  pin(on) {
    this.pinned = on;
    this.map.frame.classList.toggle("pinned", on);
    this.read(true);
    this.tell("pin", on);
  }

  press(row, column, keyboard) {
    const here = this.pinned && row === this.map.row && column === this.map.column;
    this.goTo(row, column);
    if (!this.guess || this.guess.shown) return this.pin(!here);
    const link = row + "," + column, { links } = this.guess;
    if (!links.delete(link)) links.add(link);
    this.paint();
    this.say(`${this.at(row, column, "and")}: ${links.has(link) ? "linked" : "not linked"}`, keyboard);
  }

  at(row, column, how) {
    return `${full(this.rowNames[row])} ${how} ${full(this.columnNames[column])}`;
  }

  read(aloud = false) {
    const { row, column, columns } = this.map, both = this.at(row, column, "and");
    if (this.guess && this.guess.shown) return this.say(this.verdict(), aloud);
    if (this.guess) {
      const links = `${this.guess.links.size} links so far`;
      return this.say(`${both}. Click the cells that belong together, then reveal: ${links}.`, aloud);
    }
    if (this.blind) return this.say(both, aloud);
    const line = this.values.subarray(row * columns, (row + 1) * columns);
    const linked = this.gold() && this.gold().has(row + "," + column) ? ", a gold link" : "";
    const bits = `${entropy(line).toFixed(2)} of at most ${Math.log2(columns).toFixed(2)} bits`;
    const end = `the row's entropy is ${bits}${this.pinned ? "; pinned" : ""}`;
    this.say(`${this.at(row, column, "looks at")}: ${line[column].toFixed(4)}${linked}; ${end}`, aloud);
  }

  say(text, aloud) {
    this.reading.textContent = text;
    if (aloud) this.spoken.textContent = text;
  }

  // The true links as "row,column" of the cross map, or null.
  gold() {
    return this.shared.kind === "cross" ? this.record.gold : null;
  }

  startGuess() {
    this.guess = this.guess ? null : { links: new Set(), shown: false };
    if (this.guess) this.pin(false);
    this.repaint();
    if (this.guess) this.map.frame.focus();
  }

  // All panels: while one is guessed at, none shows its weights.
  repaint() {
    for (const panel of this.shared.panels) panel.paint();
  }

  reveal() {
    this.guess.shown = true;
    this.repaint();
    this.say(this.verdict(), true);
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
    const gold = this.blind ? null : this.gold();
    tabulate(this.table, this.title(), this.rowNames, this.columnNames, this.map.values, gold);
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

function options(select, pairs) {
  select.replaceChildren();
  for (const [value, text] of pairs) make("option", { value }, select, text);
}
