"""Making a translator: a corpus goes in, a folder comes out."""

import json
from dataclasses import asdict
from pathlib import Path

import torch

from .batching import encode_pairs
from .files import write_atomically
from .fitting import fit
from .recipe import SIZES, Recipe
from .subwords import Subwords
from .transformer import Transformer, TransformerConfig
from .translator import Translator, read_folder
from .vocabulary import Vocabulary


def make_translator(
    corpus,
    folder,
    recipe=None,
    *,
    steps=None,
    minutes=None,
    vocab_size=4000,
    resume=False,
    report=None,
    **sizes,
):
    """Train a translator on a `Corpus` into a folder, and return it.

    The budget is a number of steps or of minutes. `sizes` are fields of `TransformerConfig`, by default
    `SIZES`. `vocab_size` is for subwords; a corpus that knows its words keeps them. With `resume` an
    interrupted run goes on with the recipe, the sizes and the budget it began with; a finished one is
    returned as it is. Raises FileExistsError when the folder holds a translator or a run and `resume` is False.
    """
    folder = Path(folder)
    checkpoint = folder / "checkpoint.pt"
    if (folder / "config.json").exists():
        if not resume:
            raise FileExistsError(
                f"{folder} holds a translator or an unfinished run: resume it, or choose another"
            )
        if not checkpoint.exists() and (folder / "model.safetensors").exists():
            return Translator.load(folder)
        config, source, target, about = read_folder(folder)
        if about.get("corpus") != corpus.name:
            raise ValueError(f"{folder} holds a run on {about.get('corpus')}, not on {corpus.name}")
        recipe, steps, minutes = Recipe(**about["recipe"]), about["steps"], about["minutes"]
    else:
        recipe = recipe or Recipe()
        source, target = learn_tokenizers(corpus, vocab_size)
        config = TransformerConfig(len(source), len(target), **SIZES | sizes)
        about = {"corpus": corpus.name, "recipe": asdict(recipe), "steps": steps, "minutes": minutes}
    torch.manual_seed(recipe.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    translator = Translator(Transformer(config).to(device), source, target, about)
    pairs = (
        corpus.pairs("train"),
        corpus.pairs("valid") or corpus.pairs("train")[:100],
    )  # a tiny file has no valid
    train, valid = (encode_pairs(part, source, target, config.max_length) for part in pairs)
    translator.save_all_but_weights(folder)
    history = fit(
        translator.model,
        train,
        valid,
        recipe,
        steps=steps,
        minutes=minutes,
        checkpoint=checkpoint,
        report=report,
    )
    translator.model.eval()
    translator.save(folder)
    write_atomically(folder / "training.json", (json.dumps(history, indent=1) + "\n").encode("utf-8"))
    checkpoint.unlink()
    return translator


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
