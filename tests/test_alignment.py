"""The error rates of heads are those that one counts by hand where every weight is known."""

import pytest
import torch
from small_course import pair, small_corpus, small_translator

from seqcourse.alignment import best_head, head_error_rates, rate_of_best_head
from seqcourse.corpora import Corpus
from seqcourse.making import learn_tokenizers
from seqcourse.pairs import Pair
from seqcourse.subwords import Subwords
from seqcourse.transformer import Transformer, TransformerConfig
from seqcourse.translator import Translator


def looking(*places):
    """A translator of two layers with two heads: the row of target word t of each looks at `places[i](t)`.

    In place of its model stands one whose cross-attention is given; the tokenizers are real.
    """
    source, target = learn_tokenizers(small_corpus(), vocab_size=None)
    model = Transformer(
        TransformerConfig(len(source), len(target), 10, 2, 1, 2, dim_feedforward=7, max_length=19)
    )

    def forward(src, tgt_in, record):
        size = src.size(1)
        rows = [
            [[place(t) % size for t in range(tgt_in.size(1))] for place in two]
            for two in (places[:2], places[2:])
        ]
        for layer in torch.tensor(rows):  # (H, T)
            record["cross"].append(0.5 * torch.nn.functional.one_hot(layer, size)[None] + 0.5 / size)

    model.forward = forward
    return Translator(model, source, target)


# the  big  cat  sleeps  .  </s>      大  猫  在  睡觉  。  </s>
#  0    1    2     3     4   5         0   1   2    3   4    5
# true links, source and target: 1-0 2-1 3-2 3-3 4-4
PAIR = pair(("big", "cat", "sleeps"))


def test_the_rate_of_each_head_is_the_one_counted_by_hand():
    translator = looking(
        lambda t: [1, 2, 3, 3, 4, 5][t],  # all five right: 1 - 10/10
        lambda t: t,  # 0-0, 1-1, 2-2 are wrong, 3-3 and 4-4 right: 1 - 4/10
        lambda t: [0, 0, 0, 0, 0, 5][t],  # none right: 1
        lambda t: [1, 2, 3, 0, 0, 5][t],  # three right: 1 - 6/10
    )
    rates = head_error_rates(translator, [PAIR])
    assert rates.shape == (2, 2)
    torch.testing.assert_close(rates, torch.tensor([[0.0, 0.6], [1.0, 0.4]]))
    assert best_head(rates) == (0, 0)


def test_links_of_all_pairs_are_counted_before_they_are_divided():
    two = pair(("big", "cat", "sleeps"), ("old", "dog", "runs"))  # its target word 0 … 9, its links 10 in all
    translator = looking(*[lambda t: [1, 2, 3, 3, 4][t] if t < 5 else 0] * 4)
    # of the short pair five links of five are right, of the long one the same five of ten
    torch.testing.assert_close(head_error_rates(translator, [PAIR, two]), torch.full((2, 2), 1 - 20 / 30))


def test_the_end_of_a_sentence_is_no_word():
    ends = looking(lambda t: 5, lambda t: 5, lambda t: t + 1, lambda t: 5)
    rates = head_error_rates(ends, [PAIR])
    # a row that looks at </s> most links the first of its equals, "the": nothing right
    torch.testing.assert_close(rates, torch.tensor([[1.0, 1.0], [0.4, 1.0]]))
    # t + 1: 1-0, 2-1, 3-2 right, 4-3 wrong, and row 4 looks at </s>, so 0-4: wrong
    assert best_head(rates) == (1, 0)


def test_the_head_is_chosen_on_validation_pairs_and_scored_on_others():
    two = pair(("big", "cat", "sleeps"), ("old", "dog", "runs"))
    true = {t: s for s, t in two.alignment}
    lost, one_off = lambda t: 0, lambda t: true.get(t, 0) if t else 0
    translator = looking(lost, one_off, lambda t: true[t] if t < 5 else 0, lost)
    torch.testing.assert_close(head_error_rates(translator, [PAIR])[[0, 1], [1, 0]], torch.tensor([0.2, 0.0]))
    corpus = Corpus("one", "en", "zh", ("valid",), {"valid": [PAIR]}.__getitem__)
    (layer, head), rate = rate_of_best_head(translator, corpus, [two])
    assert (layer, head) == (1, 0)  # on `two` the other one would be better: 0.1
    assert abs(rate - 0.5) < 1e-6


def test_a_real_translator_has_a_rate_for_each_head_that_its_record_gives_again():
    translator = small_translator()
    rates = head_error_rates(translator, small_corpus().pairs("valid"))
    assert rates.shape == (2, 3)
    assert 0 <= rates.min() < rates.max() <= 1
    source, target = PAIR.source_tokens, PAIR.target_tokens
    ids = translator.source_tokenizer.encode(PAIR.source), translator.target_tokenizer.encode(PAIR.target)
    record = translator.record(ids[0], source, ids[1], target)
    for (layer, head), rate in zip(
        [(0, 0), (1, 2)], head_error_rates(translator, [PAIR])[[0, 1], [0, 2]], strict=True
    ):
        most = record.cross[layer, head, :5, :5].argmax(-1).tolist()
        right = sum((s, t) in PAIR.alignment for t, s in enumerate(most))
        assert abs(rate.item() - (1 - right / 5)) < 1e-6


def test_pairs_without_links_and_translators_of_other_tokens_are_refused():
    translator = small_translator()
    with pytest.raises(ValueError, match="no gold alignment for 'A cat.'"):
        head_error_rates(translator, [PAIR, Pair("A cat.", "猫。")])
    with pytest.raises(ValueError, match="no pair"):
        head_error_rates(translator, [])
    subwords = Subwords.learn([PAIR.source] * 2, 30, language="en")
    with pytest.raises(ValueError, match="join words, but the translator has other tokens"):
        head_error_rates(Translator(translator.model, subwords, translator.target_tokenizer), [PAIR])
