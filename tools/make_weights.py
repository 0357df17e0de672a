"""Train the translators that come with the course again: data/weights/NAME, rounded to float16, then scored.

    make weights                              those of the toy corpora, about five minutes on two CPU cores
    python tools/make_weights.py toy-en-zh    one of them
    python tools/make_weights.py tatoeba-en-zh    fifty minutes on one core; fetches its corpus when needed
    python tools/make_weights.py toy-en-zh-lstm   the model of lesson 03, two minutes on one core
    python tools/make_weights.py toy-en-zh-additive   that of lesson 04, a minute on one core

An interrupted run goes on where it stopped. What is there already is replaced only when its run has ended.
"""

import json
import shutil
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path

import torch

from seqcourse.alignment import rate_of_best_head
from seqcourse.attentive import AttentiveConfig, AttentiveSeq2Seq
from seqcourse.batching import encode_pairs
from seqcourse.corpora import load_corpus
from seqcourse.fitting import fit
from seqcourse.making import learn_tokenizers, make_translator
from seqcourse.recipe import Recipe
from seqcourse.record import attends
from seqcourse.scores import bleu, by_tag, chrf
from seqcourse.seq2seq import Seq2Seq, Seq2SeqConfig
from seqcourse.toy import toy_corpus_names
from seqcourse.translator import Translator

ROOT = Path(__file__).resolve().parents[1]
RUNS = {name: {"steps": 1500} for name in toy_corpus_names()} | {
    "tatoeba-en-zh": {
        "steps": 6000,
        "recipe": Recipe(max_tokens=1200, learning_rate=1.5e-3),
        "vocab_size": 5000,
        "d_model": 192,
        "dim_feedforward": 768,
        "layers": 3,
        "dropout": 0.2,
    },
}
LSTMS = {
    "toy-en-zh-lstm": {
        "architecture": (Seq2Seq, Seq2SeqConfig),
        "steps": 5000,
        "recipe": Recipe(max_tokens=600, label_smoothing=0.0),
    },
    "toy-en-zh-additive": {
        "architecture": (AttentiveSeq2Seq, AttentiveConfig),
        "steps": 2500,
        "recipe": Recipe(max_tokens=600, learning_rate=8e-3, label_smoothing=0.0),
    },
}


def make_lstm(corpus, folder, architecture, steps, recipe):
    """Train the model of lesson 03 or 04 on a corpus that knows its words; return a translator."""
    source, target = learn_tokenizers(corpus, vocab_size=0)
    torch.manual_seed(recipe.seed)
    Model, Config = architecture
    model = Model(Config(len(source), len(target)))
    train, valid = (encode_pairs(corpus.pairs(part), source, target, 128) for part in ("train", "valid"))
    history = fit(model, train, valid, recipe, steps=steps, checkpoint=folder / "checkpoint.pt")
    (folder / "training.json").write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
    about = {"corpus": corpus.name, "recipe": asdict(recipe), "steps": steps}
    return Translator(model, source, target, about)


def scores(translator, corpus):
    """BLEU and chrF of every part that is not learnt from, greedy, and of the test part with a beam of 4.

    Where the corpus knows phenomena and gold links: BLEU of each, and the error rate of the best head.
    """
    language, found = corpus.target_language, {}
    for part in corpus.parts[1:]:
        pairs = corpus.pairs(part)
        texts = [t.text for t in translator.translate([pair.source for pair in pairs], beam=1)]
        references = [pair.target for pair in pairs]
        score = bleu(texts, references, language)
        found[part] = {"BLEU": round(score.value, 1), "chrF": round(chrf(texts, references).value, 1)}
        same = sum(text == reference for text, reference in zip(texts, references, strict=True))
        found[part]["exact"] = round(same / len(texts), 3)
        if part == "test":
            tags = by_tag(pairs, texts, language)
            found["by phenomenon"] = {tag: [round(s.value, 1), count] for tag, (s, count) in tags.items()}
            found["signature"] = score.signature
            texts = [t.text for t in translator.translate([pair.source for pair in pairs], beam=4)]
            found[part]["BLEU, beam 4"] = round(bleu(texts, references, language).value, 1)
    pairs = corpus.pairs("test")[:200]
    if pairs[0].alignment and attends(translator.model):
        (layer, head), rate = rate_of_best_head(translator, corpus, pairs)
        found["alignment"] = {"layer": layer, "head": head, "AER": round(rate, 3)}
    return found


def make(name):
    corpus, run = (
        load_corpus(name.rsplit("-", 1)[0] if name in LSTMS else name),
        ROOT / "runs" / f"weights-{name}",
    )
    if name in LSTMS:
        translator = make_lstm(corpus, run, **LSTMS[name])
    else:
        translator = make_translator(corpus, run, resume=True, **RUNS[name])
    history = json.loads((run / "training.json").read_text(encoding="utf-8"))
    folder = ROOT / "data" / "weights" / name
    translator.save(folder, dtype=torch.float16)
    rounded = Translator.load(folder, device="cpu")
    rounded.about |= {
        "command": f"python tools/make_weights.py {name}",
        "date": str(date.today()),
        "seconds": round(history[-1]["seconds"]),
        "machine": f"{torch.get_num_threads()} threads, torch {torch.__version__}",
        "scores": scores(rounded, corpus),
    }
    rounded.save_all_but_weights(folder)
    shutil.copy(run / "training.json", folder / "training.json")
    shutil.rmtree(run)
    print(name, json.dumps(rounded.about["scores"], indent=1))


if __name__ == "__main__":
    for wanted in sys.argv[1:] or [*toy_corpus_names(), *LSTMS]:
        if wanted not in RUNS | LSTMS:
            sys.exit(f"there are no weights called {wanted}; there is {', '.join(RUNS | LSTMS)}")
        make(wanted)
