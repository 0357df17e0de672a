"""One record of attention: who looked where, with the tokens that name every row and column."""

from dataclasses import dataclass
from inspect import signature
from operator import index
from pathlib import Path

import torch

from .files import write_atomically
from .record_json import from_json, to_json

KINDS = ("encoder", "decoder", "cross")


@dataclass(eq=False)
class AttentionRecord:
    """Everything a model looked at while it read `source` and produced `target`, one token a step.

    encoder: (layers, heads, S, S)   decoder: (layers, heads, T, T)   cross: (layers, heads, T, S)
    None where a model has no such attention. Row t of `decoder` and `cross` is the step that produces
    target[t]; the columns of `decoder` are the tokens fed, "<s>" first. `gold` holds the true links,
    (source index, target index), where they are known. Weights are kept as float32 on the CPU.
    Raises ValueError when weights do not fit the tokens, or a row is no distribution (all zeros are allowed).
    """

    source: list[str]
    target: list[str]
    encoder: torch.Tensor | None = None
    decoder: torch.Tensor | None = None
    cross: torch.Tensor | None = None
    gold: frozenset[tuple[int, int]] | None = None
    source_language: str = "en"
    target_language: str = "zh"

    def __post_init__(self):
        self.source, self.target = words("source", self.source), words("target", self.target)
        for kind in self.kinds():
            rows, columns = self.tokens(kind)
            setattr(self, kind, distributions(kind, getattr(self, kind), len(rows), len(columns)))
        if not self.kinds():
            raise ValueError("a record needs weights: encoder, decoder and cross are all None")
        if self.gold is not None:
            self.gold = true_links(self.gold, len(self.source), len(self.target))

    @property
    def fed(self):
        """The tokens that the decoder is given: "<s>", then all target tokens but the last."""
        return ["<s>", *self.target[:-1]]

    def kinds(self):
        """The kinds of attention there are, of "encoder", "decoder" and "cross"."""
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)

    def tokens(self, kind):
        """The tokens that name the rows and the columns of a kind's weights."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no kind of attention; there is: {', '.join(KINDS)}")
        rows = self.source if kind == "encoder" else self.target
        return rows, self.fed if kind == "decoder" else self.source

    def languages(self, kind):
        """The languages of the rows and of the columns of a kind's weights."""
        rows = self.source_language if kind == "encoder" else self.target_language
        return rows, self.target_language if kind == "decoder" else self.source_language

    def save(self, path, **drawing):
        """Write the record as .json, exactly; as a page to explore, .html; or as a picture, .png or .svg.

        `drawing` goes to `explore` or `draw_attention`. The file appears whole or not at all. Other suffixes:
        ValueError.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix == ".json":
            if drawing:
                raise ValueError(f"a .json file holds the whole record; {', '.join(drawing)} is for pictures")
            content = to_json(self).encode()
        elif suffix == ".html":
            from .explorer import explore

            content = explore(self, **drawing).page().encode()
        elif suffix in (".png", ".svg"):
            from .drawing import rendered
            from .heatmaps import draw_attention

            drawing.setdefault("kind", self.kinds()[-1])
            content = rendered(draw_attention(self, **drawing), suffix[1:])
        else:
            raise ValueError(
                f"cannot save attention as {path.name!r}: the name must end in .html, .json, .png or .svg"
            )
        write_atomically(path, content)

    @classmethod
    def load(cls, path):
        """Read a record that `save` wrote as .json; raises ValueError, naming the file, when damaged."""
        try:
            return cls(**from_json(Path(path).read_text(encoding="utf-8")))
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"{path} is not a whole attention record: {error}") from error


def attends(model):
    """Whether a model can be asked where it looks: whether its forward pass takes a `record`."""
    return "record" in signature(model.forward).parameters


def record_attention(model, src_ids, tgt_ids, source_tokens, target_tokens, gold=None, **languages):
    """Look inside `model` while it reads one sentence and produces one translation, both given.

    src_ids: S token ids, EOS last   tgt_ids: token ids without BOS and EOS, which are added here
    `source_tokens` and `target_tokens` name the ids one for one. One teacher-forced pass in evaluation mode;
    the model is left as it was. Raises ValueError when tokens and ids differ in number, EOS is misplaced, or
    the model does not attend.
    """
    if not attends(model):
        raise ValueError(f"a {type(model).__name__} does not attend: there is no attention to look at")
    bos, eos = model.config.bos_id, model.config.eos_id
    check_pair(list(src_ids), list(tgt_ids), source_tokens, target_tokens, eos)
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    src = torch.tensor([list(src_ids)], device=device)  # (1, S)
    tgt_in = torch.tensor([[bos, *tgt_ids]], device=device)  # (1, T)
    record = {kind: [] for kind in KINDS}
    training = [part for part in model.modules() if part.training]
    model.eval()
    try:
        with torch.no_grad():
            model(src, tgt_in, record=record)
    finally:
        for part in training:
            part.training = True
    weights = {kind: torch.cat(layers) if layers else None for kind, layers in record.items()}
    return AttentionRecord(list(source_tokens), [*target_tokens, "</s>"], **weights, gold=gold, **languages)


def check_pair(src_ids, tgt_ids, source_tokens, target_tokens, eos):
    """Raise ValueError unless ids and tokens fit each other, with EOS where it belongs."""
    for side, ids, tokens in (("source", src_ids, source_tokens), ("target", tgt_ids, target_tokens)):
        if len(ids) != len(tokens):
            raise ValueError(f"{side}: {len(ids)} ids, but {len(tokens)} tokens to name them")
    if eos not in src_ids[-1:]:
        raise ValueError(f"the source ids must end with EOS ({eos}): they are {src_ids}")
    if eos in tgt_ids:
        raise ValueError(
            f"the target ids must come without EOS ({eos}), which is added here: they are {tgt_ids}"
        )


def words(side, tokens):
    """The tokens as a list; raises ValueError unless each is a string."""
    if not isinstance(tokens, (list, tuple)) or not all(isinstance(token, str) for token in tokens):
        raise ValueError(f"{side} must be a list of tokens, each a string, not {str(tokens)[:60]}")
    return list(tokens)


def true_links(gold, rows, columns):
    """The gold links as a frozenset; raises ValueError unless each joins two tokens that there are."""
    try:
        pairs = frozenset((index(i), index(j)) for i, j in gold)
    except (TypeError, ValueError):
        raise ValueError(f"gold must be links (source index, target index), not {str(gold)[:60]}") from None
    for i, j in pairs:
        if not (0 <= i < rows and 0 <= j < columns):
            raise ValueError(f"gold link ({i}, {j}) lies outside {rows} source and {columns} target tokens")
    return pairs


def distributions(kind, weights, rows, columns):
    """The weights as float32 on the CPU; raises ValueError unless each row is a distribution."""
    if not isinstance(weights, torch.Tensor) or weights.dim() != 4 or not weights.numel():
        shape = tuple(weights.shape) if isinstance(weights, torch.Tensor) else type(weights).__name__
        raise ValueError(f"{kind} must be a tensor (layers, heads, rows, columns), not {shape}")
    if weights.shape[2:] != (rows, columns):
        raise ValueError(
            f"{kind} has maps of {tuple(weights.shape[2:])}, but its tokens need ({rows}, {columns})"
        )
    weights = weights.detach().to("cpu", torch.float32)
    if not weights.isfinite().all():
        raise ValueError(f"{kind} has weights that are NaN or infinite")
    if weights.min() < 0 or weights.max() > 1 + 1e-3:
        low, high = weights.min().item(), weights.max().item()
        raise ValueError(f"{kind} has weights from {low:.3g} to {high:.3g}; attention lies between 0 and 1")
    sums = weights.sum(-1)
    wrong = ((sums - 1).abs() > 1e-3) & (sums > 1e-3)
    if wrong.any():
        layer, head, row = place = tuple(wrong.nonzero()[0].tolist())
        where = f"{kind}, layer {layer}, head {head}: row {row}"
        raise ValueError(f"{where} sums to {sums[place]:.3f}, not to 1 (or 0)")
    return weights
