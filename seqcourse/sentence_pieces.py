"""Pieces of SentencePiece, as published translators use them, behind the interface of `Vocabulary`."""

import base64
import binascii
import re

from .piece_model import model_of, processor
from .vocabulary import BOS, EOS, PAD, SPECIALS, UNK, read_tokenizer, write_json

CODE = re.compile("(>>.*?<<)?(.*)", re.DOTALL)  # a text may open with the language it is to become: >>fra<<
SPACE = "▁"  # how a piece shows the space before it


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


def check_numbers(vocab, start):
    """Raise ValueError unless a vocabulary has the specials, and each number from 0 on once."""
    if not isinstance(vocab, dict) or not all(type(i) is int for i in vocab.values()):
        raise ValueError("a vocabulary must say the number of each piece")
    needed = SPECIALS[PAD], SPECIALS[UNK], SPECIALS[EOS], start
    if missing := [str(piece) for piece in needed if piece not in vocab]:
        raise ValueError(f"the vocabulary has no {' and no '.join(missing)}")
    if sorted(vocab.values()) != list(range(len(vocab))):
        raise ValueError(f"the {len(vocab)} pieces do not have the numbers 0 to {len(vocab) - 1}, each once")


def from_subwords(subwords):
    """`Subwords` as `SentencePieces` with the same numbers; the text is cleaned less, see `model_of`."""
    vocab = subwords.tokenizer.get_vocab()
    return SentencePieces(model_of(subwords), vocab, subwords.language, start=SPECIALS[BOS])
