// The explorer: a tool bar, and a panel for each record.

// Start in every container of this id that is not started yet: the same record may be shown twice.
function startAll(id, data) {
  for (const root of document.querySelectorAll(`[data-explorer="${id}"]`))
    if (!root.started) {
      root.started = true;
      start(root, data);
    }
}

function start(root, data) {
  const records = data.map(unpacked), kinds = Object.keys(records[0].kinds);
  const shared = {
    panels: [], kind: kinds[kinds.length - 1], threshold: 0, stretch: false,
    meanings: true, gold: true, together: true,
  };
  root.replaceChildren();
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // or JupyterLab takes the arrow keys
  root.addEventListener("keydown", (event) => event.stopPropagation()); // nor do other notebooks
  const bar = make("div", { class: "row bar", role: "group", "aria-label": "what is shown" }, root);
  const { panels } = shared, each = (act) => panels.forEach(act);
  const kind = chooser(bar, "attention", (value) => {
    shared.kind = kinds[value];
    each((panel) => (panel.guess = null));
    each((panel) => panel.rebuild());
    offer();
  });
  options(kind, kinds);
  kind.value = kinds.length - 1;
  const hide = make("label", {}, bar, "hide below ");
  const slider = make("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0 }, hide);
  const shown = make("span", { "aria-hidden": true }, hide, "0.00");
  slider.addEventListener("input", () => {
    shared.threshold = Number(slider.value);
    shown.textContent = shared.threshold.toFixed(2);
    each((panel) => panel.paint());
  });
  const box = (name, on, act) => {
    const label = make("label", {}, bar), input = make("input", { type: "checkbox" }, label);
    label.append(" " + name);
    input.checked = on;
    input.addEventListener("change", () => act(input.checked));
    return label;
  };
  box("stretch colours", false, (on) => {
    shared.stretch = on;
    each((panel) => panel.paint());
  });
  const meanings = box("meanings", true, (on) => {
    shared.meanings = on;
    each((panel) => panel.rebuild());
  });
  const gold = box("gold links", true, (on) => {
    shared.gold = on;
    each((panel) => panel.paint());
  });
  if (records.length > 1) box("move together", true, (on) => (shared.together = on));
  // Only what there is something of.
  const offer = () => {
    const noted = (side) => records.some((record) => record.names[side].some(({ note }) => note));
    meanings.hidden = !SIDES[shared.kind].some(noted);
    gold.hidden = shared.kind !== "cross" || !records.some((record) => record.gold);
  };
  const place = make("div", { class: records.length > 1 ? "panels pair" : "panels" }, root);
  for (const record of records) {
    const panel = new Panel(place, record, shared, (act, ...what) => {
      if (shared.together) each((other) => other !== panel && follow(other, act, ...what));
    });
    panels.push(panel);
  }
  const recolour = () => {
    const theme = isDark(root) ? "dark" : "light";
    root.dataset.theme = theme;
    for (const [name, colour] of Object.entries(PALETTES[theme])) root.style.setProperty("--" + name, colour);
    shared.palette = { ...PALETTES[theme], shades: shades(RAMPS[theme]) };
  };
  recolour();
  whenThemeChanges(root, () => {
    recolour();
    each((panel) => panel.paint());
  });
  each((panel) => panel.rebuild());
  offer();
}

// What one panel does, the other does too, as far as it can.
function follow(panel, act, ...what) {
  const tell = panel.tell, [layers, heads, rows, columns] = panel.kind.shape;
  const fits = { choose: [layers, heads], goTo: [rows, columns] }[act];
  if (fits && !fits.every((end, i) => what[i] < end)) return;
  panel.tell = () => {};
  panel[act](...what);
  panel.tell = tell;
}

function unpacked(record) {
  const kinds = {};
  for (const [name, { shape, causal, text }] of Object.entries(record.kinds))
    kinds[name] = { shape, causal, steps: unpack(text, shape, causal) };
  const [source, target] = ["source", "target"].map((side) =>
    record[side].map(([text, note, full]) => ({ text, note, full, lang: record.languages[side] })));
  const fed = [{ text: "<s>", lang: "" }, ...target.slice(0, -1)];
  const gold = record.gold && new Set(record.gold.map(([column, row]) => row + "," + column));
  return { name: record.name, kinds, names: { source, target, fed }, gold };
}
