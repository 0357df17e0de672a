"""The page on which bertviz draws: whole, with its libraries, and cut off from everything else."""

from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from .files import write_atomically
from .shipped import shipped

LIBRARIES = ["jquery.slim", "d3-collection", "d3-color", "d3-scale", "d3-selection"]
# bertviz asks require.js to fetch d3 and jQuery. Ours are on the page already, and this answers in its place.
ANSWER = """
const require = { config() {} };
function requirejs(names, draw) { draw(jQuery, d3); }
d3.schemeCategory10 = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd",
                       "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"];
"""
STYLE = """
:root { color-scheme: light; } body { margin: 8px; background: white; font: 13px Arial, sans-serif; }
main { display: flex; flex-wrap: wrap; gap: 8px 24px; } section { overflow-x: auto; }
.head_view section { width: 345px; }
h2 { font-size: 15px; margin: 4px 0; } p { max-width: 75em; margin: 4px 0; color: #444; }
"""
# Nothing is ever fetched, whatever a token says.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class BertvizView:
    """A page on which bertviz draws: a frame in a notebook, or a file that needs no network."""

    name: str  # head_view or model_view
    height: int  # pixels
    html: str = field(repr=False)

    def page(self):
        """The whole HTML document."""
        return self.html

    def save(self, path):
        """Write the page, whole or not at all; raises ValueError unless the name ends in .html."""
        if Path(path).suffix.lower() != ".html":
            raise ValueError(f"a view of bertviz is a page: {Path(path).name!r} must end in .html")
        write_atomically(path, self.html.encode("utf-8"))

    def _repr_html_(self):
        source = self.html.replace("&", "&amp;").replace("'", "&#39;")
        frame = f"<iframe title='bertviz: {self.name}' sandbox='allow-scripts' srcdoc='{source}'"
        return f"{frame} style='width:100%;height:{self.height}px;border:0;resize:vertical'></iframe>"


def bertviz_page(name, notes, sections):
    """The HTML document: what is said first, then each section, (heading, markup, program)."""
    libraries = [shipped(f"javascript/{name}.min.js").read_text(encoding="utf-8") for name in LIBRARIES]
    parts = [
        f"<section><h2>{escape(heading)}</h2>{markup}{script(program)}</section>"
        for heading, markup, program in sections
    ]
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>bertviz: {name}</title>
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<style>{STYLE}</style></head><body>
{"".join(f"<p>{escape(note)}</p>" for note in notes if note)}
{"".join(map(script, [*libraries, ANSWER]))}
<main class="{name}">{"".join(parts)}</main></body></html>
"""


def script(program):
    return f"<script>\n{program}\n</script>\n"
