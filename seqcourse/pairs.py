"""A sentence and its translation: what every corpus is made of."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """One sentence and its translation, as people write them.

    The toy corpora know more: the tokens of both sides, which of them translate each other (`alignment`,
    links `(source index, target index)`), and the phenomena of the pair (`tags`). Elsewhere they are empty.
    """

    source: str
    target: str
    source_tokens: tuple[str, ...] = ()
    target_tokens: tuple[str, ...] = ()
    alignment: frozenset[tuple[int, int]] = frozenset()
    tags: frozenset[str] = frozenset()
