"""Attention weights as text: right to 0.00005, in as few characters as they need."""

import numpy as np

STEPS = 10_000  # a weight is kept as the nearest multiple of 1/STEPS
RAW = 15  # bits that hold any number that is written
LONGEST = 20  # quotients up to here are written as so many ones
# every printable character but space and those that end a string or open a tag
ALPHABET = "".join(chr(code) for code in range(33, 127) if chr(code) not in '"\\<')


def packed(weights, causal=False):
    """Weights (layers, heads, rows, columns) as text; `causal` leaves out what is above the diagonal.

    The steps of each row are written in the Rice code that suits the row best: 4 bits that say k; then for
    each weight the quotient by 2^k, as so many ones and a zero, and the remainder, k bits. After LONGEST
    ones the weight stands in RAW bits. A row sums to 1 but for rounding: in place of its last weight stands
    by how many steps the sum is off, in the code with k = 1, where 0, 1, 2, 3 … mean 0, -1, 1, -2 …
    Two characters hold 13 bits. `browser/weights.js` reads it.
    Rice (1979), "Some practical universal noiseless coding techniques".
    """
    steps = np.rint(weights * STEPS).astype(np.int64).clip(0, STEPS)
    layers, heads, rows, columns = steps.shape
    there = np.tri(rows, columns, -1, dtype=bool) if causal else np.tri(1, columns, columns - 2, dtype=bool)
    steps = steps.reshape(layers * heads * rows, columns)
    there = np.tile(np.broadcast_to(there, (rows, columns)), (layers * heads, 1))
    lengths = np.stack([np.where(there, rice_length(steps, k), 0).sum(1) for k in range(14)])
    k = lengths.argmin(0)[:, None]
    off = steps.sum(1, keepdims=True) - STEPS
    off = np.where(off < 0, -2 * off - 1, 2 * off)
    parts = ((k, np.full_like(k, 4)), rice(steps, k), rice(off, 1))
    values, lengths = (np.hstack(each) for each in zip(*parts, strict=True))
    always = np.ones_like(k, dtype=bool)
    there = np.hstack([always, there, always])
    return as_text(values[there], lengths[there])


def rice_length(steps, k):
    """How many bits the code of each number has."""
    quotients = steps >> k
    return np.where(quotients < LONGEST, quotients + 1 + k, LONGEST + RAW)


def rice(steps, k):
    """The code of each number, and its length in bits."""
    quotients = steps >> k
    short = (((1 << np.minimum(quotients, LONGEST)) - 1) << (k + 1)) | (steps & ((1 << k) - 1))
    escaped = (((1 << LONGEST) - 1) << RAW) | steps
    return np.where(quotients < LONGEST, short, escaped), rice_length(steps, k)


def as_text(values, lengths):
    """The bits of all numbers, one after the other, as pairs of characters."""
    ends = lengths.cumsum()
    places = np.arange(ends[-1])
    shifts = np.repeat(ends, lengths) - 1 - places
    bits = (np.repeat(values, lengths) >> shifts) & 1
    bits = np.append(bits, np.zeros(-len(bits) % 13, dtype=bits.dtype))
    pairs = bits.reshape(-1, 13) @ (1 << np.arange(12, -1, -1))
    letters = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
    return np.stack([letters[pairs // 91], letters[pairs % 91]], axis=1).tobytes().decode()
