// All heads at a glance: a small picture each, and the mean of each layer. They are radio buttons: one tab
// stop, arrow keys move.

class Heads {
  constructor(parent, choose) {
    this.choose = choose;
    const role = { role: "radiogroup", "aria-label": "all heads, layers downwards" };
    this.box = make("div", { class: "heads", ...role }, parent);
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  build(kind) {
    const [layers, heads, rows, columns] = kind.shape;
    [this.layers, this.heads] = [layers, heads];
    const size = Math.max(20, Math.min(52, Math.floor(270 / (heads + 1))));
    const tall = Math.max(12, Math.min(size * 1.5, (size * rows) / columns));
    this.box.replaceChildren();
    this.box.style.gridTemplateColumns = `auto repeat(${heads + 1}, ${size + 6}px)`;
    make("span", { class: "name" }, this.box, "layer");
    make("span", { class: "name", title: "mean of the heads" }, this.box, "mean");
    for (let head = 0; head < heads; head++) make("span", { class: "name" }, this.box, head);
    this.pictures = [];
    for (let layer = 0; layer < layers; layer++) {
      make("span", { class: "name" }, this.box, layer);
      for (let head = -1; head < heads; head++) {
        const what = `layer ${layer}, ${head < 0 ? "mean of heads" : "head " + head}`;
        const role = { type: "button", role: "radio", "aria-label": what, title: what };
        const button = make("button", role, this.box);
        button.addEventListener("click", () => this.choose(layer, head));
        const canvas = make("canvas", { width: columns, height: rows, "aria-hidden": "true" }, button);
        canvas.style.width = size + "px";
        canvas.style.height = tall + "px";
        this.pictures.push({ layer, head, button, canvas });
      }
    }
  }

  paint(kind, shade) {
    for (const { layer, head, canvas } of this.pictures) {
      const pen = canvas.getContext("2d"), picture = pen.createImageData(canvas.width, canvas.height);
      weightsOf(kind, layer, head).forEach((weight, i) => picture.data.set(shade(weight), 4 * i));
      pen.putImageData(picture, 0, 0);
    }
  }

  select(layer, head) {
    for (const picture of this.pictures) {
      const on = picture.layer === layer && picture.head === head;
      picture.button.setAttribute("aria-checked", on);
      picture.button.tabIndex = on ? 0 : -1;
    }
  }

  key(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const at = this.pictures.find(({ button }) => button === document.activeElement);
    if (!step || !at) return;
    const layer = Math.max(0, Math.min(this.layers - 1, at.layer + step[0]));
    const head = Math.max(-1, Math.min(this.heads - 1, at.head + step[1]));
    this.choose(layer, head);
    this.pictures.find((picture) => picture.layer === layer && picture.head === head).button.focus();
    event.preventDefault();
  }
}
