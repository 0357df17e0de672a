"""A sentence and its translation, and collections of them: corpora."""

from collections.abc import Callable
from dataclasses import dataclass, field


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


@dataclass(frozen=True)
class Corpus:
    """Pairs of sentences in two languages, divided into parts; `pairs(part)` is a list of `Pair`.

    `skipped` is the number of blank lines in the file that the corpus was read from.
    """

    name: str
    source_language: str
    target_language: str
    parts: tuple[str, ...]
    make: Callable[[str], list[Pair]] = field(repr=False)  # the pairs of a part, made once
    skipped: int = 0

    def pairs(self, part):
        """The pairs of one part; ValueError with the parts there are if it has no such part."""
        if part not in self.parts:
            raise ValueError(f"{self.name} has no part {part!r}; it has {', '.join(self.parts)}")
        return self.make(part)
