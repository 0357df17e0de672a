"""Two sets of word links made into one: one read from the target, the other from the source."""

AROUND = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]


def grow_diagonal(forward, backward):
    """Begin with the links that both sets have, and let them grow to neighbours that one of them has.

    A neighbour, one place away along either side or both, joins when one of its two words has no link yet.
    Two sets of links (source index, target index) -> one. Neighbours join in the order of their places.
    Koehn, Och & Marcu 2003, section 4.5: the heuristic "diag" without its last step.
    """
    grown, either = forward & backward, forward | backward
    while True:
        near = {(s + i, t + j) for s, t in grown for i, j in AROUND} & either - grown
        joined = False
        for s, t in sorted(near):
            if s not in {link[0] for link in grown} or t not in {link[1] for link in grown}:
                grown, joined = grown | {(s, t)}, True
        if not joined:
            return grown
