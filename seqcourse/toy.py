"""The toy corpora, `toy-en-zh` and `toy-en-fr`, sampled from `data/grammar.txt`: the same on every machine.

`python -m seqcourse.toy` checks the corpora against their pinned hashes, with `--pin` it pins them anew,
and with `--sample 20` it shows twenty sentences.
"""

import argparse
import json
import random
import sys
from functools import cache
from hashlib import sha256

from seqcourse.grammar import GrammarError, word_pairs, written
from seqcourse.grammar_file import read_grammar
from seqcourse.shipped import shipped

PARTS = ("train", "valid", "test", "compositional", "length")
SIZES = {"train": 30_000, "valid": 1_000, "test": 1_000, "compositional": 1_000, "length": 1_000}
LANGUAGES = {"toy-en-zh": "zh", "toy-en-fr": "fr"}
LONGEST = 14  # English tokens of a training sentence; the part `length` is longer, up to 20
SHORTEST, LIMIT = 3, 20


def toy_corpus_names():
    """The names of the toy corpora."""
    return list(LANGUAGES)


@cache
def toy_grammar():
    """The grammar that comes with the course, read once."""
    return read_grammar(shipped("grammar.txt"))


@cache
def toy_pairs(name, part):
    """One part of a toy corpus, made on first use: a list of `Pair` with gold alignments and tags.

    Both corpora have the same English sentences in the same order. ValueError for an unknown name or part.
    """
    if name not in LANGUAGES or part not in PARTS:
        raise ValueError(
            f"there is no {part!r} of {name!r}; there is {', '.join(PARTS)} of {', '.join(LANGUAGES)}"
        )
    return list(sample_pairs(toy_grammar(), LANGUAGES[name], part, SIZES[part]))


def sample_pairs(grammar, language, part, size):
    """Yield `size` pairs of a part, no source sentence twice; ValueError when the grammar has not so many."""
    for tree, english in sample_trees(grammar, part, size):
        yield grammar.pair(tree, language, english)


def sample_trees(grammar, part, size):
    """The derivation trees of the pairs, each with its English tokens and their link keys."""
    rng = random.Random(part)  # a string seeds alike on every platform and version
    seen, misses = set(), 0
    while len(seen) < size:
        tree = grammar.sample(rng.random)
        tokens, keys = grammar.read_out(tree, "en")
        if part_of(tree, tokens) == part and tokens not in seen:
            seen.add(tokens)
            misses = 0
            yield tree, (tokens, keys)
        elif (misses := misses + 1) > 100_000:
            raise ValueError(
                f"the grammar has {len(seen)} sentences for the part {part!r}, not {size}: add to it"
            )


def part_of(tree, tokens):
    """The part a sentence belongs to, by its length, its word pairs and a hash; None: it belongs to none."""
    if not SHORTEST <= len(tokens) <= LIMIT:
        return None
    if any(held_out(a, b) for a, b in word_pairs(tree)):
        return "compositional" if len(tokens) <= LONGEST else None
    if len(tokens) > LONGEST:
        return "length"
    return {0: "valid", 1: "test"}.get(_hash(" ".join(tokens)) % 10, "train")


@cache
def held_out(a, b):
    """Whether two words (adjective and noun, verb and object) meet only in the part `compositional`."""
    return _hash(f"3 {a.name} {b.name}") % 20 == 0  # the 3 leaves no word without company


def _hash(text):
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")


def corpus_hash(pairs):
    """sha256 of all there is in a list of pairs."""
    digest = sha256()
    for pair in pairs:
        links = " ".join(f"{i}-{j}" for i, j in sorted(pair.alignment))
        fields = (
            pair.source,
            pair.target,
            *map(" ".join, (pair.source_tokens, pair.target_tokens, sorted(pair.tags))),
            links,
        )
        digest.update(("\t".join(fields) + "\n").encode())
    return digest.hexdigest()


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="python -m seqcourse.toy", description="check the toy corpora, or look at them"
    )
    parser.add_argument("--pin", action="store_true", help="write the hashes of the corpora to toy.json")
    parser.add_argument("--sample", type=int, metavar="N", help="show N sentences in the three languages")
    parser.add_argument("--seed", default="0", help="which ones (0)")
    parser.add_argument(
        "--grammar", metavar="FILE", help="another grammar than the one that comes with the course"
    )
    options = parser.parse_args(arguments)
    if options.sample is not None:
        show(options.sample, options.seed, options.grammar)
        return 0
    made = {name: {part: corpus_hash(toy_pairs(name, part)) for part in PARTS} for name in LANGUAGES}
    if options.pin:
        path = shipped("grammar.txt").with_name("toy.json")
        path.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8", newline="\n")
        print(f"pinned in {path}")
        return 0
    pinned = json.loads(shipped("toy.json").read_text(encoding="utf-8"))
    for name, parts in made.items():
        for part, digest in parts.items():
            print(
                name,
                part,
                digest,
                "as pinned" if pinned[name][part] == digest else "DIFFERS from data/toy.json",
            )
    return int(made != pinned)


def show(count, seed, path=None):
    """Print sentences with their translations; a mistake in the grammar is told with file and line."""
    try:
        grammar = read_grammar(path or shipped("grammar.txt"))
    except (GrammarError, OSError) as error:
        sys.exit(str(error))
    rng = random.Random(seed)
    for _ in range(count):
        tree = grammar.sample(rng.random)
        print(
            *(written(grammar.read_out(tree, language)[0], language) for language in ("en", "zh", "fr")),
            sep="\n",
            end="\n\n",
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
