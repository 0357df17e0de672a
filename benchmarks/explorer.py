"""How large the attention explorer is, and how long a browser needs to follow the mouse.

    python benchmarks/explorer.py [--rounds 200] [--browser PATH] [--out data/results/explorer.json]

A page for each size and sharpness of random attention weights, which compress worst. The mouse then rests on
one random cell after another; what is counted is the time that the page's main thread works for each: script,
style, layout and painting, by Chromium's own clock. Other programs that run meanwhile make it longer.
"""

import argparse
import json
import platform
import random
import shutil
import statistics
import tempfile
from datetime import date
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

from seqcourse.explorer import explore
from seqcourse.files import write_atomically
from seqcourse.record import AttentionRecord

SIZES = {"12x12 tokens, 3x4 heads": (12, 3, 4), "30x30, 6x8": (30, 6, 8), "60x60, 6x8": (60, 6, 8)}
SHARPNESS = (0.5, 1, 2, 4)  # the spread of the scores before the softmax
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
HEADS = """() => {
  const list = document.querySelector("select[name=head]");
  return [...list.options].map((option) => {
    const start = performance.now();
    list.value = option.value;
    list.dispatchEvent(new Event("change"));
    document.body.getBoundingClientRect();
    return performance.now() - start;
  });
}"""


def random_record(tokens, layers, heads, sharpness):
    """All three kinds of attention over `tokens` source and target words."""
    future = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    scores = [sharpness * torch.randn(layers, heads, tokens, tokens) for _ in range(3)]
    scores[1].masked_fill_(future, float("-inf"))
    names = [[f"{side}{i}" for i in range(tokens)] for side in ("word", "词")]
    return AttentionRecord(*names, *(each.softmax(-1) for each in scores))


def work(session):
    """Seconds of the processor that the page's main thread has used so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def hover(page, session, tokens, rounds):
    """Milliseconds of work for each move of the mouse, and for moving it where nothing happens."""
    page.evaluate("document.querySelector('.frame').scrollIntoView()")
    box = page.locator(".cells").bounding_box()
    across = min(tokens, int((1500 - box["x"]) // 24) - 1)
    down = min(tokens, 20)
    times = {"hover": [], "nothing": []}
    for _ in range(rounds):
        row, column = random.randrange(down), random.randrange(across)
        for what, place in (
            ("hover", (box["x"] + 24 * column + 14, box["y"] + 24 * row + 14)),
            ("nothing", (1590, 5 + row)),
        ):
            before = work(session)
            page.mouse.move(*place)
            page.evaluate(SETTLED)
            times[what].append(1000 * (work(session) - before))
    return times


def summary(times):
    """Median, and the range that holds nine of ten."""
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return {
        "median": round(statistics.median(times), 2),
        "5 to 95 %": [round(cuts[0], 2), round(cuts[-1], 2)],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=200, help="moves of the mouse for each size; default: 200"
    )
    parser.add_argument("--browser", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--out", type=Path, help="also write the results to this JSON file")
    options = parser.parse_args()
    torch.manual_seed(0)
    random.seed(0)
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=options.browser, args=FLAGS)
        result = {
            "command": f"python benchmarks/explorer.py --rounds {options.rounds}",
            "date": str(date.today()),
            "machine": f"{platform.machine()}, Chromium {browser.version}, torch {torch.__version__}",
        }
        for name, (tokens, layers, heads) in SIZES.items():
            pages = [explore(random_record(tokens, layers, heads, s)).page() for s in SHARPNESS]
            path = Path(folder) / "map.html"
            path.write_text(pages[1], encoding="utf-8")
            page = browser.new_page(viewport={"width": 1600, "height": 1000})
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            page.goto(path.as_uri())
            page.evaluate(SETTLED)
            opened = round(1000 * work(session))
            times = hover(page, session, tokens, options.rounds)
            result[name] = {
                "bytes of the page, by sharpness": dict(
                    zip(map(str, SHARPNESS), (len(each.encode()) for each in pages), strict=True)
                ),
                "open, ms": opened,
                "hover, ms": summary(times["hover"]),
                "mouse elsewhere, ms": summary(times["nothing"]),
                "another head, ms": summary(page.evaluate(HEADS)),
            }
            page.close()
        browser.close()
    text = json.dumps(result, indent=1)
    print(text)
    if options.out:
        write_atomically(options.out, (text + "\n").encode("utf-8"))


if __name__ == "__main__":
    main()
