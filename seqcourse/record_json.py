"""Attention records as JSON: tokens as plain text, weights exact."""

import json
import re

import numpy as np
import torch

FORMAT = "seqcourse attention record"
FIELDS = ("source_language", "target_language", "source", "target", "gold", "encoder", "decoder", "cross")


def to_json(record):
    """The record as JSON text, a line for each field and each head."""
    fields = {"format": FORMAT} | {field: getattr(record, field) for field in FIELDS}
    if record.gold is not None:
        fields["gold"] = sorted(record.gold)
    lines = {field: one_line(value) for field, value in fields.items() if field not in record.kinds()}
    for kind in record.kinds():
        lines[kind] = one_line(decimals(fields[kind])).replace("]],[[", "]],\n[[")  # a line for each head
    return "{\n" + ",\n".join(f'"{field}": {line}' for field, line in lines.items()) + "\n}\n"


def one_line(value):
    """JSON without spaces, in characters that UTF-8 has: half a surrogate pair is escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)


def decimals(weights):
    """Nested lists of the shortest decimals that become the same float32 again."""
    exact = weights.numpy()
    short = exact.astype(str).astype(np.float64)
    return np.where(short.astype(np.float32) == exact, short, exact.astype(np.float64)).tolist()


def from_json(text):
    """The fields of a record, from text that `to_json` made; raises ValueError when it is damaged."""
    fields = json.loads(text)
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise ValueError(f'it does not say "format": "{FORMAT}"')
    missing = [field for field in FIELDS if field not in fields]
    if missing:
        raise ValueError(f"it lacks {', '.join(missing)}")
    for language in ("source_language", "target_language"):
        if not isinstance(fields[language], str):
            raise ValueError(f"{language} must be a string, not {fields[language]!r:.40}")
    if fields["gold"] is not None and not isinstance(fields["gold"], list):
        raise ValueError(f"gold must be a list of links, or null, not {fields['gold']!r:.40}")
    weights = {kind: tensor(kind, fields[kind]) for kind in ("encoder", "decoder", "cross")}
    return {field: fields[field] for field in FIELDS} | weights


def tensor(kind, values):
    """A float32 tensor of nested lists of numbers, or None; raises ValueError for anything else."""
    if values is None:
        return None
    try:
        array = np.array(values)
    except ValueError:
        array = None  # lists of different lengths
    if array is None or array.dtype.kind not in "fi":
        raise ValueError(f"{kind} must be lists of numbers, all rows of one length")
    with np.errstate(over="ignore"):  # a number too large becomes infinite, which the record refuses
        return torch.from_numpy(array.astype(np.float32))
