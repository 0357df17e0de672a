"""Attention weights as text: right to 0.00005, in as few characters as they need."""

import numpy as np

STEPS = 10_000  # a weight is kept as the nearest multiple of 1/STEPS
RAW = 14  # bits that hold any of them
LONGEST = 20  # quotients up to here are written as so many ones
# every printable character but space and those that end a string or open a tag
ALPHABET = "".join(chr(code) for code in range(33, 127) if chr(code) not in '"\\<')


def packed(weights, causal=False):
    """Weights (layers, heads, rows, columns) as text; `causal` leaves out what is above the diagonal.

    The steps of each row are written in the Rice code that suits the row best: 4 bits that say k; then for
    each weight the quotient by 2^k, as so many ones and a zero, and the remainder, k bits. After LONGEST
    ones the weight stands in RAW bits. Two characters hold 13 bits. `browser/weights.js` reads it.
    Rice (1979), "Some practical universal noiseless coding techniques".
    """
    steps = np.rint(weights * STEPS).astype(np.int64).clip(0, STEPS)
    layers, heads, rows, columns = steps.shape
    there = np.tri(rows, columns, dtype=bool) if causal else np.ones((rows, columns), dtype=bool)
    steps = steps.reshape(layers * heads * rows, columns)
    there = np.tile(there, (layers * heads, 1))
    lengths = np.stack([np.where(there, rice_length(steps, k), 0).sum(1) for k in range(RAW)])
    k = lengths.argmin(0)[:, None]
    values, lengths = rice(steps, k)
    values, lengths = np.hstack([k, values]), np.hstack([np.full_like(k, 4), lengths])
    there = np.hstack([np.full_like(k, True, dtype=bool), there])
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
