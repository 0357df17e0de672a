// The map as a table, for those who would rather read it, or have it read.

function tabulate(parent, title, rowNames, columnNames, values, gold) {
  parent.replaceChildren();
  const table = make("table", {}, parent);
  make("caption", {}, table, title);
  const top = make("tr", {}, make("thead", {}, table));
  make("td", {}, top);
  for (const name of columnNames) make("th", { scope: "col" }, top).append(...full(name));
  const body = make("tbody", {}, table);
  rowNames.forEach((name, row) => {
    const line = make("tr", {}, body);
    make("th", { scope: "row" }, line).append(...full(name));
    columnNames.forEach((_, column) => {
      const kind = gold && gold.has(row + "," + column) ? { class: "gold", title: "gold link" } : {};
      make("td", kind, line, values[row * columnNames.length + column].toFixed(4));
    });
  });
}

// All of a token, in its own language and direction, and what it means.
function full({ full, text, note, lang }) {
  return [make("bdi", { lang }, null, full || text), note ? ` (${note})` : ""];
}
