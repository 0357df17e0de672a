"""A tiny language pair with known word links, and a translator that learns it in seconds."""

from functools import cache
from itertools import product

import torch

from seqcourse.batching import encode_pairs
from seqcourse.corpora import Corpus
from seqcourse.fitting import fit
from seqcourse.making import learn_tokenizers
from seqcourse.pairs import Pair
from seqcourse.recipe import Recipe
from seqcourse.transformer import Transformer, TransformerConfig
from seqcourse.translator import Translator
from seqcourse.vocabulary import SPECIALS, Vocabulary

ANIMALS = {"cat": "猫", "dog": "狗", "bird": "鸟", "fish": "鱼", "horse": "马"}
VERBS = {"sleeps": "睡觉", "runs": "跑步", "eats": "吃饭"}
KINDS = {"big": "大", "small": "小", "old": "老"}
SIZES = dict(
    d_model=30, nhead=3, num_encoder_layers=1, num_decoder_layers=2, dim_feedforward=41, max_length=37
)


def clause(kind, animal, verb, start=(0, 0)):
    """English words, Chinese words and their links, which begin at `start`."""
    source, target = ["the", kind, animal, verb], [KINDS[kind], ANIMALS[animal], "在", VERBS[verb]]
    links = {(1, 0), (2, 1), (3, 2), (3, 3)}
    return source, target, {(s + start[0], t + start[1]) for s, t in links}


def pair(*clauses):
    """One clause or several, joined by "and", as a Pair."""
    source, target, links = [], [], set()
    for words in clauses:
        if source:
            links.add((len(source), len(target)))
            source, target = [*source, "and"], [*target, "，"]
        more = clause(*words, start=(len(source), len(target)))
        source, target, links = source + more[0], target + more[1], links | more[2]
    links.add((len(source), len(target)))
    source, target = [*source, "."], [*target, "。"]
    text = " ".join(source[:-1]).capitalize() + "."
    return Pair(text, "".join(target), tuple(source), tuple(target), frozenset(links))


def small_corpus():
    clauses = list(product(KINDS, ANIMALS, VERBS))
    short = [pair(words) for words in clauses]
    long = [pair(a, b) for a, b in zip(clauses, clauses[17:] + clauses[:17], strict=True)]
    pairs = {"train": short[4:] + long[4:], "valid": short[:2] + long[:2], "test": short[2:4] + long[2:4]}
    return Corpus("small", "en", "zh", tuple(pairs), pairs.__getitem__)


def sentences():
    """All sources of `small_corpus`."""
    return [pair.source for part in small_corpus().parts for pair in small_corpus().pairs(part)]


def write_tsv(path, pairs=None):
    pairs = pairs or [p for part in small_corpus().parts for p in small_corpus().pairs(part)]
    path.write_text("".join(f"{p.source}\t{p.target}\n" for p in pairs), encoding="utf-8")
    return path


@cache
def small_translator():
    """A translator of `small_corpus` that has learnt it, more or less."""
    corpus = small_corpus()
    source, target = learn_tokenizers(corpus, vocab_size=None)
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(len(source), len(target), **SIZES, dropout=0.0, norm_first=True))
    parts = (encode_pairs(corpus.pairs(part), source, target, 37) for part in ("train", "valid"))
    fit(model, *parts, Recipe(max_tokens=300, learning_rate=1e-2), steps=90, report=lambda entry: None)
    return Translator(model, source, target, {"corpus": "small"})


def untrained(max_length=11, **changes):
    """A translator that never ends a sentence of its own accord."""
    torch.manual_seed(0)
    words = Vocabulary([*"abcde"], language="en")
    sizes = {**SIZES, "max_length": max_length, **changes}
    model = Transformer(TransformerConfig(len(words), len(words), **sizes))
    model.decoder.output.bias.data[SPECIALS.index("</s>")] = -1e4
    return Translator(model, words, words)
