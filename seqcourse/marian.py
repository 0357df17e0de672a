"""Published translators (MarianMT of `transformers`) in our own Transformer, and ours in their form.

Theirs writes the same numbers elsewhere: all sines of a position stand before all cosines, and the special
tokens have other ids. So the weights move, and the Transformer stays as it is.
"""

import json
import re
from pathlib import Path

from .files import write_atomically
from .marian_config import check_supported, our_config, their_config
from .marian_weights import load_published, published_weights
from .model_folder import present
from .sentence_pieces import SentencePieces, from_subwords
from .subwords import Subwords
from .transformer import Transformer
from .vocabulary import BOS, EOS, PAD, SPECIALS, write_json

LANGUAGES = {
    "eng": "en",
    "cmn": "zh",
    "zho": "zh",
    "zh_cn": "zh",
    "fra": "fr",
    "deu": "de",
    "jpn": "ja",
    "jap": "ja",
}


def is_marian(folder):
    """Whether a folder says that it holds a MarianMT model."""
    try:
        return read_json(folder / "config.json").get("model_type") == "marian"
    except (ValueError, OSError):
        return False


def load_marian(folder):
    """The folder of a MarianMT model as: our Transformer, source tokenizer, target tokenizer, about.

    Raises FileNotFoundError when a file is missing, and ValueError with the reason when one is damaged, or
    the model does what our Transformer does not.
    """
    path = present(folder / "config.json")
    saved = read_json(path)
    try:
        check_supported(saved)
        source, target = read_tokenizers(folder, saved)
        model = Transformer(our_config(saved, source, target))
    except (KeyError, TypeError, ValueError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else error
        raise ValueError(f"{folder} holds no translator that we can read: {reason}") from error
    load_published(model, source, target, folder)
    return model, source, target, {"published": folder.name}


def read_json(path):
    """The names and values that a JSON file holds; ValueError, naming the file, when it is damaged."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged, or no JSON: {error}") from error
    if not isinstance(saved, dict):
        raise ValueError(f"{path} is damaged: it has no names and values")
    return saved


def read_tokenizers(folder, saved):
    """The tokenizers of both languages; ValueError when they do not fit config.json."""
    about = folder / "tokenizer_config.json"
    about = read_json(about) if about.is_file() else {}
    vocab = read_json(present(folder / "vocab.json"))
    other = read_json(present(folder / "target_vocab.json")) if about.get("separate_vocabs") else vocab
    begins = saved["decoder_start_token_id"]
    start = SPECIALS[PAD] if begins == saved["pad_token_id"] else SPECIALS[BOS]
    tokenizers = []
    for number, (side, numbers) in enumerate((("source", vocab), ("target", other))):
        model = present(folder / f"{side}.spm").read_bytes()
        language = language_of(about.get(f"{side}_lang"), folder.name, number)
        try:
            tokenizers.append(SentencePieces(model, numbers, language, start))
        except ValueError as error:
            raise ValueError(f"{side}.spm and its vocabulary: {error}") from error
        size = saved["vocab_size"] if number == 0 else saved.get("decoder_vocab_size") or saved["vocab_size"]
        if len(numbers) != size:
            raise ValueError(f"config.json speaks of {size} {side} pieces, but there are {len(numbers)}")
        ids = [saved["pad_token_id"], begins, saved["eos_token_id"]]
        if ids != [tokenizers[number].rows[i] for i in (PAD, BOS, EOS)]:
            raise ValueError(f"config.json and the vocabulary disagree on the ids of <pad>, {start} and </s>")
    return tokenizers


def language_of(code, name, number):
    """The language of a side, by its code, else by the folder's name: opus-mt-en-zh goes from en to zh."""
    in_name = re.search(r"-([A-Za-z]{2,3})-([A-Za-z]{2,3})$", name)
    code = (code or (in_name[number + 1] if in_name else "und")).lower()  # und: undetermined, in ISO 639
    return LANGUAGES.get(code, code)


def save_marian(translator, folder):
    """Write a translator as a folder that MarianMTModel and MarianTokenizer of `transformers` read.

    Raises ValueError when it does what MarianMT does not, and OSError when a file cannot be written.
    """
    from safetensors.torch import save

    folder, config = Path(folder), translator.model.config
    source, target = exportable(translator)
    weights = published_weights(translator.model, source, target)
    write_atomically(folder / "model.safetensors", save(weights, metadata={"format": "pt"}))
    for side, tokenizer in (("source", source), ("target", target)):
        write_atomically(folder / f"{side}.spm", tokenizer.model)
    separate = source.vocab != target.vocab
    write_json(source.vocab, folder / "vocab.json")
    if separate:
        write_json(target.vocab, folder / "target_vocab.json")
    languages = {"source_lang": source.language, "target_lang": target.language}
    about = {"tokenizer_class": "MarianTokenizer", "model_max_length": config.max_length}
    write_json(about | languages | {"separate_vocabs": separate}, folder / "tokenizer_config.json")
    pad, _, start, eos = source.rows[: len(SPECIALS)]
    ids = {
        "pad_token_id": pad,
        "eos_token_id": eos,
        "forced_eos_token_id": eos,
        "decoder_start_token_id": start,
    }
    never = [[i] for i in sorted({pad, start})]
    search = {"num_beams": 4, "max_length": config.max_length, "renormalize_logits": True}
    write_json(ids | search | {"bad_words_ids": never}, folder / "generation_config.json")
    write_json(their_config(config, len(source.vocab), len(target.vocab)) | ids, folder / "config.json")


def exportable(translator):
    """The tokenizers of a translator in SentencePiece; ValueError when MarianMT cannot be what it is."""
    config = translator.model.config
    if not isinstance(translator.model, Transformer):
        raise ValueError(f"MarianMT is a Transformer, and this is a {type(translator.model).__name__}")
    wanted = {"norm_first": False, "residual": True, "positions": "sinusoidal", "tie_output": True}
    for name, only in wanted.items():
        if getattr(config, name) != only:
            raise ValueError(f"MarianMT has {name}={only!r} only: train a Transformer that has it too")
    tokenizers = translator.source_tokenizer, translator.target_tokenizer
    if not all(isinstance(tokenizer, (Subwords, SentencePieces)) for tokenizer in tokenizers):
        raise ValueError("MarianMT reads subwords, and this translator reads words: train one with Subwords")
    source, target = (from_subwords(t) if isinstance(t, Subwords) else t for t in tokenizers)
    if source.rows[: len(SPECIALS)] != target.rows[: len(SPECIALS)]:
        raise ValueError("MarianMT gives a special token one id, and these two tokenizers give it two")
    return source, target
