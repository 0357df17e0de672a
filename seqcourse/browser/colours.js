// Elements and colours.

const SVG = "http://www.w3.org/2000/svg", DARK = "(prefers-color-scheme: dark)";

function make(name, attributes = {}, parent = null, text = null) {
  const shape = name === "svg" || parent instanceof SVGElement;
  const element = shape ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== null) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

// Notebooks say themselves whether they are dark; elsewhere the reader's system does. Paper is light.
function isDark(element) {
  if (matchMedia("print").matches) return false;
  const which = "[data-jp-theme-light]", lab = element.closest(which) || document.querySelector(which);
  if (lab) return lab.getAttribute("data-jp-theme-light") === "false";
  const kind = document.body.getAttribute("data-vscode-theme-kind") || document.body.className;
  if (/vscode-(dark|light|high-contrast)/.test(kind))
    return /vscode-(dark|high-contrast(?!-light))/.test(kind);
  const colab = document.documentElement.getAttribute("theme");
  if (colab) return colab === "dark";
  return matchMedia(DARK).matches;
}

function whenThemeChanges(element, act) {
  for (const query of [DARK, "print"]) matchMedia(query).addEventListener("change", act);
  const watch = new MutationObserver(act);
  const attributeFilter = ["class", "theme", "data-jp-theme-light", "data-vscode-theme-kind"];
  for (const place of [document.documentElement, document.body]) watch.observe(place, { attributeFilter });
}

const PALETTES = {
  light: {
    paper: "#ffffff", ground: "#e8ecf0", ink: "#1f2328", faint: "#6a737d", line: "#d0d7de",
    gold: "#D55E00", right: "#009E73",
  },
  dark: {
    paper: "#16191d", ground: "#0c0e11", ink: "#e6e9ec", faint: "#98a2ad", line: "#3a424b",
    gold: "#ff9a4d", right: "#3ccf9f",
  },
};
// From weight 0 to weight 1; the light ones are those of the course's figures (seqcourse/drawing.py).
const RAMPS = {
  light: ["#ffffff", "#8cc8ee", "#2f8fcb", "#00599b", "#00223f"],
  dark: ["#1d2228", "#10456f", "#2f8fcb", "#8cc8ee", "#f2faff"],
};

// 256 colours of a ramp, as [red, green, blue, opacity].
function shades(ramp) {
  const parts = ramp.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
  return Array.from({ length: 256 }, (_, step) => {
    const place = (step / 255) * (parts.length - 1), low = Math.min(Math.floor(place), parts.length - 2);
    const mixed = parts[low].map((from, i) => Math.round(from + (parts[low + 1][i] - from) * (place - low)));
    return [...mixed, 255];
  });
}
