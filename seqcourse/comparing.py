"""Two answers side by side: are they the same, and if not, in what do they differ?"""

import math
import warnings
from numbers import Number

import torch

SHOWN = 60  # characters of a value in a sentence


def same(a, b, atol):
    """Whether two answers are equal, numbers up to `atol` and a relative 1e-4.

    Numbers of all kinds and tensors of shape () are alike, and so are lists and tuples. Tensors must agree in
    shape, in kind (boolean, whole, real) and in the device that they lie on. NaN equals NaN.
    """
    if is_number(a) and is_number(b):
        return same_number(a, b, atol)
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        alike = (a.shape, kind(a), a.device, a.layout) == (b.shape, kind(b), b.device, b.layout)
        return alike and close(a, b, atol)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(same(x, y, atol) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key], atol) for key in a)
    if isinstance(a, torch.nn.Module) and isinstance(b, torch.nn.Module):
        return same(a.state_dict(), b.state_dict(), atol)
    try:
        return type(a) is type(b) and bool(a == b)
    except Exception:  # what compares itself in ways of its own, such as an array
        return False


def same_number(a, b, atol):
    a, b = (x.item() if hasattr(x, "item") else x for x in (a, b))
    if isinstance(a, int) and isinstance(b, int):  # a count is right or wrong
        return a == b
    return math.isclose(a, b, rel_tol=1e-4, abs_tol=atol) or (math.isnan(a) and math.isnan(b))


def is_number(value):
    if hasattr(value, "ndim") and hasattr(value, "item"):  # a tensor or a NumPy scalar
        return value.ndim == 0
    return isinstance(value, Number) and not isinstance(value, complex)


def kind(tensor):
    """Boolean, whole or real: what a dtype means, however many bits it has."""
    if tensor.dtype == torch.bool:
        return "boolean"
    return "real" if tensor.is_floating_point() else "whole"


def close(a, b, atol):
    a, b = a.detach(), b.detach()
    if kind(a) != "real":
        return torch.equal(a, b.to(a.dtype))
    return torch.allclose(a.double(), b.double(), rtol=1e-4, atol=atol, equal_nan=True)


def difference(said, right, atol):
    """What one sees of an answer that is not the right one, in a sentence."""
    try:
        return describe(said, right, atol)
    except Exception as error:  # what a learner makes may defy every comparison
        return f"It gives {name_of(said)} that cannot be compared with {name_of(right)} ({error})."


def describe(said, right, atol):
    if isinstance(right, torch.Tensor) and right.dim():
        return tensor_difference(said, right, atol)
    if is_number(right):
        if not is_number(said):
            return f"It gives {short(said)}; a number is asked for."
        return f"It gives {show(said)} where {show(right)} is right.{factor(said, right, atol)}"
    if isinstance(right, list | tuple):
        if not isinstance(said, list | tuple):
            return f"It gives {name_of(said)}; a list or tuple of {len(right)} items is asked for."
        if len(said) != len(right):
            asked = f"{len(right)} {'is' if len(right) == 1 else 'are'} asked for"
            return f"It gives {len(said)} items where {asked}: {short(said)}."
        place = next(i for i, (a, b) in enumerate(zip(said, right, strict=True)) if not same(a, b, atol))
        return f"Item {place}: {describe(said[place], right[place], atol)}"
    if isinstance(right, dict) and isinstance(said, dict):
        if absent := [key for key in right if key not in said]:
            return f"{short(absent[0])} is missing in it."
        if more := [key for key in said if key not in right]:
            return f"{short(more[0])} does not belong in it."
        key = next(key for key in right if not same(said[key], right[key], atol))
        return f"For {short(key)}: {describe(said[key], right[key], atol)}"
    if type(said) is not type(right):
        return f"It gives {name_of(said)}; {name_of(right)} is asked for."
    return f"It gives {short(said)} where {short(right)} is right."


def tensor_difference(said, right, atol):
    if not isinstance(said, torch.Tensor):
        try:
            with warnings.catch_warnings():  # what torch thinks of a learner's list is not for the learner
                warnings.simplefilter("ignore")
                other = torch.as_tensor(said)
        except Exception:
            return f"It gives {name_of(said)}; a tensor of shape {tuple(right.shape)} is asked for."
        fits = same(other.to(right.dtype), right, atol)
        return f"It gives {name_of(said)}; a tensor is asked for.{' Its numbers are right.' if fits else ''}"
    if said.device != right.device:
        return f"It lies on the device {said.device}; what it is given lies on {right.device}."
    if said.layout != right.layout:
        return f"It gives a tensor that is {said.layout}; an ordinary one is asked for."
    if said.shape != right.shape:
        return (
            f"The shape is {tuple(said.shape)}; it should be {tuple(right.shape)}.{shapes(said, right, atol)}"
        )
    if kind(said) != kind(right):
        fits = close(said.to(right.dtype), right, atol)
        words = f"It gives {said.dtype} where {right.dtype} is asked for."
        return words + (" Its numbers are right." if fits else "")
    if kind(said) == "real" and said.isnan().any() and not right.isnan().any():
        share = f"{said.isnan().sum().item()} of {said.numel()} numbers"
        return f"There is NaN in it ({share}): 0 / 0, or a row in which all is masked?"
    wrong = ~torch.isclose(said.detach().double(), right.detach().double(), rtol=1e-4, atol=atol)
    place = tuple(wrong.nonzero()[0].tolist())
    where = ", ".join(map(str, place))
    entry = f"at [{where}] it is {show(said[place])}, and should be {show(right[place])}"
    return f"{wrong.sum().item()} of {wrong.numel()} numbers are wrong; {entry}.{relation(said, right, atol)}"


def shapes(said, right, atol):
    """How an answer of another shape is related to the right one, as far as one can see."""
    if said.dim() == right.dim() and said.dim() >= 2:
        for i in range(said.dim()):
            for j in range(i):
                if said.transpose(i, j).shape == right.shape and same(said.transpose(i, j), right, atol):
                    return f" It is the right one with the axes {j} and {i} exchanged."
    if said.numel() == right.numel() and same(said.reshape(right.shape), right, atol):
        return " Its numbers are right."
    return ""


def relation(said, right, atol):
    """A simple rule that leads from the right answer to this one, if there is one."""
    if kind(right) == "boolean":
        return " It is upside down: True for False." if torch.equal(said, ~right) else ""
    for axis in range(right.dim()):
        if same(said.flip(axis), right, atol):
            return f" It is the right one read backwards along axis {axis}."
    ratio = (said / right)[right != 0]
    if len(ratio) > 1 and ratio.isfinite().all() and (ratio - ratio[0]).abs().max() <= 1e-3 * ratio[0].abs():
        return factor(said.flatten()[0], right.flatten()[0], atol)
    away = said - right
    if (away - away.flatten()[0]).abs().max() <= max(atol, 1e-4) and right.numel() > 1:
        return f" All are off by {show(away.flatten()[0])}."
    return ""


def factor(said, right, atol):
    if isinstance(right, int):  # such as the number of a word: no multiple of it means anything
        return ""
    said, right = (x.item() if hasattr(x, "item") else float(x) for x in (said, right))
    if abs(right) <= atol or not math.isfinite(said / right):
        return ""
    if math.isclose(said, -right, rel_tol=1e-3):
        return " The sign is wrong."
    ratio = f"{said / right:.4g}"
    return "" if ratio in ("0", "-0", "1") else f" That is {ratio} times the right one."


def show(number):
    number = number.item() if hasattr(number, "item") else number
    return f"{number:.4g}" if isinstance(number, float) else str(number)


def short(value):
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def name_of(value):
    """What a value is, as one would say it: a list, a NumPy array, None."""
    if value is None:
        return "None"
    name = {"ndarray": "NumPy array", "str": "text", "Tensor": "tensor"}.get(type(value).__name__)
    name = name or type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
