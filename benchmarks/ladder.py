"""The ladder: every translator of the course, trained on the same sentences and scored on the same ones.

    python benchmarks/ladder.py [--corpus toy-en-zh] [--only LSTM] [--seeds 3] [--out FILE]

It has seven parts. The models of a part have about equally many parameters, but for those of "bottleneck".

- "rates": each model learns for a short while at several learning rates; the one with the lowest validation
  loss is that model's rate in the other parts. Its seed is used nowhere else.
- "equal steps": as many steps for each model, with as many tokens in each step.
- "equal seconds": as many seconds for each. They are seconds of the processor that this process has used
  (time.process_time), not those of a clock on the wall, so that other work on the machine takes little away.
  The learning rate's schedule follows the seconds. Validation and scoring are not counted.
- "counting": the dictionary (IBM Model 1), which has no steps and no chance in it, and is learnt once.
- "bottleneck": the LSTM with states of several sizes, and one that reads its source backwards; equal steps.
- "patience": that LSTM with three times as many steps, as in the notebook of lesson 03.
- "heads": the Transformer with its 64 features cut into one to sixteen heads; equal steps.

The last three are for the toy corpus only.

Scores are those of greedy translations of the test part; "long" is the part of sentences longer than any in
training. "by length" and "by phenomenon" hold, for each group, its score and how many sentences it has; "AER"
is the alignment error rate of the best head of a model that attends. The file is written after every run, and
a run that stands in it is not made again. One thread is enough for models so small: OMP_NUM_THREADS=1.
"""

import argparse
import time
from pathlib import Path

import torch
from stored import read_runs, write_runs

from seqcourse.alignment import rate_of_best_head
from seqcourse.attentive import SCORES, AttentiveConfig, AttentiveSeq2Seq
from seqcourse.attentive_conv import AttentiveConvSeq2Seq
from seqcourse.batching import batch_by_tokens, encode_pairs
from seqcourse.conv_seq2seq import ConvSeq2Seq, ConvSeq2SeqConfig
from seqcourse.corpora import corpus_names, load_corpus
from seqcourse.data_folder import missing
from seqcourse.dictionary import DictionaryTranslator
from seqcourse.fitting import Stream, adamw
from seqcourse.making import learn_tokenizers
from seqcourse.recipe import Recipe
from seqcourse.record import attends
from seqcourse.schedules import one_cycle
from seqcourse.scores import bleu, by_length, by_tag, chrf
from seqcourse.seq2seq import Seq2Seq, Seq2SeqConfig
from seqcourse.tatoeba import ORIGIN
from seqcourse.training import evaluate_model, train_model
from seqcourse.transformer import Transformer, TransformerConfig
from seqcourse.translator import Translator

CORPORA = {  # how large, how long, and how much at a time
    "toy-en-zh": {"parameters": 290_000, "steps": 600, "seconds": 8, "max_tokens": 600, "vocab_size": 0},
    "tatoeba-en-zh": {
        "parameters": 2_500_000,
        "steps": 1500,
        "seconds": 150,
        "max_tokens": 900,
        "vocab_size": 3000,
    },
}
LONGEST = 128  # tokens of a sentence
RATES, TRIAL_STEPS, TRIAL_SEED = (2e-3, 4e-3, 8e-3, 16e-3), 300, 99
TESTED, LONG, VALIDATED, ALIGNED = 500, 200, 300, 100  # sentences
WIDTH = 2  # lengths that share a score


def recurrent(cell, **more):
    def make(source_size, target_size, width):
        sizes = {"d_model": 64, "hidden_size": width, "max_length": LONGEST} | more
        return Seq2Seq(Seq2SeqConfig(source_size, target_size, cell, **sizes))

    return make


def attentive(score):
    def make(source_size, target_size, width):
        sizes = {"d_model": 64, "hidden_size": 2 * width, "max_length": LONGEST}
        return AttentiveSeq2Seq(AttentiveConfig(source_size, target_size, score, **sizes))

    return make


def convolutional(model):
    def make(source_size, target_size, width):
        return model(ConvSeq2SeqConfig(source_size, target_size, d_model=width, max_length=LONGEST))

    return make


def transformer(nhead=4):
    def make(source_size, target_size, width):
        sizes = {"d_model": 4 * width, "nhead": nhead, "num_encoder_layers": 2, "num_decoder_layers": 2}
        sizes |= {"dim_feedforward": 16 * width, "norm_first": True, "max_length": LONGEST}
        return Transformer(TransformerConfig(source_size, target_size, **sizes))

    return make


MODELS = {  # a function of the sizes of both vocabularies and of a width
    "RNN": recurrent("rnn"),
    "GRU": recurrent("gru"),
    "LSTM": recurrent("lstm"),
    "convolutional": convolutional(ConvSeq2Seq),
    "Transformer": transformer(),
} | {f"LSTM + {score}": attentive(score) for score in SCORES}
MODELS |= {"convolutional + attention": convolutional(AttentiveConvSeq2Seq)}
DICTIONARY = "dictionary"
PATIENT, PATIENCE = "LSTM, 128, patient", 3  # times as many steps
BOTTLENECKS = {f"LSTM, {width}": (recurrent("lstm"), width) for width in (16, 64, 128, 256)}
BOTTLENECKS |= {"LSTM, 128, reversed": (recurrent("lstm", reverse_source=True), 128)}
HEADS = {f"Transformer, {nhead} heads": (transformer(nhead), 16) for nhead in (2, 4, 8, 16)}
HEADS = {"Transformer, 1 head": (transformer(1), 16)} | HEADS
SIZED = BOTTLENECKS | {PATIENT: BOTTLENECKS["LSTM, 128"]} | HEADS  # a model, and its width
NAMES = [DICTIONARY, *MODELS, *SIZED]
PARTS = {  # of each seed, in this order
    "bottleneck": BOTTLENECKS,
    "equal steps": MODELS,
    "equal seconds": MODELS,
    "patience": (PATIENT,),
    "heads": HEADS,
}
TOY_ONLY = ("bottleneck", "patience", "heads")


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def width_for(make, sizes, parameters):
    """The width that brings a model nearest to so many parameters."""
    low, high = 1, 2048
    while low < high - 1:  # the count grows with the width
        middle = (low + high) // 2
        low, high = (middle, high) if count(make(*sizes, middle)) <= parameters else (low, middle)
    return min((low, high), key=lambda width: abs(count(make(*sizes, width)) - parameters))


class Data:
    """A corpus as all runs use it: its sentences, their numbers, and what is measured on them."""

    def __init__(self, name):
        self.corpus, self.settings = load_corpus(name), CORPORA[name]
        self.source, self.target = learn_tokenizers(self.corpus, self.settings["vocab_size"])
        self.train, self.valid = (
            encode_pairs(pairs, self.source, self.target, LONGEST)
            for pairs in (self.corpus.pairs("train"), self.corpus.pairs("valid")[:VALIDATED])
        )
        self.tested = self.corpus.pairs("test")[:TESTED]
        self.long = self.corpus.pairs("length")[:LONG] if "length" in self.corpus.parts else []

    @property
    def sizes(self):
        return len(self.source), len(self.target)


def learn(model, data, rate, seed, share):
    """Train until `share(steps, seconds)`, the part of the budget used, is 1; return the curve."""
    recipe = Recipe(max_tokens=data.settings["max_tokens"], learning_rate=rate, seed=seed)
    stream, optimizer, curve = Stream(data.train, recipe, "cpu"), adamw(model, recipe), []
    valid = batch_by_tokens(data.valid, recipe.max_tokens)
    steps, seconds, used = 0, 0.0, 0.0
    while used < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * one_cycle(max(1, round(1000 * used)), 1000, 100)
        began = time.process_time()
        train_model(model, [next(stream)], optimizer)
        steps, seconds = steps + 1, seconds + time.process_time() - began
        used = share(steps, seconds)
        if used >= (len(curve) + 1) / 10:
            curve.append({"step": steps, "seconds": seconds, "valid_loss": evaluate_model(model, valid)})
    return curve


def translations(translator, pairs):
    return [found.text for found in translator.translate([pair.source for pair in pairs], beam=1)]


def scores(translator, data):
    """Everything that is measured on a finished translator."""
    language, texts = data.corpus.target_language, translations(translator, data.tested)
    references = [pair.target for pair in data.tested]
    found = {"BLEU": bleu(texts, references, language).value, "chrF": chrf(texts, references).value}
    groups = {"BLEU": (bleu, by_length), "chrF": (chrf, by_length)}
    found["by length"] = {
        measure: plain(by(data.tested, texts, language, of, width=WIDTH))
        for measure, (of, by) in groups.items()
    }
    if data.long:
        long, gold = translations(translator, data.long), [pair.target for pair in data.long]
        found["long"] = {"BLEU": bleu(long, gold, language).value, "chrF": chrf(long, gold).value}
    found["by phenomenon"] = plain(by_tag(data.tested, texts, language))
    links_words = isinstance(translator, DictionaryTranslator) or attends(translator.model)
    if links_words and data.tested[0].alignment:
        found["AER"] = rate_of_best_head(translator, data.corpus, data.tested[:ALIGNED])[1]
    sample = data.tested[0]
    return found | {"sample": {"source": sample.source, "target": sample.target, "translation": texts[0]}}


def plain(groups):
    return {name: [score.value, number] for name, (score, number) in groups.items()}


def count_words(data):
    """Learn the dictionary; return what became of it."""
    began = time.process_time()
    translator = DictionaryTranslator.learn(data.corpus.pairs("train"), data.source, data.target)
    result = {"parameters": translator.table.count_nonzero().item(), "seconds": time.process_time() - began}
    return result | scores(translator, data)


def run(part, name, seed, data, rate):
    """Train one model once; return what became of it."""
    budget = data.settings
    make = MODELS.get(name)
    width = width_for(make, data.sizes, budget["parameters"]) if make else None
    make, width = SIZED.get(name, (make, width))
    shares = {
        "patience": lambda steps, seconds: steps / (PATIENCE * budget["steps"]),
        "rates": lambda steps, seconds: steps / TRIAL_STEPS,
        "equal seconds": lambda steps, seconds: seconds / budget["seconds"],
    }
    share = shares.get(part, lambda steps, seconds: steps / budget["steps"])
    torch.manual_seed(seed)
    model = make(*data.sizes, width)
    curve = learn(model, data, rate, seed, share)
    result = {"parameters": count(model), "rate": rate, "steps": curve[-1]["step"], "curve": curve}
    result |= {"seconds": curve[-1]["seconds"], "valid_loss": curve[-1]["valid_loss"]}
    return result if part == "rates" else result | scores(Translator(model, data.source, data.target), data)


def planned(corpus, seeds):
    """All runs of a corpus in their order: (part, model, seed, rate); rate None is the best of the trials."""
    yield "counting", DICTIONARY, 0, None
    for name in MODELS:
        for rate in RATES:
            yield "rates", name, TRIAL_SEED, rate
    for seed in range(seeds):
        for part, names in PARTS.items():
            for name in () if part in TOY_ONLY and not corpus.startswith("toy") else names:
                yield part, name, seed, None


def belongs(only, part, name):
    """Whether a run is asked for by `--only`: the model's own, those of its bottlenecks, and its trials."""
    return only in (name, name.split(",")[0]) or (part, name) == ("rates", only.split(",")[0])


def best_rate(runs, corpus, name):
    """The learning rate of a model: that of its trials which ended with the lowest validation loss."""
    name = name.split(",")[0]
    trials = [r for r in runs if (r["corpus"], r["part"], r["model"]) == (corpus, "rates", name)]
    return min(trials, key=lambda trial: trial["valid_loss"])["rate"]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    here = [name for name in CORPORA if name in corpus_names()]
    here = here[:1] if missing(ORIGIN) else here
    parser.add_argument("--corpus", choices=list(CORPORA), help="default: those on this machine")
    parser.add_argument("--only", metavar="MODEL", help=f"one of: {'; '.join(NAMES)}")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--out", type=Path, default=Path("data/results/ladder.json"), help="JSON file")
    options = parser.parse_args()
    if options.only not in (None, *NAMES):
        parser.error(f"there is no model {options.only!r}; there is {'; '.join(NAMES)}")
    settings = {
        "corpora": CORPORA,
        "rates": list(RATES),
        "trial_steps": TRIAL_STEPS,
        "test_sentences": TESTED,
    }
    runs = read_runs(options.out, settings)
    for corpus in [options.corpus] if options.corpus else here:
        data, todo = Data(corpus), list(planned(corpus, options.seeds))
        for number, (part, name, seed, rate) in enumerate(todo, 1):
            key = {"corpus": corpus, "part": part, "model": name, "seed": seed}
            if options.only and not belongs(options.only, part, name):
                continue
            if any(key.items() <= r.items() and rate in (None, r.get("rate")) for r in runs):
                continue
            print(f"{number}/{len(todo)}  {corpus}, {part}: {name}, seed {seed}", flush=True)
            if name == DICTIONARY:
                result = count_words(data)
            else:
                result = run(part, name, seed, data, rate or best_rate(runs, corpus, name))
            runs.append(key | result)
            told = {
                name: runs[-1].get(name)
                for name in ("rate", "parameters", "steps", "seconds", "valid_loss", "BLEU")
            }
            print(
                "  " + "  ".join(f"{name} {value}" for name, value in told.items() if value is not None),
                flush=True,
            )
            write_runs(options.out, settings, runs)


if __name__ == "__main__":
    main()
