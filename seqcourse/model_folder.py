"""The folder of a translator: which there are, and reading one without trusting it."""

import json
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path

from .attentive import AttentiveConfig, AttentiveSeq2Seq
from .attentive_conv import AttentiveConvSeq2Seq
from .conv_seq2seq import ConvSeq2Seq, ConvSeq2SeqConfig
from .marian_download import fetch_published, is_published_name
from .seq2seq import Seq2Seq, Seq2SeqConfig
from .shipped import shipped
from .subwords import load_tokenizer
from .transformer import Transformer, TransformerConfig

MODELS = {  # by the name of its class, which config.json says: a model and its config
    model.__name__: (model, config)
    for model, config in (
        (Transformer, TransformerConfig),
        (Seq2Seq, Seq2SeqConfig),
        (ConvSeq2Seq, ConvSeq2SeqConfig),
        (AttentiveSeq2Seq, AttentiveConfig),
        (AttentiveConvSeq2Seq, ConvSeq2SeqConfig),
    )
}


def names():
    """The translators that come with the course."""
    return sorted(path.parent.name for path in shipped(".").glob("weights/*/config.json"))


def find(name_or_folder):
    """The folder of a translator: yours, or one of the course, or `owner/model` from huggingface.co, fetched.

    Raises FileNotFoundError, with near names, when there is no such translator and no such folder, and
    ConnectionError when a published one cannot be fetched.
    """
    folder = Path(name_or_folder)
    if folder.is_dir():
        return folder
    if str(name_or_folder) in names():
        return shipped("weights") / str(name_or_folder)
    if is_published_name(name_or_folder):
        return fetch_published(name_or_folder)
    near = get_close_matches(str(name_or_folder), names(), cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(names()) or 'none'}"
    raise FileNotFoundError(f"no translator and no folder is called {name_or_folder}: {hint}")


def present(path):
    """The path of a file that a translator needs; raises FileNotFoundError where there is none."""
    if path.is_file():
        return path
    if (path.parent / "checkpoint.pt").is_file():
        raise FileNotFoundError(f"{path.parent} holds an unfinished run: train it to its end, with --resume")
    raise FileNotFoundError(f"{path.parent} is not the folder of a translator: it has no {path.name}")


def read_folder(folder):
    """All of a translator's folder but the weights: model class, config, source and target tokenizer, about.

    Raises FileNotFoundError when a file is missing, and ValueError with the reason when one is damaged,
    foreign, or does not fit the others.
    """
    path = present(folder / "config.json")
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        (Model, config), about = read_config(saved), saved["about"]
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} does not describe a translator of ours: {error}") from error
    source, target = (load_tokenizer(present(folder / f"{side}.json")) for side in ("source", "target"))
    sizes = {"source": (config.src_vocab_size, source), "target": (config.tgt_vocab_size, target)}
    for side, (size, tokenizer) in sizes.items():
        if size != len(tokenizer):
            raise ValueError(f"{path} speaks of {size} tokens, but {side}.json has {len(tokenizer)}")
    return Model, config, source, target, about


def read_config(saved):
    """The model class and the sizes that a config.json names.

    Raises ValueError, or TypeError for a size that is no number.
    """
    if not isinstance(saved, dict) or not all(
        isinstance(saved.get(part), dict) for part in ("model", "about")
    ):
        raise ValueError('it has no "model" and "about"')
    architecture = saved.get("architecture", "Transformer")  # the first folders do not say
    if architecture not in list(MODELS):
        raise ValueError(f"no model of ours is a {architecture}; there is {', '.join(MODELS)}")
    Model, Config = MODELS[architecture]
    unknown = sorted(set(saved["model"]) - {field.name for field in fields(Config)})
    if unknown:
        raise ValueError(f"no model of ours has {', '.join(unknown)}")
    return Model, Config(**saved["model"])


def parameters(model):
    """Every weight once, by name: a table that two layers share has one name."""
    return dict(model.named_parameters())


def read_safetensors(path):
    """The weights of a file, by name. Raises ValueError, naming it, when it is damaged or of another kind."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(path.read_bytes())
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or no safetensors file: {error}") from error


def fill(model, weights, path):
    """Fill a model with weights that were read from a file. ValueError, naming both, when they do not fit."""
    ours = parameters(model)
    if set(weights) != set(ours):
        missing, foreign = sorted(set(ours) - set(weights)), sorted(set(weights) - set(ours))
        raise ValueError(f"{path} does not fit config.json: missing {missing[:3]}, foreign {foreign[:3]}")
    for name, parameter in ours.items():
        found = weights[name]
        if found.shape != parameter.shape:
            sizes = f"{tuple(found.shape)}, not {tuple(parameter.shape)}"
            raise ValueError(f"{path} does not fit config.json: {name} has the shape {sizes}")
        if not (found.is_floating_point() and found.isfinite().all()):
            raise ValueError(f"{path} is damaged: {name} holds what are no weights, or NaN")
        parameter.data.copy_(found)
