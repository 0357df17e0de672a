"""One head cannot join two facts; a head is measured, and cut, as the lesson says."""

import math

import pytest
import torch

from seqcourse.ablation import silenced
from seqcourse.agreement import WORDS, OneLook, every_sentence, judged_right, learn_agreement
from seqcourse.attention import MultiHeadAttention, merge_heads, split_heads
from seqcourse.corpora import load_corpus
from seqcourse.head_figures import draw_cost, draw_crossing, draw_dots, draw_points, draw_split, draw_tables
from seqcourse.reader import Reader, learn_to_read, look_in, questions, read_right
from seqcourse.roles import ROLES, chance_level, counted_nouns, on_target, role_maps, role_scores
from seqcourse.vocabulary import PAD, Vocabulary

B, T, H, K = 2, 7, 3, 5
D = H * K


def test_a_head_owns_neighbouring_features_of_every_word():
    x = torch.randn(B, T, D)
    heads = split_heads(x, H)
    for b in range(B):
        for h in range(H):
            for t in range(T):
                assert torch.equal(heads[b, h, t], x[b, t, h * K : (h + 1) * K])
    assert torch.equal(merge_heads(heads), x)


def test_sentences_come_in_fours_that_differ_in_the_number_of_noun_and_verb_only():
    tokens, disagree = every_sentence()
    assert len({tuple(ids) for ids in tokens.tolist()}) == len(tokens)
    for four, wrong in zip(tokens.split(4), disagree.split(4), strict=True):
        assert [len(column.unique()) for column in four.T] == [1, 1, 2, 1, 2, 1]
        for ids, apart in zip(four.tolist(), wrong.tolist(), strict=True):
            noun, verb = WORDS[ids[2]], WORDS[ids[4]]
            assert apart == ((noun in ("mice", "children") or noun.endswith("s")) == verb.endswith("s"))


@pytest.mark.parametrize("width, seed", [(7, 0), (32, 1), (67, 2)])
def test_segments_between_the_mixtures_of_one_head_cross_for_any_weights(width, seed):
    torch.manual_seed(seed)
    model, (tokens, _) = OneLook(width, nhead=1).double(), every_sentence()
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter)
    x = model.vectors(tokens)
    q, k = model.attention.query(x[:, -1:]), model.attention.key(x)
    total = (q @ k.mT / math.sqrt(width)).exp().sum(dim=-1)[:, 0].view(-1, 4)
    logits = model(tokens).view(-1, 4)
    torch.testing.assert_close(total[:, 0] + total[:, 3], total[:, 1] + total[:, 2])
    agree, differ = ((total * logits)[:, list(pair)].sum(dim=1) for pair in ((0, 3), (1, 2)))
    torch.testing.assert_close(agree, differ)


def test_one_head_is_never_right_on_a_whole_four_and_two_heads_can_be_right_on_all():
    tokens, disagree = every_sentence()
    for seed in range(20):
        torch.manual_seed(seed)
        with torch.no_grad():
            right = ((OneLook(32, 1)(tokens) > 0) == disagree).view(-1, 4)
        assert right.sum(dim=1).max() <= 3  # of the four; whole numbers do not round
    assert judged_right(by_hand(), tokens, disagree) == 1


def by_hand():
    """Two heads of one feature: one looks for plural words, the other for singular ones."""
    model = OneLook(2, nhead=2).double()
    for parameter in model.parameters():
        parameter.data.zero_()
    model.vectors = lambda tokens: model.words(tokens)  # without places
    plural = {"cats", "dogs", "mice", "girls", "children", "sleep", "run", "sing", "wait", "eat"}
    singular = {"cat", "dog", "mouse", "girl", "child", "sleeps", "runs", "sings", "waits", "eats"}
    for number, word in enumerate(WORDS):
        model.words.weight.data[number] = torch.tensor([word in plural, word in singular])
    layer = model.attention
    layer.query.bias.data.fill_(1.0)
    layer.key.weight.data.copy_(20 * torch.eye(2))
    layer.value.weight.data.copy_(torch.eye(2))
    layer.output.weight.data.copy_(torch.eye(2))
    model.output.weight.data.fill_(1.0)
    model.output.bias.data.fill_(-1.5)
    return model


def test_training_lowers_the_loss_and_repeats_with_the_same_seed():
    (tokens, disagree), losses = every_sentence(), []
    for _ in range(2):
        torch.manual_seed(0)
        losses.append(learn_agreement(OneLook(32, 2), tokens, disagree, steps=150))
    assert losses[0] == losses[1] and sum(losses[0][-10:]) < 0.9 * sum(losses[0][:10])


@pytest.mark.parametrize("cut", [[0], [2], [0, 1], []])
def test_a_layer_without_heads_equals_one_without_their_columns(cut):
    torch.manual_seed(0)
    layer, x, record = MultiHeadAttention(D, H), torch.randn(B, T, D), []
    whole = layer(x, x)
    with silenced(layer, cut):
        without, recorded = layer(x, x), layer(x, x, record=record)
    torch.testing.assert_close(without, recorded)
    assert torch.equal(layer(x, x), whole) and record[0].shape == (B, H, T, T)
    for head in cut:
        layer.output.weight.data[:, head * K : (head + 1) * K] = 0
    torch.testing.assert_close(without, layer(x, x))


# ------------------------------------------------------------------------------------------------------ roles


@pytest.mark.parametrize(
    "sentence, pairs",
    [
        ("三 只 小 猫 正在 睡觉 。", [(1, 3)]),
        ("作家 种 了 一 棵 大 树 ， 那 本 红色 的 书 很 旧 。", [(4, 6), (9, 12)]),
        ("请 把 扶手椅 洗干净 。", []),  # 把 is a classifier elsewhere
        ("我们 喝 茶 。", []),
    ],
)
def test_a_classifier_counts_the_first_noun_that_goes_with_it(sentence, pairs):
    assert counted_nouns(sentence.split()) == pairs


def test_most_classifiers_of_the_corpus_find_their_noun():
    tokens = [pair.target_tokens for pair in load_corpus("toy-en-zh").pairs("valid")[:200]]
    found = sum(len(counted_nouns(sentence)) for sentence in tokens)
    asked = sum(word in ("个", "只", "本", "位", "辆") for sentence in tokens for word in sentence)
    assert found > 0.9 * asked > 0


def test_role_maps_say_where_each_word_looks():
    tokens = "猫 在 那 只 大 猫 后面 。".split()
    maps = role_maps(tokens)
    assert list(maps) == ROLES
    for t, word in enumerate(tokens):
        assert maps["previous word"][t].nonzero().flatten().tolist() == ([t - 1] if t else [])
        assert maps["same word"][t].tolist() == [other == word for other in tokens]
    assert maps["classifier → noun"].nonzero().tolist() == [[3, 5]]


def test_the_share_on_target_is_what_a_slow_loop_adds_up():
    torch.manual_seed(0)
    weights, role = torch.rand(H, T, T).softmax(dim=-1), torch.rand(T, T) < 0.3
    role[2] = False
    rows = [t for t in range(T) if role[t].any()]
    for h in range(H):
        slow = [sum(weights[h, t, s].item() for s in range(T) if role[t, s]) for t in rows]
        assert on_target(weights, role)[h].tolist() == pytest.approx(slow)


def test_a_head_that_has_a_role_has_the_whole_share_and_luck_has_less():
    torch.manual_seed(0)
    sentences = [pair.target_tokens for pair in load_corpus("toy-en-zh").pairs("valid")[:40]]
    seen = []
    for tokens in sentences:
        maps = role_maps(tokens)
        looks = maps["previous word"].float()
        looks[0, 0] = 1
        uniform = torch.full_like(looks, 1 / len(tokens))
        seen.append((torch.stack([looks, uniform]), maps))
    scores, chance = role_scores(seen), chance_level(seen, times=7)
    assert scores["previous word"][0] == 1 and scores["previous word"][1] < 0.3
    assert chance["previous word"] < 0.5


# ----------------------------------------------------------------------------------------------------- reader


def small_reader():
    pairs = load_corpus("toy-en-zh").pairs("valid")[:40]
    vocabulary = Vocabulary.learn([pair.target_tokens for pair in pairs], language="zh")
    torch.manual_seed(0)
    return Reader(len(vocabulary), D, H), pairs, vocabulary


def test_questions_ask_for_the_word_before_the_word_itself_and_the_noun_that_is_counted():
    _, pairs, vocabulary = small_reader()
    for pair, ids, right in zip(pairs, *questions(pairs, vocabulary), strict=True):
        assert vocabulary.tokens(ids.tolist()) == list(pair.target_tokens)
        assert right[0, 0] == PAD and torch.equal(right[1:, 0], ids[:-1]) and torch.equal(right[:, 1], ids)
        nouns = dict(counted_nouns(pair.target_tokens))
        assert right[:, 2].tolist() == [ids[nouns[t]].item() if t in nouns else PAD for t in range(len(ids))]


def test_padding_changes_no_answer_of_a_reader():
    reader, pairs, vocabulary = small_reader()
    ids, _ = questions(pairs[:1], vocabulary)
    padded = torch.cat((ids[0], torch.full((3,), PAD)))[None]
    torch.testing.assert_close(reader(padded)[:, : len(ids[0])], reader(ids[0][None]))


def test_a_reader_learns_a_few_sentences_by_heart():
    reader, pairs, vocabulary = small_reader()
    ids, answers = questions(pairs, vocabulary)
    *_, last = learn_to_read(reader, ids, answers, steps=150, rows=16, learning_rate=2e-2)
    assert read_right(reader, ids, answers)["same word"] > 0.9 and last < 3
    weights, maps = look_in(reader, pairs, ids)[0]
    assert weights.shape == (H, len(ids[0]), len(ids[0])) and set(maps) == set(ROLES)


def test_the_pictures_are_drawn():
    runs = [
        {"nhead": n, "way": way, "operations": 5, "seconds": n, "memory": n}
        for n in (1, 2)
        for way in ("explicit", "fused")
    ]
    figures = [
        draw_split(["a", "b"], 2, 6),
        draw_crossing({"one": torch.randn(4, 2)}, list("abcd"), [False, True, True, False]),
        draw_dots({"one": [0.5, 0.7], "two": [1.0]}, "share", ("the bound", 0.75)),
        draw_points({"one": ([1, 2], [3, 4])}, "x", "y"),
        draw_tables({"share": [[0.1, 0.9]], "lost": [[0.3, 0.2]]}, ["role"], ["head 0", "head 1"]),
        draw_cost(runs),
    ]
    assert all(figure._repr_png_()[:4] == b"\x89PNG" for figure in figures)
    with pytest.raises(ValueError, match="cannot share 7 features"):
        draw_split(["a"], 2, 7)
