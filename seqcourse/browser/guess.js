// Guessing the alignment: links are "row,column", and compared with the true ones.

// Each row with the column it looks at most, as "row,column"; the rows and columns of </s> are left out.
function linksOf(values, columns, rowNames, columnNames) {
  const links = new Set();
  rowNames.forEach((name, row) => {
    if (name === "</s>") return;
    let best = -1, most = 0;
    for (let column = 0; column < columns; column++)
      if (columnNames[column] !== "</s>" && values[row * columns + column] > most) {
        best = column;
        most = values[row * columns + column];
      }
    if (best >= 0) links.add(row + "," + best);
  });
  return links;
}

// Precision, recall and the alignment error rate of links, all of which are sure.
function score(links, truth) {
  const right = [...links].filter((link) => truth.has(link)).length;
  const share = (all) => (all ? right / all : 0);
  const all = links.size + truth.size;
  return {
    right,
    precision: share(links.size),
    recall: share(truth.size),
    aer: all ? 1 - (2 * right) / all : 0,
  };
}

// What the reader is told of a guess; `own` are the links of the head shown, `head` is what it is called.
function verdict(links, gold, own, head) {
  const truth = gold || own, { right, precision, recall, aer } = score(links, truth);
  const beside = gold ? ` Of ${head} the AER is ${score(own, gold).aer.toFixed(2)}.` : "";
  return `Against ${gold ? "the gold links" : head}: ${right} of your ${links.size} links are right, ` +
    `${right} of ${truth.size} found. Precision ${precision.toFixed(2)}, ` +
    `recall ${recall.toFixed(2)}, alignment error rate (AER) ${aer.toFixed(2)}.${beside}`;
}
