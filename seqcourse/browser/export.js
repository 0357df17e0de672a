// What the buttons SVG and PNG save: the map as it is shown, in a picture that stands on its own.

const HEAD = 30, FOOT = 24; // pixels above and below the map

function drawing(panel) {
  const { map, shared: { palette } } = panel, { ink, paper, gold } = palette;
  const part = (name) => map.frame.querySelector(name);
  const size = (name) => ["width", "height"].map((side) => Number(part(name).getAttribute(side)));
  const [left, top] = size(".corner"), [width, height] = size(".cells");
  const fonts = { "font-family": getComputedStyle(map.frame).fontFamily };
  const title = 24 + Math.ceil(1.2 * widthOf({ text: panel.title() })); // which is larger than a name
  const across = Math.max(left + width, title), down = HEAD + top + height + FOOT;
  const sizes = { width: across, height: down, viewBox: [0, 0, across, down] };
  const whole = make("svg", { xmlns: SVG, ...sizes, ...fonts });
  make("title", {}, whole, panel.title());
  make("rect", { width: "100%", height: "100%", fill: paper }, whole);
  make("text", { x: 12, y: 21, fill: ink, "font-size": 15 }, whole, panel.title());
  const place = (name, x, y) =>
    make("g", { transform: `translate(${x} ${y})` }, whole).append(...styled(part(name)).childNodes);
  place(".corner", 0, HEAD);
  place(".columns", left + EDGE, HEAD);
  place(".rows", 0, HEAD + top + EDGE);
  place(".cells", left + EDGE, HEAD + top + EDGE);
  const foot = { x: left, y: HEAD + top + height + 15, fill: gold, "font-size": 11 };
  if (map.outlines.firstChild) make("text", foot, whole, "outlined: gold links");
  return whole;
}

// A copy that carries what the style sheet says, and leaves out the cursor.
function styled(part) {
  const selector = "[class], text", drawn = part.querySelectorAll(selector), copy = part.cloneNode(true);
  copy.querySelectorAll(selector).forEach((element, i) => {
    const style = getComputedStyle(drawn[i]);
    for (const key of ["fill", "stroke", "stroke-width", "font-size"])
      element.setAttribute(key, style.getPropertyValue(key));
    if (element.matches(".band, .cursor")) element.remove();
    element.removeAttribute("class");
  });
  return copy;
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
