"""Attention read: do heads align, what are they worth, what explains a word, and which heads know a gender?

    python benchmarks/reading.py [--part PART] [--seeds 3] [--out FILE]

Translators of the toy corpora are trained into runs/reading; what is there is not trained again. "shipped"
are those that come with the course, which learnt from two to three times as many sentences. The parts:

- "aligning": alignment error rates (AER) of every cross-attention head of English-Chinese translators on test
  sentences, those of content words (nouns, verbs, adjectives) and of small words apart; the head is chosen on
  validation sentences. Models with several heads and layers, and with one head and one decoder layer.
  "symmetrised" joins the links that rows make with those that columns of the same map make.
- "ablation": BLEU of the same translators without each head, English-Chinese and English-French, and the
  loss (nats a token, teacher-forced), which moves where BLEU does not.
- "explaining": AER of attention, rollout, erasure and integrated gradients, for content words and small ones,
  and how far their rankings of the source words agree; how often each finds the noun on which a Chinese
  classifier depends, which is not its gold link.
- "pronoun": English-French. The gender of the pronoun that *it* becomes: how often it is right, the heads
  whose removal takes it to chance, found greedily on validation sentences and scored on test sentences, the
  best of all smaller sets of one and two heads, and random sets of the same size.

The file is written after every run, and a run that stands in it is not made again.
"""

import argparse
import random
from itertools import combinations
from pathlib import Path

import torch
from stored import read_runs, write_runs

from seqcourse.ablation import all_heads, without_heads
from seqcourse.alignment import best_head, head_error_rates, record_pair
from seqcourse.batching import batch_by_tokens, encode_pairs
from seqcourse.corpora import load_corpus
from seqcourse.explanations import (
    classifier_links,
    error_rate,
    explanations,
    rank_agreement,
    share_found,
    strongest,
)
from seqcourse.lexicon import content_words
from seqcourse.making import make_translator
from seqcourse.pronouns import balanced_accuracy, gender_is_right, greedy_cut, pronoun_cases
from seqcourse.recipe import Recipe
from seqcourse.scores import alignment_error_rate, bleu
from seqcourse.symmetrising import grow_diagonal
from seqcourse.training import evaluate_model
from seqcourse.translator import Translator

ALIGNED, TRANSLATED, EXPLAINED = 200, 200, 100  # test sentences
RANDOM_SETS = 200
ENOUGH = 0.55  # of a balanced accuracy, whose chance is 0.5
MODELS = {  # steps, tokens in a batch, and sizes that differ from those of the shipped translators
    "as shipped": {"steps": {"toy-en-zh": 1000, "toy-en-fr": 1500}, "tokens": 600, "sizes": {}},
    "one head": {
        "steps": {"toy-en-zh": 800},
        "tokens": 1200,
        "sizes": {"nhead": 1, "num_encoder_layers": 2, "num_decoder_layers": 1},
    },
}


def translator(corpus, model, seed):
    """The translator of a run, trained now if it is not there."""
    if seed == "shipped":
        return Translator.load(corpus.name, device="cpu")
    folder = Path("runs/reading") / f"{corpus.name}-{model.replace(' ', '-')}-{seed}"
    how = MODELS[model]
    recipe = Recipe(max_tokens=how["tokens"], seed=seed)
    made = make_translator(
        corpus, folder, recipe, steps=how["steps"][corpus.name], resume=True, **how["sizes"]
    )
    made.model.to("cpu").eval()
    return made


def quality(translator, corpus, part="test", number=TRANSLATED):
    pairs = corpus.pairs(part)[:number]
    texts = [found.text for found in translator.translate([pair.source for pair in pairs], beam=1)]
    return bleu(texts, [pair.target for pair in pairs], corpus.target_language).value


def chosen_head(translator, corpus):
    return best_head(head_error_rates(translator, corpus.pairs("valid")[:ALIGNED]))


def by_kind(maps, pairs, language):
    content = content_words(language)
    return {
        "all": error_rate(maps, pairs),
        "content words": error_rate(maps, pairs, content.__contains__),
        "small words": error_rate(maps, pairs, lambda word: word not in content),
    }


def columns(weights, pair):
    """Each source word with the target word whose step looks at it most."""
    shape = len(pair.source_tokens), len(pair.target_tokens)
    return {(s, weights[: shape[1], s].argmax().item()) for s in range(shape[0])}


def aligning(model, seed):
    corpus = load_corpus("toy-en-zh")
    made, pairs = translator(corpus, model, seed), corpus.pairs("test")[:ALIGNED]
    (layer, head), rates = chosen_head(made, corpus), head_error_rates(made, pairs)
    records = [record_pair(made, pair) for pair in pairs]
    maps = [record.cross[layer, head] for record in records]
    result = {
        "BLEU": {part: quality(made, corpus, part) for part in ("test", "compositional", "length")},
        "AER of heads": rates.tolist(),
        "head": [layer, head],
        "AER": by_kind(maps, pairs, "zh"),
        "AER, mean of heads": by_kind([r.cross.mean(dim=(0, 1)) for r in records], pairs, "zh"),
    }
    rows = [strongest(*both) for both in zip(maps, pairs, strict=True)]
    turned = [columns(*both) for both in zip(maps, pairs, strict=True)]
    return result | {"symmetrised": joined(rows, turned, pairs)}


def joined(forward, backward, pairs):
    """AER of two sets of links a pair, of their intersection and union, and of what grows in between."""
    both, gold = list(zip(forward, backward, strict=True)), [pair.alignment for pair in pairs]
    ways = {
        "forward": forward,
        "backward": backward,
        "intersection": [a & b for a, b in both],
        "union": [a | b for a, b in both],
        "grown": [grow_diagonal(a, b) for a, b in both],
    }
    return {name: alignment_error_rate(links, gold) for name, links in ways.items()}


def ablation(name, seed):
    corpus = load_corpus(name)
    made = translator(corpus, "as shipped", seed)
    result = {"BLEU": quality(made, corpus), "heads": []}
    tested = corpus.pairs("test")[:ALIGNED]
    rates = head_error_rates(made, tested)
    batches = batch_by_tokens(encode_pairs(tested, made.source_tokenizer, made.target_tokenizer, 128), 1200)
    result["loss"] = evaluate_model(made.model, batches)
    for head in all_heads(made.model):
        with without_heads(made.model, [head]):
            score, loss = quality(made, corpus), evaluate_model(made.model, batches)
        aer = rates[head[1:]].item() if head[0] == "cross" else None
        result["heads"].append({"head": list(head), "BLEU": score, "loss": loss, "AER": aer})
    return result


def explaining(name, seed):
    corpus = load_corpus(name)
    made, pairs = translator(corpus, "as shipped", seed), corpus.pairs("test")[:EXPLAINED]
    head = chosen_head(made, corpus)
    found = [explanations(made, pair, head) for pair in pairs]
    maps = {method: [each[method] for each in found] for method in found[0]}
    result = {
        "head": list(head),
        "AER": {method: by_kind(each, pairs, corpus.target_language) for method, each in maps.items()},
        "found": {method: share_found(each, pairs) for method, each in maps.items()},
        "agreement": {f"{a}, {b}": rank_agreement(maps[a], maps[b]) for a, b in combinations(maps, 2)},
    }
    if corpus.target_language == "zh":
        nouns = {method: share_found(each, pairs, classifier_links) for method, each in maps.items()}
        result["noun found for classifier"] = nouns
    return result


def pronoun(name, seed):
    corpus = load_corpus(name)
    made = translator(corpus, "as shipped", seed)
    both = made.source_tokenizer, made.target_tokenizer
    cases = {part: pronoun_cases(corpus.pairs(part), *both) for part in ("valid", "test")}
    feminine = torch.tensor([made.target_tokenizer.ids[word] for word in ("elle", "elles")])

    def score(heads, part="valid"):
        of = cases[part]
        right = gender_is_right(made.model, of, heads)
        return balanced_accuracy(right, torch.isin(of.right, feminine).long())

    heads = all_heads(made.model)
    cut = greedy_cut(score, heads, ENOUGH)
    size, smaller = len(cut), {}
    for fewer in range(1, min(size, 3)):
        lowest = min(combinations(heads, fewer), key=lambda few: score(list(few)))
        smaller[fewer] = {
            "heads": [list(h) for h in lowest],
            "valid": score(list(lowest)),
            "test": score(list(lowest), "test"),
        }
    chance = random.Random(seed)
    sets = [chance.sample(heads, size) for _ in range(RANDOM_SETS)]
    with without_heads(made.model, cut):
        left = quality(made, corpus)
    return {
        "sentences": {part: len(of.right) for part, of in cases.items()},
        "right": {part: gender_is_right(made.model, of).double().mean().item() for part, of in cases.items()},
        "cut": [list(head) for head in cut],
        "on the way": [score(cut[:n], "test") for n in range(size + 1)],
        "balanced": {part: score(cut, part) for part in cases},
        "best of all smaller sets": smaller,
        "random sets": [score(some, "test") for some in sets],
        "BLEU": quality(made, corpus),
        "BLEU without them": left,
    }


def planned(seeds):
    """All runs, in their order: part, what it is of, seed."""
    for seed in ["shipped", *range(seeds)]:
        yield "pronoun", "toy-en-fr", seed
        yield "aligning", "as shipped", seed
    for seed in ["shipped", *range(seeds)]:
        yield "explaining", "toy-en-zh", seed
        yield "ablation", "toy-en-zh", seed
    yield "explaining", "toy-en-fr", "shipped"
    yield "ablation", "toy-en-fr", "shipped"
    yield "aligning", "one head", 0


PARTS = {
    "aligning": aligning,
    "ablation": ablation,
    "explaining": explaining,
    "pronoun": pronoun,
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=list(PARTS), help="one part only")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--out", type=Path, default=Path("data/results/reading.json"), help="JSON file")
    options = parser.parse_args()
    settings = {"models": MODELS, "test sentences": [ALIGNED, TRANSLATED, EXPLAINED]}
    runs, todo = read_runs(options.out, settings), list(planned(options.seeds))
    for number, (part, name, seed) in enumerate(todo, 1):
        key = {"part": part, "of": name, "seed": seed}
        if options.part in (None, part) and not any(key.items() <= run.items() for run in runs):
            print(f"{number}/{len(todo)}  {part}: {name}, seed {seed}", flush=True)
            runs.append(key | PARTS[part](name, seed))
            write_runs(options.out, settings, runs)


if __name__ == "__main__":
    main()
