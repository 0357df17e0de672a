"""Scores: how near translations are to their references, and attention to the true word links."""

import re
from dataclasses import dataclass

import torch

WORD = "[\u3040-\u30ff\u3400-\u9fff]|[^\\W\u3040-\u30ff\u3400-\u9fff]+"
BLEU_TOKENIZERS = {"zh": "zh", "ja": "char"}  # elsewhere 13a, which finds no words in text without spaces


@dataclass(frozen=True)
class Score:
    """A score from 0 to 100, and the signature that says how it was made: compare only like with like."""

    value: float
    signature: str
    measure: str = "BLEU"

    def __float__(self):
        return self.value

    def __str__(self):
        return f"{self.measure} {self.value:.1f} {self.signature}"


def bleu(hypotheses, references, language):
    """How many runs of one to four words the translations share with their references, over the whole corpus.

    Two lists of texts, as people write them, and the language they are in. ValueError if they are not equally
    many, or none. Where no reference has four words, shorter runs alone count (eff:yes in the signature).
    Papineni et al. (2002), "BLEU: a Method for Automatic Evaluation of Machine Translation", section 2.3.
    """
    from sacrebleu.metrics import BLEU

    check_texts(hypotheses, references)
    metric = BLEU(tokenize=BLEU_TOKENIZERS.get(language, "13a"))
    if metric.corpus_score(references, [references]).totals[-1] == 0:
        metric = BLEU(tokenize=BLEU_TOKENIZERS.get(language, "13a"), effective_order=True)
    value = metric.corpus_score(hypotheses, [references]).score  # [references]: one list, of first references
    return Score(min(value, 100.0), str(metric.get_signature()), "BLEU")


def chrf(hypotheses, references, language=None):
    """How many runs of one to six characters the translations share with their references: kinder to endings.

    Arguments and errors are those of `bleu`; every language is treated alike, and recall counts twice as much
    as precision. Popović (2015), "chrF: character n-gram F-score for automatic MT evaluation".
    """
    from sacrebleu.metrics import CHRF

    check_texts(hypotheses, references)
    metric = CHRF()
    return Score(metric.corpus_score(hypotheses, [references]).score, str(metric.get_signature()), "chrF")


def check_texts(hypotheses, references):
    """Raise ValueError unless both are lists of texts, one reference to each hypothesis, and at least one."""
    for name, texts in (("hypotheses", hypotheses), ("references", references)):
        if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"{name} must be a list of texts, one for each sentence")
    if len(hypotheses) != len(references):
        raise ValueError(f"{len(hypotheses)} hypotheses cannot be scored by {len(references)} references")
    if not hypotheses:
        raise ValueError("there is nothing to score: no hypotheses and no references")


def by_length(pairs, hypotheses, language, measure=bleu, width=5):
    """A score for short sentences and for long ones: {"1–5": (Score, number of pairs), "6–10": …}.

    The length is that of the source: its tokens where the pair has them, else its words, of which a Chinese
    or Japanese character is one. `width` is how many lengths share a score, `measure` is `bleu` or `chrf`.
    """
    groups = {}
    for i, pair in enumerate(pairs):
        length = len(pair.source_tokens or re.findall(WORD, pair.source))
        groups.setdefault(max(0, length - 1) // width, []).append(i)
    named = {f"{n * width + 1}–{(n + 1) * width}": groups[n] for n in sorted(groups)}
    return score_groups(named, pairs, hypotheses, language, measure)


def by_tag(pairs, hypotheses, language, measure=bleu):
    """A score for each phenomenon of a toy corpus: {"classifier": (Score, number of pairs), …}."""
    tags = sorted({tag for pair in pairs for tag in pair.tags})
    groups = {tag: [i for i, pair in enumerate(pairs) if tag in pair.tags] for tag in tags}
    return score_groups(groups, pairs, hypotheses, language, measure)


def score_groups(groups, pairs, hypotheses, language, measure):
    """{name: (Score, number of pairs)} for groups of places in the list of pairs."""
    check_texts(hypotheses, [pair.target for pair in pairs])
    return {
        name: (
            measure([hypotheses[i] for i in group], [pairs[i].target for i in group], language),
            len(group),
        )
        for name, group in groups.items()
    }


def links(weights, source_tokens, target_tokens):
    """The word links of an attention map (T, S): each target token with the source token it looks at most.

    A set of (source index, target index). The rows and columns of `</s>` are left out first, so every other
    target token has one link, even when it looks at `</s>` most; none if all its other weights are 0. Among
    equals the first is taken. ValueError if the map does not fit the tokens.
    """
    weights = torch.as_tensor(weights)  # (T, S)
    if weights.shape != (len(target_tokens), len(source_tokens)):
        sizes = f"{len(target_tokens)} target and {len(source_tokens)} source tokens"
        raise ValueError(f"a map of shape {tuple(weights.shape)} does not fit {sizes}")
    columns = [s for s, token in enumerate(source_tokens) if token != "</s>"]
    rows = [t for t, token in enumerate(target_tokens) if token != "</s>"]
    weights = weights.tolist()
    most = {t: max(columns, key=weights[t].__getitem__, default=None) for t in rows}
    return {(s, t) for t, s in most.items() if s is not None and weights[t][s] > 0}


def alignment_error_rate(predicted, sure, possible=None):
    """The share of word links that are wrong or missing: 0 is perfect, 1 is worst.

    AER = 1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|), with A predicted, S sure and P possible links; S is part of
    P, and without `possible` P = S, which makes it 1 - F1. Each argument is a set of links (source index,
    target index), or a list of sets, one a sentence; then the counts are summed before they are divided.
    Where no link is predicted and none is sure it is 0. ValueError if the lists are not equally long.
    Och and Ney (2003), "A Systematic Comparison of Various Statistical Alignment Models", section 5.
    """
    if isinstance(predicted, (set, frozenset)):
        predicted, sure, possible = [predicted], [sure], None if possible is None else [possible]
    possible = sure if possible is None else possible
    if not len(predicted) == len(sure) == len(possible):
        raise ValueError(f"{len(predicted)} sentences aligned, {len(sure)} sure, {len(possible)} possible")
    right = links_in_all = 0
    for a, s, p in zip(predicted, sure, possible, strict=True):
        a, s = set(a), set(s)
        right += len(a & s) + len(a & (s | set(p)))
        links_in_all += len(a) + len(s)
    return 1 - right / links_in_all if links_in_all else 0.0
