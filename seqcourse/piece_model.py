"""The file of a SentencePiece model: what cuts a text by it, and such a file made of our own subwords."""

import json
import struct

from .vocabulary import BOS, EOS, PAD, SPECIALS, UNK, UNSPACED

NORMAL, UNKNOWN, CONTROL = 1, 2, 3  # kinds of pieces
PIECE, TRAINING, NORMALIZER = 1, 2, 3  # parts of the file: any number of pieces, one of each of the others


def library():
    try:
        import sentencepiece
    except ImportError as error:
        raise ValueError("published translators need SentencePiece: pip install sentencepiece") from error
    return sentencepiece


def processor(model):
    """What cuts texts by a model of SentencePiece, given as bytes."""
    try:
        found = library().SentencePieceProcessor(model_proto=model)
    except RuntimeError as error:
        raise ValueError(f"this is no model of SentencePiece, or a damaged one: {error}") from error
    if not {PIECE, TRAINING, NORMALIZER} <= parts(model):
        raise ValueError("this is no model of SentencePiece, or one cut short")
    return found


def parts(model):
    """The numbers of the parts that a model of SentencePiece has; each stands there as `field` writes it."""
    place, found = 0, set()
    while place < len(model):
        found.add(model[place] // 8)
        length, shift, place = 0, 0, place + 1
        while model[place] > 127:
            length, shift, place = length + (model[place] - 128 << shift), shift + 7, place + 1
        place += 1 + length + (model[place] << shift)
    return found


def model_of(subwords):
    """`Subwords` as a model of SentencePiece that merges in the same order.

    A text is cleaned less: by NFKC where words stand apart, else not at all. A run of unknown characters is
    one unknown piece there.
    """
    merges = json.loads(subwords.tokenizer.to_str())["model"]["merges"]
    rank = {}  # of each piece that is merged, the first merge that makes it
    for number, pair in enumerate(merges):
        rank.setdefault("".join(pair).replace(" ", ""), number)  # older files say "a b" for ["a", "b"]
    kinds = {SPECIALS[PAD]: CONTROL, SPECIALS[UNK]: UNKNOWN, SPECIALS[BOS]: CONTROL, SPECIALS[EOS]: CONTROL}
    pieces = [
        message(piece, -rank.get(piece, len(rank)), kinds.get(piece, NORMAL))
        for piece in subwords.tokens(range(len(subwords)))
    ]
    apart = subwords.language not in UNSPACED
    normalizer = library().SentencePieceNormalizer(
        rule_name="nmt_nfkc" if apart else "identity",
        add_dummy_prefix=apart, remove_extra_whitespaces=True, escape_whitespaces=True,
    )  # fmt: skip
    byte_pairs = field(TRAINING, b"\x18\x02")  # the kind of model, field 3, is 2: byte pairs
    return b"".join(pieces) + byte_pairs + normalizer.serialized_model_proto()


def message(piece, score, kind):
    """One piece as a model of SentencePiece stores it, in the encoding of protocol buffers."""
    text = field(1, piece.encode("utf-8"))
    return field(PIECE, text + b"\x15" + struct.pack("<f", score) + bytes([0x18, kind]))


def field(number, content):
    """Bytes under the number of a field: its tag, its length, itself."""
    length, left = b"", len(content)
    while left > 127:
        length, left = length + bytes([left % 128 + 128]), left // 128
    return bytes([number * 8 + 2]) + length + bytes([left]) + content
