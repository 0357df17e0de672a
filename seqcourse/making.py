"""Making a translator: a corpus goes in, a folder comes out."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import torch

from .batching import encode_pairs
from .distributed import from_first, rank, wait_for_all
from .files import write_atomically
from .fitting import check_budget, fit
from .model_folder import read_folder
from .recipe import Recipe, Sizes
from .subwords import Subwords
from .transformer import Transformer, TransformerConfig
from .translator import Translator
from .vocabulary import Vocabulary


def make_translator(
    corpus,
    folder,
    recipe=None,
    *,
    steps=None,
    minutes=None,
    resume=False,
    report=None,
    **sizes,
):
    """Train a translator on a `Corpus` into a folder, and return it.

    The budget is a number of steps or of minutes. `sizes` are fields of `Sizes` or of `TransformerConfig`;
    LayerNorm comes first unless they say otherwise. With `resume` an interrupted run goes on with the recipe,
    the sizes and the budget it began with; a finished one is returned as it is. Raises FileExistsError when
    the folder holds a translator or a run and `resume` is False, ValueError when it holds one on another
    corpus, or when there is no budget, FloatingPointError when what was learnt is no longer numbers.
    Under torchrun, within `joined`, all processes call it with the same arguments, and the first one writes.
    """
    folder = Path(folder)
    checkpoint = folder / "checkpoint.pt"
    if holds_run(folder):
        if not resume:
            raise FileExistsError(f"{folder} is taken: resume what it holds, or choose another folder")
        _, config, source, target, about = read_folder(folder)
        check_origin(folder, about, corpus)
        if not checkpoint.exists() and (folder / "model.safetensors").exists():
            return Translator.load(folder)
        recipe, steps, minutes = Recipe(**about["recipe"]), about["steps"], about["minutes"]
    else:
        check_budget(steps, minutes)
        recipe = recipe or Recipe()
        sizes = asdict(Sizes()) | {"norm_first": True} | sizes  # LayerNorm first learns faster
        vocab_size = sizes.pop("vocab_size")
        source, target = from_first(lambda: learn_tokenizers(corpus, vocab_size))
        layers = sizes.pop("layers")
        sizes = {"num_encoder_layers": layers, "num_decoder_layers": layers} | sizes
        config = TransformerConfig(len(source), len(target), **sizes)
        about = {"corpus": corpus.name, "recipe": asdict(recipe), "steps": steps, "minutes": minutes}
    torch.manual_seed(recipe.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    translator = Translator(Transformer(config).to(device), source, target, about)
    parts = corpus.pairs("train"), validation_pairs(corpus)
    train, valid = (encode_pairs(part, source, target, config.max_length) for part in parts)
    wait_for_all()  # until each has seen what the folder held
    if rank() == 0:
        translator.save_all_but_weights(folder)
    budget = {"steps": steps, "minutes": minutes}
    history = fit(translator.model, train, valid, recipe, **budget, checkpoint=checkpoint, report=report)
    if not math.isfinite(history[-1]["valid_loss"]):
        raise FloatingPointError("the model has learnt no numbers: try a lower learning rate")
    translator.model.eval()
    if rank() == 0:
        translator.save(folder)
        write_atomically(folder / "training.json", (json.dumps(history, indent=1) + "\n").encode("utf-8"))
        checkpoint.unlink()
    return translator


def holds_run(folder):
    """Whether a folder holds a translator, or the beginning of one; NotADirectoryError if it is a file."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file: choose another name for the folder")
    return (folder / "config.json").exists()


def check_origin(folder, about, corpus):
    """Raise ValueError unless a folder's `about` tells of a run on this corpus."""
    if not {"corpus", "recipe", "steps", "minutes"} <= set(about):
        raise ValueError(f"{folder} does not say how its training began: choose another folder")
    if about["corpus"] != corpus.name:
        raise ValueError(f"{folder} holds a run on {about['corpus']}, not on {corpus.name}: choose another")


def validation_pairs(corpus):
    """The validation pairs of a corpus; where it is too small to have any, its first training pairs."""
    valid = corpus.pairs("valid") if "valid" in corpus.parts else []
    return valid or corpus.pairs("train")[:100]


def learn_tokenizers(corpus, vocab_size):
    """The words of a corpus that knows them, else subwords learnt from its training pairs."""
    pairs = corpus.pairs("train")
    if pairs[0].source_tokens:
        source = Vocabulary.learn([pair.source_tokens for pair in pairs], language=corpus.source_language)
        target = Vocabulary.learn([pair.target_tokens for pair in pairs], language=corpus.target_language)
    else:
        source = Subwords.learn([p.source for p in pairs], vocab_size, language=corpus.source_language)
        target = Subwords.learn([p.target for p in pairs], vocab_size, language=corpus.target_language)
    return source, target
