"""Subwords: pieces of words as tokens, so that a small vocabulary writes every word."""

import json
from collections import Counter

from .sentence_pieces import SentencePieces
from .vocabulary import SPECIALS, UNK, UNSPACED, Vocabulary, clean, read_tokenizer, write_json

SPACE = "▁"  # how a token shows the space before it
PIECES = rf"{SPACE}?[\p{{L}}\p{{M}}'-]+|{SPACE}?\p{{N}}|{SPACE}?[^\p{{L}}\p{{M}}\p{{N}}{SPACE}]|{SPACE}"


class Subwords:
    """Byte-pair encoding: the pieces that most often stand together merge until the vocabulary is full.

    The interface is that of `Vocabulary`. Case is kept, and a token that starts a word starts with `▁`; no
    token reaches over a space or joins digits or marks. A character outside the vocabulary has the id UNK.
    Sennrich, Haddow and Birch (2016), "Neural Machine Translation of Rare Words with Subword Units", 3.2.
    """

    def __init__(self, tokenizer, language):
        self.tokenizer = tokenizer  # of the library `tokenizers`
        self.language = language

    @classmethod
    def learn(cls, texts, vocab_size=4000, *, language):
        return cls(learn_bpe([clean(text, language) for text in texts], vocab_size, language), language)

    def __len__(self):
        return self.tokenizer.get_vocab_size()

    def tokenize(self, text):
        text = clean(text, self.language)
        found = self.tokenizer.encode(text)
        tokens = zip(found.ids, found.tokens, found.offsets, strict=True)
        return [text[start:end] if i == UNK else token for i, token, (start, end) in tokens]

    def encode(self, text):
        return self.tokenizer.encode(clean(text, self.language)).ids

    def tokens(self, ids):
        return [self.tokenizer.id_to_token(int(i)) for i in ids]

    def decode(self, ids):
        pieces = self.tokens(i for i in ids if i >= len(SPECIALS))
        return "".join(pieces).replace(SPACE, " ").strip()

    def save(self, path):
        tokenizer = json.loads(self.tokenizer.to_str())
        write_json({"type": "subwords", "language": self.language, "tokenizer": tokenizer}, path)

    @classmethod
    def load(cls, path):
        saved = read_tokenizer(path, "subwords")
        try:
            tokenizer = bpe_from_json(saved["tokenizer"])
        except Exception as error:  # the library raises bare Exceptions
            raise ValueError(f"{path} is damaged: {error}") from error
        if [tokenizer.id_to_token(i) for i in range(len(SPECIALS))] != SPECIALS:
            raise ValueError(f"{path} is damaged: its tokens do not start with {' '.join(SPECIALS)}")
        return cls(tokenizer, saved["language"])


def learn_bpe(texts, vocab_size, language):
    """A `tokenizers.Tokenizer` of at most `vocab_size` tokens, the four specials among them.

    Single characters take up to three quarters of it, the most frequent first: Chinese has thousands. The
    same texts give the same tokens. ValueError if there is no room for any character.
    """
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    if vocab_size <= len(SPECIALS):
        raise ValueError(f"a vocabulary of {vocab_size} has no room: {len(SPECIALS)} tokens are special")
    counts = Counter(character for text in texts for character in SPACE + text.replace(" ", SPACE))
    alphabet = sorted(counts, key=lambda character: (-counts[character], character))
    alphabet = alphabet[: max(1, (vocab_size - len(SPECIALS)) * 3 // 4)]
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIALS[UNK]))
    start = "never" if language in UNSPACED else "always"
    spaces = pre_tokenizers.Metaspace(SPACE, prepend_scheme=start, split=False)
    pieces = pre_tokenizers.Split(Regex(PIECES), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([spaces, pieces])
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),  # the library's own choice among equals changes from run to run
        special_tokens=SPECIALS,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return bpe_from_json(json.loads(tokenizer.to_str()))


def bpe_from_json(saved):
    """The tokenizer of a saved file, in which a typed `</s>` is text like any other and no special token."""
    from tokenizers import Tokenizer

    return Tokenizer.from_str(json.dumps({**saved, "added_tokens": []}))


def load_tokenizer(path):
    """The Vocabulary, Subwords or SentencePieces saved at `path`; ValueError with the reason otherwise."""
    kinds = {"words": Vocabulary, "subwords": Subwords, "pieces": SentencePieces}
    return kinds[read_tokenizer(path)["type"]].load(path)
