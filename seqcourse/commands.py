"""What the verbs of the command line do. Results go to standard output, all else to standard error."""

import sys
from dataclasses import asdict
from itertools import islice
from pathlib import Path

AT_ONCE = 256  # lines of standard input translated together


def say(*words):
    """Progress and remarks go to standard error: standard output holds results only."""
    print(*words, file=sys.stderr, flush=True)


def translate(options):
    """Translate the sentences given, or standard input line by line: one line out for each line in."""
    from .decoding import check_beam
    from .translator import Translator

    check_beam(options.beam, options.n_best)
    attention = options.attention
    if attention and len(options.sentences) != 1:
        raise ValueError("--attention looks at one sentence: give exactly one, in quotes")
    if attention and attention.suffix.lower() not in (".html", ".png", ".svg", ".json"):
        raise ValueError(f"--attention writes .html, .png, .svg or .json, not {attention.name!r}")
    translator = Translator.load(options.model)
    number = 0
    for lines in batches_of_lines(options.sentences):
        for found in translator.translate(lines, options.beam, options.n_best, bool(attention)):
            number += 1
            if found.unknown:
                say(f"seqcourse: line {number}: the model does not know {', '.join(found.unknown)}")
            if options.n_best == 1:
                print(one_line(found.text))
            else:
                for each in (found, *found.alternatives):
                    print(f"{number}\t{each.score:.3f}\t{one_line(each.text)}")
        sys.stdout.flush()
    if attention and found.attention is None:
        raise ValueError("there is no attention to save: the sentence is empty")
    if attention:
        drawing = {"gloss": True} if attention.suffix.lower() != ".json" else {}
        found.attention.save(attention, **drawing)
        say(f"saved {attention}")


def batches_of_lines(sentences):
    """The sentences given as arguments, else the lines of standard input: at a terminal one by one."""
    if sentences:
        yield sentences
        return
    typed = sys.stdin.isatty()
    if typed:
        say("one sentence a line; end with Ctrl-D (Ctrl-Z and Enter on Windows)")
    sys.stdin.reconfigure(newline="\n")
    while lines := list(islice(sys.stdin, 1 if typed else AT_ONCE)):
        yield lines


def one_line(text):
    return " ".join(text.splitlines())


def train(options):
    """Train a translator into a folder, or go on with one; print the folder. torchrun spreads the work."""
    from .distributed import joined

    with joined():
        train_together(options)


def train_together(options):
    """What `train` does in each of the processes that work on it; the first one speaks."""
    from .corpora import load_corpus
    from .distributed import processes, rank
    from .making import holds_run, make_translator, validation_pairs
    from .recipe import Recipe, Sizes
    from .reporting import reporter

    given = vars(options)
    corpus = load_corpus(options.corpus, options.source_language, options.target_language)
    folder = options.out or Path("runs") / Path(corpus.name).stem
    recipe, sizes = (
        {name: given[name] for name in asdict(settings()) if name in given} for settings in (Recipe, Sizes)
    )
    budget = {name: given[name] for name in ("steps", "minutes") if given[name] is not None}
    begun = holds_run(folder)
    if begun and not options.resume:
        raise ValueError(f"{folder} is taken: add --resume to go on with it, or choose another --out")
    if begun and (recipe or sizes or budget):
        raise ValueError(f"{folder} goes on with the recipe, sizes and budget it began with: give none")
    budget = budget or {"minutes": 1 if is_toy(corpus) else 10}
    if rank() == 0:
        learn = f"{corpus.name}: {len(corpus.pairs('train')):,} pairs to learn from"
        say(learn + (f", {corpus.skipped} blank lines skipped" if corpus.skipped else ""))
    try:
        translator = make_translator(
            corpus, folder, Recipe(**recipe), resume=options.resume,
            report=reporter(options.tensorboard, options.wandb) if rank() == 0 else None, **budget, **sizes,
        )  # fmt: skip
    except (KeyboardInterrupt, RuntimeError):
        if holds_run(folder):
            start = f"torchrun --nproc-per-node {processes()}" if processes() > 1 else "python"
            say(f"to go on: {start} -m seqcourse train {options.corpus} --out {folder} --resume")
        raise
    if rank() > 0:
        return
    for pair in validation_pairs(corpus)[:3]:
        say(f"  {pair.source}  →  {translator.translate(pair.source).text}")
    say(f'try it: python -m seqcourse translate --model {folder} "{pair.source}"')
    print(folder)


def is_toy(corpus):
    from .toy import toy_corpus_names

    return corpus.name in toy_corpus_names()


def lessons(options):
    """List the lessons, what each asks, and how many of its exercises are solved."""
    import csv

    from .progress import progress_file, solved
    from .shipped import shipped

    done = [exercise for exercise, entry in solved().items() if entry["right"]]
    with open(shipped("lessons.tsv"), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            right = sum(exercise.startswith(row["file"][:2] + " ") for exercise in done)
            exercises = f"{right} of {row['exercises']} exercises" if row["exercises"] != "0" else ""
            print(row["file"], row["asks"], exercises, sep="\t")
    say(f"solved exercises are noted in {progress_file()}")
