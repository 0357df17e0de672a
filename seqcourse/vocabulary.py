"""Words and their numbers: from text to token ids and back."""

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

from .files import write_atomically

PAD, UNK, BOS, EOS = 0, 1, 2, 3
SPECIALS = ["<pad>", "<unk>", "<s>", "</s>"]
UNSPACED = {"zh", "ja"}  # written without spaces between words


class Vocabulary:
    """The words of a language, numbered by frequency: text in, ids out, and back.

    `words[id]` is the word of an id, the four specials first. A word outside the vocabulary has the id UNK.
    `tokenize` finds the words again that were learnt, the longest first, so it also splits Chinese.
    """

    def __init__(self, words, language):
        self.words = SPECIALS + [word for word in words if word not in SPECIALS]
        self.ids = {word: i for i, word in enumerate(self.words)}
        self.language = language
        self.pattern = word_pattern(self.words[len(SPECIALS) :], language)

    def __len__(self):
        return len(self.words)

    def tokenize(self, text):
        return self.pattern.findall(spell_out(clean(text, self.language), self.language))

    def encode(self, text):
        return [self.ids.get(token, UNK) for token in self.tokenize(text)]

    def tokens(self, ids):
        return [self.words[i] for i in ids]

    def decode(self, ids):
        return write([self.words[i] for i in ids if i >= len(SPECIALS)], self.language)

    @classmethod
    def learn(cls, token_lists, language):
        counts = Counter(token for tokens in token_lists for token in tokens)
        return cls(sorted(counts, key=lambda word: (-counts[word], word)), language)

    def save(self, path):
        write_json({"type": "words", "language": self.language, "words": self.words}, path)

    @classmethod
    def load(cls, path):
        saved = read_tokenizer(path, "words")
        return cls(saved["words"], saved["language"])


def clean(text, language):
    """The text in one spelling: NFKC, straight apostrophes, single spaces, nothing that cannot be seen.

    Control characters become spaces, lone surrogates U+FFFD. In a language without spaces marks keep their
    full width, and a half-width mark after a character of that language gets it: `你好吗?` is `你好吗？`.
    """
    text = re.sub("[\ud800-\udfff]", "\ufffd", text)
    text = re.sub("[\x00-\x1f\x7f-\x9f]", " ", text)
    text = re.sub("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]", "", text)
    if language in UNSPACED:
        text = re.sub("[^，。！？：；（）…～]+", lambda part: unicodedata.normalize("NFKC", part[0]), text)
        wide = dict(zip(",.!?:;", "，。！？：；", strict=True))
        text = re.sub("(?<=[^\x00-\x7f])[,.!?:;]", lambda mark: wide[mark[0]], text)
    else:
        text = unicodedata.normalize("NFKC", text)
        text = re.sub("[‘’ʼ]", "'", text)
        text = re.sub("[“”]", '"', text) if language == "en" else text
    return " ".join(text.split())


def spell_out(text, language):
    """Lower case where words stand apart, and English contractions in full: `don't` is `do not`.

    `'s` is `is` after a pronoun, a question word, `here` or `there`, else the possessive, which stays.
    """
    if language in UNSPACED:
        return text
    text = text.lower()
    if language == "en":
        text = re.sub(r"\bcan't\b", "cannot", text)
        text = re.sub(r"\bwon't\b", "will not", text)
        text = re.sub(r"n't\b", " not", text)
        text = re.sub(r"\blet's\b", "let us", text)
        text = re.sub(r"\b(it|s?he|that|this|t?here|what|who|where|when|how)'s\b", r"\1 is", text)
        text = re.sub(r"\b(i|you|s?he|it|we|they)'d\b", r"\1 would", text)
        for short, full in {r"(?<=\bi)'m": "am", "'re": "are", "'ve": "have", "'ll": "will"}.items():
            text = re.sub(rf"{short}\b", f" {full}", text)
    return text


def word_pattern(words, language):
    """A regular expression whose matches are the tokens of a text: known words first, the longest first.

    Without spaces every other character is a token. With spaces a token is a run of letters and digits (with
    the apostrophe of an elision, `l'`, but not in English) or one mark; known words with marks stay whole.
    """
    longest_first = sorted(words, key=len, reverse=True)
    if language in UNSPACED:
        known = [re.escape(word) for word in longest_first if len(word) > 1]
        return re.compile("|".join([*known, r"\S"]))
    marked = [word for word in longest_first if re.search(r"\w", word) and re.search(r"[^\w]", word)]
    known = [re.escape(word) + (r"(?!\w)" if word[-1].isalnum() else "") for word in marked]
    elision = [] if language == "en" else [r"\w+'(?=\w)"]
    return re.compile("|".join([*known, *elision, r"\w+", r"[^\w\s]"]))


def write(tokens, language):
    """Tokens as people write them: marks attached, a capital first, in Chinese no spaces.

    A token that ends in an apostrophe joins the next one (`l'` `eau`), one that starts with it the one before
    (`cat` `'s`). French sets a space before ? ! : and ;.
    """
    if language in UNSPACED:
        return "".join(tokens)
    text = " ".join("I" if token == "i" and language == "en" else token for token in tokens)
    text = re.sub(r"(?<=\w') (?=\w)", "", text)
    text = re.sub(r" (?='\w)", "", text)
    text = re.sub(" (?=[.,…)])" if language == "fr" else " (?=[.,…)?!:;])", "", text)
    text = re.sub(r"(?<=\() ", "", text)
    return text[:1].upper() + text[1:]


def write_json(content, path):
    """Write a JSON file a person can read, whole or not at all."""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    write_atomically(path, (text + "\n").encode("utf-8"))


def read_tokenizer(path, kind=None):
    """What a saved tokenizer file holds; ValueError with the reason if it is damaged or of another kind."""
    try:
        saved = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:  # not UTF-8 or not JSON
        raise ValueError(f"{path} is damaged, or no tokenizer file: {error}") from error
    found = saved.get("type") if isinstance(saved, dict) else None
    if found not in ("words", "subwords", "pieces") or not isinstance(saved.get("language"), str):
        kinds = "words, subwords or pieces"
        raise ValueError(f'{path} is no tokenizer file: it has no "type" ({kinds}) and "language"')
    if kind not in (None, found):
        raise ValueError(f"{path} holds {found}, not {kind}; load_tokenizer reads every kind")
    if found == "words":
        words = saved.get("words")
        if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
            raise ValueError(f'{path} is damaged: "words" is not a list of words')
        if words[: len(SPECIALS)] != SPECIALS or len(set(words)) < len(words):
            raise ValueError(f"{path} is damaged: words start with {' '.join(SPECIALS)} and none comes twice")
    return saved
