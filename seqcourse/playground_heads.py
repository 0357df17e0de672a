"""The heads that the playground silences: which there are, their switches, and what is said of them."""

from .ablation import all_heads

ABOUT_HEADS = (
    "<b>What if a head is silent?</b> Click on its number: it then adds nothing to the mixture of its layer. "
    "The map below still shows where it looks, though nothing comes of it."
)


def heads_of(model):
    """The heads that can be silenced: none where the model has no such heads."""
    return all_heads(model) if hasattr(getattr(model, "encoder", None), "layers") else []


def without(silent, heads):
    """Which of the heads are silent, in few words: "without cross layer 0 heads 1, 2; cross layer 1"."""
    parts = []
    for place in dict.fromkeys(head[:2] for head in silent):
        kind, layer = place
        numbers = [str(head) for *at, head in silent if tuple(at) == place]
        whole = len(numbers) == sum(head[:2] == place for head in heads)
        which = "" if whole else f" head{'s' * (len(numbers) > 1)} {', '.join(numbers)}"
        parts.append(f"{kind} layer {layer}{which}")
    return "without any head" if len(silent) == len(heads) else f"without {'; '.join(parts)}"


def rows_of(switches):
    """The switches, a column for each kind, a row for each layer."""
    import ipywidgets as w

    columns = []
    for kind in dict.fromkeys(kind for kind, _, _ in switches):
        rows = [w.HTML(f"{kind} attention")]
        for layer in dict.fromkeys(layer for k, layer, _ in switches if k == kind):
            buttons = [switch for (k, at, _), switch in switches.items() if (k, at) == (kind, layer)]
            rows.append(w.HBox([w.Label(f"layer {layer}", layout={"width": "4em"}), *buttons]))
        columns.append(w.VBox(rows, layout={"margin": "0 2em 0 0"}))
    return columns
