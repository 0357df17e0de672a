"""Pieces of SentencePiece, as published translators use them, behind the interface of `Vocabulary`."""

import base64
import binascii
import json
import re
import struct

from .vocabulary import BOS, EOS, PAD, SPECIALS, UNK, UNSPACED, read_tokenizer, write_json

CODE = re.compile("(>>.*?<<)?(.*)", re.DOTALL)  # a text may open with the language it is to become: >>fra<<
SPACE = "▁"  # how a piece shows the space before it
NORMAL, UNKNOWN, CONTROL = 1, 2, 3  # kinds of pieces in a model of SentencePiece


class SentencePieces:
    """A model of SentencePiece cuts the text; a published vocabulary, piece -> id, says which pieces count.

    The interface is that of `Vocabulary`, and so are the ids: the four specials, then the other pieces in
    their order. `rows[id]` is the published id. Where the decoder begins with `<pad>`, as it does in most
    published translators, `<s>` is another name for that: `start`. A piece outside the vocabulary has the id
    UNK; a special that someone typed is text like any other; `>>fra<<` at the start is one piece.
    Raises ValueError when the model is damaged, or the vocabulary lacks a special or a number.
    Kudo and Richardson (2018), "SentencePiece", section 3.
    """

    def __init__(self, model, vocab, language, start="<pad>"):
        self.model, self.vocab, self.language, self.start = model, vocab, language, start
        self.processor = processor(model)
        check_numbers(vocab, start)
        specials = [vocab[piece] for piece in (SPECIALS[PAD], SPECIALS[UNK], start, SPECIALS[EOS])]
        others = sorted((i, piece) for piece, i in vocab.items() if i not in specials)
        self.rows = specials + [i for i, _ in others]
        self.words = SPECIALS + [piece for _, piece in others]
        self.ids = {piece: i for i, piece in enumerate(self.words) if i >= len(SPECIALS)}

    def __len__(self):
        return len(self.words)

    def tokenize(self, text):
        code, text = CODE.match(re.sub("[\ud800-\udfff]", "\ufffd", text)).groups()
        return [code] * bool(code) + self.processor.encode(text, out_type=str)

    def encode(self, text):
        return [self.ids.get(token, UNK) for token in self.tokenize(text)]

    def tokens(self, ids):
        return [self.words[i] for i in ids]

    def decode(self, ids):
        pieces = self.tokens(i for i in ids if i >= len(SPECIALS))
        return self.processor.decode(pieces).replace(SPACE, " ").strip() if pieces else ""

    def save(self, path):
        model = base64.b64encode(self.model).decode("ascii")
        saved = {"type": "pieces", "language": self.language, "start": self.start}
        write_json(saved | {"vocab": self.vocab, "model": model}, path)

    @classmethod
    def load(cls, path):
        saved = read_tokenizer(path, "pieces")
        try:
            model = base64.b64decode(saved["model"], validate=True)
            return cls(model, saved["vocab"], saved["language"], saved["start"])
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise ValueError(f"{path} is damaged: {error}") from error


def processor(model):
    """What cuts texts by a model of SentencePiece, given as bytes."""
    try:
        from sentencepiece import SentencePieceProcessor
    except ImportError as error:
        raise ValueError("published translators need SentencePiece: pip install sentencepiece") from error
    try:
        return SentencePieceProcessor(model_proto=model)
    except RuntimeError as error:
        raise ValueError(f"this is no model of SentencePiece, or a damaged one: {error}") from error


def check_numbers(vocab, start):
    """Raise ValueError unless a vocabulary has the specials, and each number from 0 on once."""
    if not isinstance(vocab, dict) or not all(type(i) is int for i in vocab.values()):
        raise ValueError("a vocabulary must say the number of each piece")
    missing = [piece for piece in (SPECIALS[PAD], SPECIALS[UNK], SPECIALS[EOS], start) if piece not in vocab]
    if missing:
        raise ValueError(f"the vocabulary has no {' and no '.join(missing)}")
    if sorted(vocab.values()) != list(range(len(vocab))):
        raise ValueError(f"the {len(vocab)} pieces do not have the numbers 0 to {len(vocab) - 1}, each once")


def from_subwords(subwords):
    """`Subwords` as a model of SentencePiece that merges in the same order, with our own numbers.

    It cleans a text less than ours does: by NFKC where words stand apart, else not at all.
    """
    from sentencepiece import SentencePieceNormalizer

    saved = json.loads(subwords.tokenizer.to_str())["model"]
    rank = {}  # of each piece that is merged, the first merge that makes it
    for number, pair in enumerate(saved["merges"]):
        rank.setdefault("".join(pair), number)
    kinds = {SPECIALS[PAD]: CONTROL, SPECIALS[UNK]: UNKNOWN, SPECIALS[BOS]: CONTROL, SPECIALS[EOS]: CONTROL}
    pieces = [
        message(piece, -float(rank.get(piece, len(rank))), kinds.get(piece, NORMAL))
        for piece in saved["vocab"]
    ]
    apart = subwords.language not in UNSPACED
    normalizer = SentencePieceNormalizer(
        rule_name="nmt_nfkc" if apart else "identity",
        add_dummy_prefix=apart, remove_extra_whitespaces=True, escape_whitespaces=True,
    )  # fmt: skip
    byte_pairs = field(2, b"\x18\x02")  # its specification says: field 3, the kind of model, is 2, BPE
    model = b"".join(pieces) + byte_pairs + normalizer.serialized_model_proto()
    return SentencePieces(model, saved["vocab"], subwords.language, start=SPECIALS[BOS])


def message(piece, score, kind):
    """One piece as a model of SentencePiece stores it, in the encoding of protocol buffers."""
    return field(
        1, field(1, piece.encode("utf-8")) + b"\x15" + struct.pack("<f", score) + bytes([0x18, kind])
    )


def field(number, content):
    """Bytes under the number of a field: its tag, its length, itself."""
    length, left = b"", len(content)
    while left > 127:
        length, left = length + bytes([left % 128 + 128]), left // 128
    return bytes([number * 8 + 2]) + length + bytes([left]) + content
