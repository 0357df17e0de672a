"""A translator: a model, the tokenizers of its two languages, and a folder to keep them in."""

import json
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from .batching import pad
from .decoding import beam_search, check_beam
from .files import write_atomically
from .marian import is_marian, load_marian
from .model_folder import fill, find, parameters, present, read_folder, read_safetensors
from .record import AttentionRecord, record_attention
from .vocabulary import EOS, UNK

AT_ONCE = 64  # sentences decoded together


@dataclass(frozen=True)
class Translation:
    """A sentence, its translation, and on request what the model looked at.

    `tokens` are those of `text`, `score` is the beam's. `unknown` are the words of the source that the model
    has never seen. `alternatives` are the next best translations, if several were asked for.
    """

    source: str
    text: str
    tokens: list[str]
    score: float
    unknown: tuple[str, ...] = ()
    attention: AttentionRecord | None = None
    alternatives: tuple["Translation", ...] = ()


class Translator:
    """Sentences in, sentences out. `about` is what the folder says of its making: corpus, scores, command."""

    def __init__(self, model, source_tokenizer, target_tokenizer, about=None):
        self.model, self.about = model.eval(), about or {}
        self.source_tokenizer, self.target_tokenizer = source_tokenizer, target_tokenizer

    def translate(self, sentences, beam=4, n_best=1, attention=False):
        """Translate a sentence, a str, or a list of them; return a `Translation`, or a list.

        beam: how many beginnings are kept, 1 is greedy; n_best: how many translations each, at most `beam`.
        A sentence that is too long for the model is cut, with a warning; an empty one stays empty.
        Raises ValueError when `beam` or `n_best` makes no sense, TypeError when a sentence is no str.
        """
        if isinstance(sentences, str):
            return self.translate([sentences], beam, n_best, attention)[0]
        check_beam(beam, n_best)
        sentences = list(sentences)
        sources = [self.read(sentence) for sentence in sentences]
        translations = [Translation(sentence, "", [], 0.0) for sentence in sentences]
        order = sorted((i for i, (ids, _) in enumerate(sources) if ids), key=lambda i: len(sources[i][0]))
        device = next(self.model.parameters()).device
        for start in range(0, len(order), AT_ONCE):
            rows = order[start : start + AT_ONCE]
            src = pad([[*sources[i][0], EOS] for i in rows]).to(device)
            for i, hypotheses in zip(rows, beam_search(self.model, src, beam, n_best=n_best), strict=True):
                found = [self.write(sentences[i], *sources[i], h, attention) for h in hypotheses]
                translations[i] = replace(found[0], alternatives=tuple(found[1:]))
        return translations

    def read(self, sentence):
        """The ids and the tokens of a sentence, cut to what the model can hold."""
        if not isinstance(sentence, str):
            raise TypeError(f"a sentence is a str, not {type(sentence).__name__}: {sentence!r}")
        ids, tokens = self.source_tokenizer.encode(sentence), self.source_tokenizer.tokenize(sentence)
        most = self.model.config.max_length - 1
        if len(ids) > most:
            cut = f"a sentence of {len(ids)} tokens is cut to {most}, all the model holds"
            warnings.warn(f"{cut}: {sentence[:40]!r} …", stacklevel=3)
        return ids[:most], tokens[:most]

    def write(self, sentence, ids, source_tokens, hypothesis, attention):
        """A hypothesis as a `Translation`; one without an end is cut to what the model holds after `<s>`."""
        target_ids = hypothesis.tokens[: self.model.config.max_length - 1]
        tokens, text = self.target_tokenizer.tokens(target_ids), self.target_tokenizer.decode(target_ids)
        unknown = dict.fromkeys(t for t, i in zip(source_tokens, ids, strict=True) if i == UNK)
        record = self.record(ids, source_tokens, target_ids, tokens) if attention else None
        return Translation(sentence, text, tokens, hypothesis.score, tuple(unknown), record)

    def record(self, ids, source_tokens, target_ids, target_tokens, gold=None):
        """What the model looks at while it turns these tokens into those."""
        return record_attention(
            self.model,
            [*ids, EOS],
            target_ids,
            [*source_tokens, "</s>"],
            target_tokens,
            gold=gold,
            source_language=self.source_tokenizer.language,
            target_language=self.target_tokenizer.language,
        )

    def save(self, folder, dtype=torch.float32):
        """Write model.safetensors, both tokenizers and config.json into a folder, each whole or not at all.

        dtype: how the weights are rounded; float16 takes half the space. The weights, which need most space,
        come first: on a full disk an older translator in the folder stays as it was. Raises OSError when a
        file cannot be written.
        """
        from safetensors.torch import save

        weights = {
            name: w.detach().to("cpu", dtype).contiguous() for name, w in parameters(self.model).items()
        }
        write_atomically(Path(folder) / "model.safetensors", save(weights))
        self.save_all_but_weights(folder)

    def save_all_but_weights(self, folder):
        """Write both tokenizers and, last, config.json, without which no folder is a translator's."""
        self.source_tokenizer.save(Path(folder) / "source.json")
        self.target_tokenizer.save(Path(folder) / "target.json")
        architecture = type(self.model).__name__
        config = {"architecture": architecture, "model": asdict(self.model.config), "about": self.about}
        write_atomically(Path(folder) / "config.json", (json.dumps(config, indent=1) + "\n").encode("utf-8"))

    @classmethod
    def load(cls, name_or_folder, device=None):
        """A translator that comes with the course, by its name, or one from a folder.

        Without `device` it goes to the GPU where there is one. Raises FileNotFoundError, with near names,
        when there is no such translator, and ValueError with the reason when its folder is damaged.
        """
        folder = find(name_or_folder)
        if is_marian(folder):
            model, source, target, about = load_marian(folder)
        else:
            Model, config, source, target, about = read_folder(folder)
            model, path = Model(config), present(folder / "model.safetensors")
            fill(model, read_safetensors(path), path)
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        return cls(model.to(device), source, target, about)
