"""The command line: python -m seqcourse VERB …; each verb has --help."""

import argparse
import os
import sys
import warnings
from dataclasses import fields
from pathlib import Path

from . import __version__, commands, data_verb, evaluation
from .commands import say
from .recipe import Recipe, Sizes

DESCRIPTION = "Sequence models and attention: translate, train, evaluate, and look inside."


def add_verb(verbs, run, meaning, **more):
    """A verb called like the function that runs it."""
    verb = verbs.add_parser(
        run.__name__, help=meaning, description=meaning[0].upper() + meaning[1:] + ".", **more
    )
    verb.set_defaults(run=run)
    return verb


def add_translate(verbs):
    verb = add_verb(verbs, commands.translate, "translate sentences, from the command line or standard input")
    verb.add_argument("sentences", nargs="*", metavar="SENTENCE", help="none: one a line from standard input")
    verb.add_argument(
        "--model",
        default="toy-en-zh",
        metavar="NAME|FOLDER",
        help="also owner/model of huggingface.co; default: toy-en-zh",
    )
    verb.add_argument(
        "--beam", type=int, default=4, metavar="N", help="beginnings kept, 1 is greedy; default: 4"
    )
    verb.add_argument(
        "--n-best",
        type=int,
        default=1,
        metavar="N",
        help="the N best of each: number<TAB>score<TAB>text a line",
    )
    verb.add_argument(
        "--attention",
        type=Path,
        metavar="FILE",
        help="save what the model looked at, as .html, .png, .svg or .json",
    )


def add_train(verbs):
    verb = add_verb(
        verbs,
        commands.train,
        "train a translator on a corpus, by name or from a TSV file",
        usage="%(prog)s CORPUS [--out FOLDER] [--minutes M | --steps N] [--resume] [OPTION ...]",
    )
    verb.add_argument(
        "corpus", metavar="CORPUS", help="a name that `data` lists, or a file: source<TAB>target a line"
    )
    verb.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where it goes; default: runs/ and the corpus"
    )
    budget = verb.add_mutually_exclusive_group()
    budget.add_argument("--minutes", type=float, metavar="M", help="default: 1 for toy corpora, else 10")
    budget.add_argument("--steps", type=int, metavar="N", help="or so many steps, a batch each")
    verb.add_argument("--resume", action="store_true", help="go on with the run that FOLDER holds")
    verb.add_argument("--source-language", metavar="CODE", help="of a file; default: en")
    verb.add_argument(
        "--target-language", metavar="CODE", help="of a file; default: zh where it looks Chinese"
    )
    verb.add_argument(
        "--tensorboard", type=Path, metavar="FOLDER", help="write loss and learning rate there too"
    )
    verb.add_argument("--wandb", metavar="PROJECT", help="or log them to Weights & Biases, or both")
    for title, settings in (("the model", Sizes), ("the training", Recipe)):
        group = verb.add_argument_group(title)
        for field in fields(settings):
            add_setting(group, field)


def add_setting(group, field):
    """An option that is absent unless given, so that a resumed run keeps what it began with."""
    group.add_argument(
        "--" + field.name.replace("_", "-"),
        type=field.type,
        default=argparse.SUPPRESS,
        metavar={int: "N", float: "X", str: "NAME"}[field.type],
        help=f"{field.metadata['help']}; default: {field.default}",
    )


def add_evaluate(verbs):
    verb = add_verb(
        verbs, evaluation.evaluate, "score a translator on a corpus: BLEU and chrF, one figure a line"
    )
    verb.add_argument("corpus", metavar="CORPUS", help="a name, or a file: source<TAB>target a line")
    verb.add_argument(
        "--model", default=None, metavar="NAME|FOLDER", help="default: the one called like the corpus"
    )
    verb.add_argument("--part", default="test", metavar="PART", help="part of the corpus; default: test")
    verb.add_argument("--beam", type=int, default=4, metavar="N", help="default: 4")
    verb.add_argument("--limit", type=int, metavar="N", help="only the first N pairs")
    verb.add_argument("--by-length", action="store_true", help="also by length of the source")
    verb.add_argument("--by-tag", action="store_true", help="also by phenomenon, where the corpus names them")
    verb.add_argument(
        "--alignment",
        action="store_true",
        help="also the alignment error rate of the best cross-attention head",
    )


def add_data(verbs):
    verb = add_verb(
        verbs,
        data_verb.data,
        "list the corpora, print pairs of one, or fetch one",
        usage="%(prog)s [CORPUS [--part PART] [-n N]]\n       %(prog)s fetch NAME",
        epilog="Fetched corpora lie in the folder that SEQCOURSE_DATA names, by default one for caches.",
    )
    verb.add_argument(
        "corpus", nargs="?", metavar="CORPUS", help="a name or a TSV file; none: list what there is"
    )
    verb.add_argument("name", nargs="?", metavar="fetch NAME", help="fetch this one from the network, once")
    verb.add_argument("--part", default="train", metavar="PART", help="default: train")
    verb.add_argument("-n", type=int, default=10, metavar="N", help="how many pairs; default: 10")


def add_lessons(verbs):
    add_verb(verbs, commands.lessons, "list the lessons and what each asks")


def make_parser():
    parser = argparse.ArgumentParser(prog="python -m seqcourse", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"seqcourse {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB", title="verbs")
    for add in (add_translate, add_train, add_evaluate, add_data, add_lessons):
        add(verbs)
    return parser


def main(arguments=None):
    """Run a verb; return 0, or 2 after one clear message about what is wrong, or 130 when interrupted."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by whoever called us
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))
        getattr(sys, name).reconfigure(encoding="utf-8", errors="replace")
    options = make_parser().parse_args(arguments)
    warnings.showwarning = lambda message, *_: say(f"seqcourse: {message}")
    try:
        options.run(options)
        sys.stdout.flush()
        return 0
    except BrokenPipeError:  # whoever read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        say("seqcourse: interrupted")
        return 130
    except OSError as error:
        where = f": {error.filename}" if error.filename and error.strerror else ""
        say(f"seqcourse: {error.strerror or error}{where}")
    except (ValueError, FloatingPointError) as error:
        say(f"seqcourse: {error}")
    return 2


if __name__ == "__main__":
    sys.exit(main())
