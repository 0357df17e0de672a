"""Quality beside peers: Multi30k, German to English and back, learnt by each system for as long.

    python benchmarks/quality.py [--only SYSTEM] [--direction de-en] [--seeds 3] [--minutes 60] [--out FILE]
    python benchmarks/quality.py --table [--figure FILE.png]

- "ours": the Transformer and the training of `python -m seqcourse train`, with the sizes that
  benchmarks/README.md gives for Multi30k (d_model 128). "ours, quickly": the same training with a tenth of
  the budget, because the learning rate follows the budget, and who has little time asks for little; the model
  is wider and has fewer layers, and nothing is dropped, for it sees each sentence only a few times.
- "nn.Transformer, Adam 5e-4" and "nn.Transformer, Adam 1e-4": two well-known tutorials; tutorials.py says
  which, and what differs. Their rate is constant, so their curve does not depend on the budget, and a run
  ends early when BLEU has not risen in ten looks. The second is 512 wide and comes last, with one seed.
- "LSTM with attention": the one of lesson 04, with our subwords and our training.

Minutes are those that the processor worked for this process (time.process_time), all threads together, so
that other work on the machine takes little away; with OMP_NUM_THREADS=1 they are minutes of one core. The
seconds of a clock on the wall stand beside them. Only training counts: no looks, no saving. A look is BLEU of
greedy translations of all validation pairs, about every minute: four times as often in the short runs, a
quarter as often for the wide tutorial. The weights of the best look are scored once on the test part
(test_2016_flickr) by sacrebleu, 13a, with case, greedy and with a beam of 4.

The file is written after every run, and a run that stands in it is not made again. A run that is stopped goes
on at its last look when the script is called again (--checkpoints). Two processes may share a file if each
has its own --direction or --only. Multi30k is read from the folder that SEQCOURSE_DATA names, or fetched.
"""

import argparse
import copy
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from stored import read_runs, write_runs
from torch.optim.lr_scheduler import LambdaLR
from tutorials import ADAM, PYTORCH, Epochs, Words

from seqcourse.attentive import AttentiveConfig, AttentiveSeq2Seq
from seqcourse.batching import encode_pairs
from seqcourse.checkpoint import load_checkpoint, restore, save_checkpoint
from seqcourse.corpora import load_corpus
from seqcourse.drawing import rendered
from seqcourse.files import write_atomically
from seqcourse.fitting import Stream, adamw, check_same_run, rate
from seqcourse.making import learn_tokenizers
from seqcourse.quality import TARGETS, draw_quality, minutes_to, quality_runs, quality_table, spread
from seqcourse.recipe import Recipe
from seqcourse.scores import bleu
from seqcourse.training import train_model
from seqcourse.transformer import Transformer, TransformerConfig
from seqcourse.translator import Translator

DIRECTIONS = ("de-en", "en-de")
VOCAB_SIZE, LONGEST = 5000, 128
RECIPE = Recipe(max_tokens=1800)
LSTM_RECIPE = Recipe(max_tokens=1800, learning_rate=5e-3)
OURS = {"d_model": 128, "nhead": 4, "num_encoder_layers": 4, "num_decoder_layers": 4, "dim_feedforward": 256}
OURS |= {"dropout": 0.2, "norm_first": True, "max_length": LONGEST}
QUICK = {"d_model": 256, "nhead": 4, "num_encoder_layers": 2, "num_decoder_layers": 2, "dim_feedforward": 512}
QUICK |= {"dropout": 0.0, "norm_first": True, "max_length": LONGEST}
QUICK_RECIPE = Recipe(max_tokens=1200, learning_rate=2e-3)
LSTM = {"score": "dot", "d_model": 128, "hidden_size": 256, "dropout": 0.2, "max_length": LONGEST}
EVERY = 60  # seconds of training between two looks
PATIENCE = 10  # looks without a better one that end a run whose learning rate is constant


@dataclass
class Training:
    """A model at the beginning of a run, and all that its training needs."""

    model: object
    source: object
    target: object
    stream: object
    optimizer: object
    rate: object  # a function of the steps in all: the share of the peak rate at each step
    label_smoothing: float
    clip: float
    patience: int | None = None  # looks; None for a rate that has a course to finish
    share: float = 1.0  # of the budget
    looks: float = 1.0  # a minute


def ours(corpus, seed, model=Transformer, config=TransformerConfig, sizes=OURS, recipe=RECIPE):
    """Training as `make_translator` does it."""
    recipe = replace(recipe, seed=seed)
    source, target = learn_tokenizers(corpus, VOCAB_SIZE)
    torch.manual_seed(seed)
    model = model(config(len(source), len(target), **sizes))
    stream = Stream(encode_pairs(corpus.pairs("train"), source, target, LONGEST), recipe, "cpu")
    torch.manual_seed(seed)  # once more, as `fit` does
    return Training(
        model, source, target, stream, adamw(model, recipe), lambda steps: rate(recipe, steps),
        recipe.label_smoothing, recipe.clip,
    )  # fmt: skip


def ours_quickly(corpus, seed):
    return replace(ours(corpus, seed, sizes=QUICK, recipe=QUICK_RECIPE), share=0.1, looks=4.0)


def lstm(corpus, seed):
    return ours(corpus, seed, AttentiveSeq2Seq, AttentiveConfig, LSTM, LSTM_RECIPE)


def tutorial(settings, looks=1.0):
    """Training as a tutorial does it, with so many looks a minute."""

    def make(corpus, seed):
        pairs = corpus.pairs("train")
        source = Words([pair.source for pair in pairs], settings.least, corpus.source_language)
        target = Words([pair.target for pair in pairs], settings.least, corpus.target_language)
        torch.manual_seed(seed)
        model = settings.model(len(source), len(target), LONGEST)
        examples = encode_pairs(pairs, source, target, LONGEST)
        stream = Epochs(examples, settings.sentences, settings.arrange, seed)
        return Training(
            model, source, target, stream, settings.adam(model), lambda steps: lambda done: 1.0,
            0.0, settings.clip, PATIENCE, looks=looks,
        )  # fmt: skip

    return make


WIDE = "nn.Transformer, Adam 1e-4"
SYSTEMS = {
    "ours": ours,
    "nn.Transformer, Adam 5e-4": tutorial(ADAM),
    "ours, quickly": ours_quickly,
    "LSTM with attention": lstm,
    WIDE: tutorial(PYTORCH, looks=0.25),  # each takes most of a minute
}


def budget(training, minutes):
    """How many steps fit into so many minutes of the processor, and into the time between two looks."""
    random = torch.get_rng_state()
    twin = copy.deepcopy(training)  # the run itself starts untouched
    train_model(twin.model, islice(twin.stream, 3), twin.optimizer)  # the first steps are slower
    began, sample = time.process_time(), 20
    train_model(twin.model, islice(twin.stream, sample), twin.optimizer)
    step = (time.process_time() - began) / sample
    torch.set_rng_state(random)
    return max(1, int(60 * minutes * training.share / step)), max(1, int(EVERY / training.looks / step))


print_now = partial(print, flush=True)


def learn(training, look, steps, every, checkpoint, identity, report=print_now):
    """Train for so many steps, and look every so many; return the curve, with the best weights in the model.

    look: a function that scores the model. When `checkpoint` exists the run goes on from it, and ends bit for
    bit as if it had never stopped. Raises ValueError when the checkpoint is of another run.
    """
    saved = load_checkpoint(checkpoint) if checkpoint.exists() else None
    if saved:
        check_same_run(identity, saved["facts"]["identity"], checkpoint)
        steps, every = saved["facts"]["steps"], saved["facts"]["every"]
    model, stream, optimizer = training.model, training.stream, training.optimizer
    schedule = LambdaLR(optimizer, training.rate(steps))
    parts = {"model": model, "stream": stream, "optimizer": optimizer, "schedule": schedule}
    facts = restore(saved, parts) if saved else {"curve": [], "weights": None, "seconds": 0.0, "wall": 0.0}
    curve, weights, seconds, wall = (facts[name] for name in ("curve", "weights", "seconds", "wall"))
    done, smoothing, clip = curve[-1]["step"] if curve else 0, training.label_smoothing, training.clip
    while done < steps and not tired(curve, training.patience):
        batches, work, clock = islice(stream, min(every, steps - done)), time.process_time(), time.time()
        loss = train_model(model, batches, optimizer, schedule, smoothing, clip)
        seconds, wall = seconds + time.process_time() - work, wall + time.time() - clock
        done = min(done + every, steps)
        entry = {"step": done, "epoch": stream.epoch, "seconds": seconds, "wall": wall, "train_loss": loss}
        curve.append(entry | {"BLEU": look(model)})
        if curve[-1]["BLEU"] == max(entry["BLEU"] for entry in curve):
            weights = {name: weight.clone() for name, weight in model.state_dict().items()}
        save_checkpoint(
            checkpoint, parts, steps=steps, every=every, curve=curve, weights=weights, seconds=seconds,
            wall=wall, identity=identity,
        )  # fmt: skip
        report(describe(curve[-1], steps))
    model.load_state_dict(weights)
    return curve


def tired(curve, patience):
    """Whether the last `patience` looks all were below an earlier one."""
    if patience is None or not curve:
        return False
    scores = [entry["BLEU"] for entry in curve]
    return len(scores) - 1 - scores.index(max(scores)) >= patience


def describe(entry, steps):
    return (
        f"  step {entry['step']}/{steps}  epoch {entry['epoch'] + 1}  loss {entry['train_loss']:.3f}"
        f"  BLEU {entry['BLEU']:.1f}  {entry['seconds'] / 60:.1f} minutes"
    )


def run(direction, system, seed, settings, checkpoint):
    """Train a system once; return its curve and its scores."""
    corpus = load_corpus(f"multi30k-{direction}")
    training = SYSTEMS[system](corpus, seed)
    translator = Translator(training.model, training.source, training.target)

    def score(pairs, beam):
        texts = [found.text for found in translator.translate([pair.source for pair in pairs], beam)]
        return texts, bleu(texts, [pair.target for pair in pairs], corpus.target_language)

    identity = settings | {"direction": direction, "system": system, "seed": seed}
    valid, test = corpus.pairs("valid"), corpus.pairs("test")
    steps, every = (0, 0) if checkpoint.exists() else budget(training, settings["minutes"])
    curve = learn(training, lambda _: score(valid, 1)[1].value, steps, every, checkpoint, identity)
    result = {"parameters": sum(weight.numel() for weight in training.model.parameters())}
    result |= {"vocabularies": [len(training.source), len(training.target)], "curve": curve}
    result |= {
        "threads": torch.get_num_threads(),
        "best": max(curve, key=lambda entry: entry["BLEU"])["step"],
    }
    result["test"] = {}
    for name, beam in (("greedy", 1), ("beam 4", 4)):
        texts, found = score(test, beam)
        result["test"][name] = {"BLEU": found.value, "signature": found.signature}
        result["test"][name]["BLEU without case"] = bleu(
            [text.lower() for text in texts], [pair.target.lower() for pair in test], corpus.target_language
        ).value
    return result | {"sample": {"source": test[0].source, "translation": texts[0]}}


def planned(seeds, directions):
    """All runs in their order: (direction, system, seed); the wide tutorial last, one seed."""
    narrow = [system for system in SYSTEMS if system != WIDE]
    yield from ((d, system, seed) for seed in range(seeds) for d in directions for system in narrow)
    yield from ((d, WIDE, 0) for d in directions)


def show(options):
    """Print the table of each direction, and draw the curves of the first."""
    for direction in options.direction or DIRECTIONS:
        try:
            systems = quality_runs(direction, options.out)
        except ValueError as error:
            print(error)
            continue
        print(f"{direction}\n\n{quality_table(systems)}\n")
        if options.figure:
            path = options.figure.with_stem(f"{options.figure.stem}-{direction}")
            write_atomically(path, rendered(draw_quality(systems), path.suffix[1:]))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=SYSTEMS, default=list(SYSTEMS), metavar="SYSTEM")
    parser.add_argument("--direction", nargs="+", choices=DIRECTIONS, default=list(DIRECTIONS))
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--minutes", type=float, default=60, help="of the processor, for a run (default: 60)")
    parser.add_argument("--out", type=Path, default=Path("data/results/quality.json"), help="JSON file")
    parser.add_argument("--checkpoints", type=Path, default=Path("runs/quality"), help="folder")
    parser.add_argument("--table", action="store_true", help="print what the file holds, and train nothing")
    parser.add_argument("--figure", type=Path, help="with --table: draw the curves into this .png or .svg")
    options = parser.parse_args()
    if options.table:
        return show(options)
    settings = {"minutes": options.minutes, "vocab_size": VOCAB_SIZE, "looks_every": EVERY}
    settings |= {"ours": OURS, "ours_quickly": QUICK, "lstm": LSTM, "recipe": asdict(RECIPE)}
    settings |= {"recipe_quickly": asdict(QUICK_RECIPE), "lstm_recipe": asdict(LSTM_RECIPE)}
    todo = [job for job in planned(options.seeds, options.direction) if job[1] in options.only]
    for number, (direction, system, seed) in enumerate(todo, 1):
        key = {"direction": direction, "system": system, "seed": seed}
        if any(key.items() <= made.items() for made in read_runs(options.out, settings)):
            continue
        print(f"{number}/{len(todo)}  {direction}: {system}, seed {seed}", flush=True)
        checkpoint = options.checkpoints / f"{direction} {system} {seed}.pt"
        try:
            made = key | run(direction, system, seed, settings, checkpoint)
        except ConnectionError as error:
            parser.error(f"Multi30k is not here: {error}")
        except KeyboardInterrupt:
            raise SystemExit("stopped; the same command goes on from the last look") from None
        runs = [*read_runs(options.out, settings), made]  # another process may have written meanwhile
        write_runs(options.out, settings, runs)
        checkpoint.unlink()
        tested = made["test"]
        print(f"  test: greedy {tested['greedy']['BLEU']:.1f}, beam 4 {tested['beam 4']['BLEU']:.1f}")
        times = {score: minutes_to(made["curve"], score) for score in TARGETS}
        print("  minutes to BLEU " + ", ".join(f"{at}: {spread([time])}" for at, time in times.items()))


if __name__ == "__main__":
    main()
