"""A translator without grammar: every word by its likeliest translation, in the order of the source."""

import math

from .batching import encode_pairs
from .ibm_model import alignment_map, ibm_model_1
from .record import AttentionRecord
from .translator import Translation
from .vocabulary import EOS, UNK


class DictionaryTranslator:
    """Sentences in, words in their order out, by the table t(f | e) of `ibm_model_1`: (V source, V target).

    A word is left out where its best translation is one that NULL, here </s>, brings about more readily.
    """

    def __init__(self, table, source_tokenizer, target_tokenizer):
        self.table, self.source_tokenizer, self.target_tokenizer = table, source_tokenizer, target_tokenizer
        probability, best = table.max(dim=1)  # (V source,)
        said = probability > table[EOS, best]
        self.entries = [[word] if keep else [] for word, keep in zip(best.tolist(), said, strict=True)]

    def translate(self, sentences, beam=1):
        """Translate a sentence, a str, or a list of them; return a `Translation`, or a list.

        There is nothing to search, so `beam`, which other translators need, changes nothing.
        """
        if isinstance(sentences, str):
            return self.look_up(sentences)
        return [self.look_up(sentence) for sentence in sentences]

    def look_up(self, sentence):
        """The `Translation` of one sentence; its score is 0, for no word is weighed against another."""
        ids, words = self.source_tokenizer.encode(sentence), self.source_tokenizer.tokenize(sentence)
        found = [word for i in ids for word in self.entries[i]]
        unknown = dict.fromkeys(word for word, i in zip(words, ids, strict=True) if i == UNK)
        text, tokens = self.target_tokenizer.decode(found), self.target_tokenizer.tokens(found)
        return Translation(sentence, text, tokens, 0.0, tuple(unknown))

    @classmethod
    def learn(cls, pairs, source_tokenizer, target_tokenizer, iterations=10):
        """A dictionary learnt from pairs, in the tokens of two vocabularies; ValueError without pairs."""
        examples = encode_pairs(pairs, source_tokenizer, target_tokenizer, max_length=math.inf)
        table, _ = ibm_model_1(examples, len(source_tokenizer), len(target_tokenizer), iterations)
        return cls(table, source_tokenizer, target_tokenizer)

    def record(self, ids, source_tokens, target_ids, target_tokens, gold=None):
        """From which source token each target token comes, as an `AttentionRecord`; ids without </s>."""
        cross = alignment_map(self.table, [*ids, EOS], target_ids)[None, None]  # (1, 1, T, S)
        return AttentionRecord(
            [*source_tokens, "</s>"],
            list(target_tokens),
            cross=cross,
            gold=gold,
            source_language=self.source_tokenizer.language,
            target_language=self.target_tokenizer.language,
        )
