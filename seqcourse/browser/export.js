// What the buttons SVG and PNG save: the map as it is shown, in a picture that stands on its own.

const FONTS = "'Seqcourse Sans SC','Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif";

function drawing(panel) {
  const { map, shared: { palette } } = panel, { paper, ink, faint, line, gold } = palette;
  const [columns, rows, cells] = ["columns", "rows", "cells"].map((part) => map.frame.querySelector("." + part).cloneNode(true));
  const size = (part) => ["width", "height"].map((side) => Number(part.getAttribute(side)));
  const [left, height] = size(rows), [width, top] = size(columns);
  for (const extra of cells.querySelectorAll(".band, .cursor")) extra.remove();
  const noted = map.outlines.childNodes.length > 0;
  const whole = make("svg", { xmlns: SVG, width: Math.max(left + width, 420), height: 30 + top + height + 24, "font-family": FONTS, "font-size": 13 });
  make("title", {}, whole, panel.title());
  make("rect", { width: "100%", height: "100%", fill: paper }, whole);
  make("text", { x: 10, y: 21, fill: ink, "font-size": 15 }, whole, panel.title());
  [[columns, left, 30], [rows, 0, 30 + top], [cells, left, 30 + top]].forEach(([part, x, y]) => {
    const group = make("g", { transform: `translate(${x} ${y})` }, whole);
    group.append(...part.childNodes);
  });
  const foot = `rows ${ACTS[panel.shared.kind]}, columns are looked at${noted ? "; outlined: gold links" : ""}`;
  make("text", { x: left, y: 30 + top + height + 17, fill: faint, "font-size": 11 }, whole, foot);
  const look = {
    text: { fill: ink }, ".note": { fill: faint, "font-size": 11 }, "rect:not([fill])": { fill: "none" },
    ".rim": { fill: "none", stroke: paper, "stroke-width": 3.5 }, ".gold": { fill: "none", stroke: gold, "stroke-width": 1.8 },
    ".mark": { fill: "none", stroke: gold, "stroke-width": 2.2 }, ".right": { stroke: palette.right }, ".guess": { stroke: ink },
  };
  for (const [which, attributes] of Object.entries(look))
    for (const element of whole.querySelectorAll(which))
      for (const [key, value] of Object.entries(attributes))
        if (key !== "fill" || which !== "text" || !element.hasAttribute("fill")) element.setAttribute(key, value);
  for (const element of whole.querySelectorAll("[class]")) element.removeAttribute("class");
  make("rect", { x: left - 1, y: 29 + top, width: map.columns * CELL + 1, height: map.rows * CELL + 1, fill: "none", stroke: line }, whole);
  return whole;
}

function download(picture, name) {
  const text = new XMLSerializer().serializeToString(picture);
  save(new Blob([text], { type: "image/svg+xml" }), name);
}

// Twice as large as on the screen, so that it can be printed.
function downloadPicture(picture, name) {
  const [width, height] = ["width", "height"].map((side) => Number(picture.getAttribute(side)));
  const image = new Image();
  image.addEventListener("load", () => {
    const canvas = make("canvas", { width: 2 * width, height: 2 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
    canvas.toBlob((blob) => save(blob, name));
  });
  const text = new XMLSerializer().serializeToString(picture);
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
}

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
