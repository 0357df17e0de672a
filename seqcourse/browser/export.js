// What the buttons SVG and PNG save: the map as it is shown, in a picture that stands on its own.

const FONTS = "'Seqcourse Sans SC','Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif";

function drawing(panel) {
  const { map, shared: { palette } } = panel, parts = ["corner", "columns", "rows", "cells"];
  const drawn = Object.fromEntries(parts.map((part) => [part, map.frame.querySelector("." + part)]));
  const [[left, top], [width, height]] = [drawn.corner, drawn.cells].map((part) => ["width", "height"].map((side) => Number(part.getAttribute(side))));
  const whole = make("svg", { xmlns: SVG, width: Math.max(left + width, 430), height: 30 + top + height + 24, "font-family": FONTS });
  make("title", {}, whole, panel.title());
  make("rect", { width: "100%", height: "100%", fill: palette.paper }, whole);
  make("text", { x: 12, y: 21, fill: palette.ink, "font-size": 15 }, whole, panel.title());
  for (const [part, x, y] of [["corner", 0, 0], ["columns", left, 0], ["rows", 0, top], ["cells", left, top]]) {
    const copy = drawn[part].cloneNode(true), was = drawn[part].querySelectorAll("[class], text");
    copy.querySelectorAll("[class], text").forEach((element, i) => {
      const style = getComputedStyle(was[i]);
      for (const key of ["fill", "stroke", "stroke-width", "font-size"]) element.setAttribute(key, style.getPropertyValue(key));
      if (/band|cursor/.test(element.getAttribute("class"))) element.remove();
      element.removeAttribute("class");
    });
    make("g", { transform: `translate(${x + (x && EDGE)} ${y + 30 + (y && EDGE)})` }, whole).append(...copy.childNodes);
  }
  if (map.outlines.childNodes.length)
    make("text", { x: left, y: 30 + top + height + 15, fill: palette.gold, "font-size": 11 }, whole, "outlined: gold links");
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
