"""The record of attention names every row and column rightly, refuses nonsense, and survives being saved."""

import json
import os
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

from seqcourse.record import AttentionRecord, record_attention
from seqcourse.transformer import Transformer, TransformerConfig

PAD, BOS, EOS = 0, 2, 3
SRC = [11, 7, 13, 5, EOS]  # no token twice
NAMES = {BOS: "<s>", EOS: "</s>", 5: "five", 7: "seven", 11: "eleven", 13: "thirteen"}


class Mirror(nn.Module):
    """A translator that writes its source backwards: it looks to the left of the word it was just fed.

    It finds the place by what it is fed, not by counting, so that a wrong `tgt_in` gives a wrong map.
    """

    def __init__(self):
        super().__init__()
        self.config = SimpleNamespace(bos_id=BOS, eos_id=EOS)

    def forward(self, src, tgt_in, record=None):
        S, T = src.size(1), tgt_in.size(1)
        last = torch.full((1, T), S - 1)  # after <s> comes the last word, which stands before </s>
        place = (tgt_in[:, :, None] == src[:, None, :]).float().argmax(-1)  # (B, T)
        place = torch.where(tgt_in == BOS, last, place)
        weights = nn.functional.one_hot((place - 1) % S, S).float()[:, None]  # (B, 1, T, S)
        record["encoder"].append(torch.eye(S)[None, None])  # each word looks at itself
        record["decoder"].append(torch.eye(T)[None, None])  # each step looks at the token it is fed
        record["cross"].append(weights)
        return weights[:, 0] @ nn.functional.one_hot(src, 17).float()  # (B, T, V): it copies what it looks at


def mirrored(src=SRC):
    tgt = src[-2::-1]
    names = [NAMES[i] for i in src], [NAMES[i] for i in tgt]
    return record_attention(Mirror(), src, tgt, *names)


def random_record(S=5, T=7, layers=2, heads=3, **more):
    def rows(*shape):
        return torch.randn(layers, heads, *shape).softmax(-1)

    names = [f"s{i}" for i in range(S - 1)], [f"t{i}" for i in range(T - 1)]
    torch.manual_seed(0)
    weights = dict(encoder=rows(S, S), decoder=rows(T, T), cross=rows(T, S)) | more
    return AttentionRecord([*names[0], "</s>"], [*names[1], "</s>"], **weights)


def tiny_transformer():
    torch.manual_seed(0)
    sizes = dict(d_model=8, nhead=2, num_encoder_layers=3, num_decoder_layers=2, dim_feedforward=11)
    return Transformer(TransformerConfig(17, 17, **sizes, dropout=0.5, max_length=19))


def names_of(src, tgt):
    return [f"s{i}" for i in src], [f"t{i}" for i in tgt]


def test_the_mirror_writes_its_source_backwards():
    record = {"encoder": [], "decoder": [], "cross": []}
    logits = Mirror()(torch.tensor([SRC]), torch.tensor([[BOS, 5, 13, 7, 11]]), record)
    assert logits.argmax(-1).tolist() == [[5, 13, 7, 11, EOS]]


def test_each_row_of_cross_attention_bears_the_name_of_the_token_it_produces():
    record = mirrored()
    assert record.target == ["five", "thirteen", "seven", "eleven", "</s>"]
    looked_at = [record.source[i] for i in record.cross[0, 0].argmax(-1)]
    assert looked_at == record.target  # the mirror copies what it looks at


def test_each_column_of_decoder_attention_bears_the_name_of_the_token_fed():
    record = mirrored()
    rows, columns = record.tokens("decoder")
    looked_at = [columns[i] for i in record.decoder[0, 0].argmax(-1)]
    assert rows == record.target
    assert looked_at == ["<s>", "five", "thirteen", "seven", "eleven"]


def test_encoder_attention_names_source_tokens_on_both_sides():
    record = mirrored()
    rows, columns = record.tokens("encoder")
    assert [columns[i] for i in record.encoder[0, 0].argmax(-1)] == rows == record.source


def test_a_transformers_row_depends_on_the_tokens_before_the_one_it_produces_and_on_no_other():
    model, src, tgt = tiny_transformer(), [4, 5, 6, 7, EOS], [8, 9, 10, 11, 12, 13]
    one = record_attention(model, src, tgt, *names_of(src, tgt))
    changed = 2
    tgt[changed] = 14
    two = record_attention(model, src, tgt, *names_of(src, tgt))
    for kind in ("decoder", "cross"):
        a, b = getattr(one, kind), getattr(two, kind)
        assert torch.equal(a[:, :, : changed + 1], b[:, :, : changed + 1])  # up to the step that produces it
        assert not torch.allclose(a[:, :, changed + 1], b[:, :, changed + 1])  # the next step is fed it
    assert torch.equal(one.encoder, two.encoder)


def test_a_transformers_record_has_its_layers_and_heads_and_distributions():
    model, src, tgt = tiny_transformer(), [4, 5, 6, 7, EOS], [8, 9]
    record = record_attention(model, src, tgt, *names_of(src, tgt), source_language="fr")
    assert record.encoder.shape == (3, 2, 5, 5)
    assert record.decoder.shape == (2, 2, 3, 3)
    assert record.cross.shape == (2, 2, 3, 5)
    assert record.decoder.triu(1).count_nonzero() == 0
    assert (record.source_language, record.target_language) == ("fr", "zh")
    torch.testing.assert_close(record.cross.sum(-1), torch.ones(2, 2, 3))


def test_an_empty_translation_has_one_row():
    model, src = tiny_transformer(), [4, EOS]
    assert record_attention(model, src, [], *names_of(src, [])).cross.shape == (2, 2, 1, 2)


def test_recording_is_in_evaluation_mode_and_leaves_the_model_as_it_was():
    model, src, tgt = tiny_transformer().train(), [4, 5, 6, EOS], [8, 9]
    model.encoder.eval()  # a part that its owner has frozen
    before = [part.training for part in model.modules()]
    one, two = (record_attention(model, src, tgt, *names_of(src, tgt)) for _ in range(2))
    assert torch.equal(one.cross, two.cross)  # no dropout
    assert [part.training for part in model.modules()] == before
    assert not one.cross.requires_grad
    assert all(p.grad is None for p in model.parameters())


def test_recording_keeps_no_gradients():
    class Watched(Mirror):
        def forward(self, src, tgt_in, record=None):
            assert not torch.is_grad_enabled()
            return super().forward(src, tgt_in, record)

    record_attention(Watched(), SRC, [5], [NAMES[i] for i in SRC], ["five"])
    assert torch.is_grad_enabled()


def test_a_model_that_fails_is_left_as_it_was():
    model = tiny_transformer().train()
    with pytest.raises(ValueError, match="max_length"):
        record_attention(model, [4, EOS], [5] * 20, ["a", "</s>"], ["b"] * 20)
    assert all(part.training for part in model.modules())


def test_a_model_without_some_kind_of_attention_leaves_it_out():
    class OnlyCross(Mirror):
        def forward(self, src, tgt_in, record=None):
            mine = {"encoder": [], "decoder": [], "cross": []}
            super().forward(src, tgt_in, mine)
            record["cross"] += mine["cross"]

    record = record_attention(OnlyCross(), SRC, [5], [NAMES[i] for i in SRC], ["five"])
    assert record.kinds() == ("cross",) and record.encoder is None and record.decoder is None


def test_a_model_without_attention_is_refused():
    class Blind(Mirror):
        def forward(self, src, tgt_in, record=None):
            pass

    with pytest.raises(ValueError, match="all None"):
        record_attention(Blind(), SRC, [5], [NAMES[i] for i in SRC], ["five"])


@pytest.mark.parametrize(
    ("src", "tgt", "source", "target", "message"),
    [
        ([5, EOS], [7], ["five"], ["seven"], "source: 2 ids, but 1 tokens"),
        ([5, EOS], [7], ["five", "</s>"], ["seven", "</s>"], "target: 1 ids, but 2 tokens"),
        ([5, 7], [7], ["five", "seven"], ["seven"], "source ids must end with EOS"),
        ([], [7], [], ["seven"], "source ids must end with EOS"),
        ([5, EOS], [7, EOS], ["five", "</s>"], ["seven", "</s>"], "target ids must come without EOS"),
    ],
)
def test_ids_and_tokens_that_do_not_fit_are_refused(src, tgt, source, target, message):
    with pytest.raises(ValueError, match=message):
        record_attention(Mirror(), src, tgt, source, target)


WEIGHTS = torch.full((1, 1, 2, 3), 1 / 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(cross=WEIGHTS[0]), r"cross must be a tensor \(layers, heads, rows, columns\), not \(1, 2, 3\)"),
        (dict(cross=WEIGHTS.tolist()), "not list"),
        (dict(cross=WEIGHTS[:0]), r"not \(0, 1, 2, 3\)"),
        (dict(cross=WEIGHTS.mT), r"maps of \(3, 2\), but its tokens need \(2, 3\)"),
        (dict(decoder=WEIGHTS), r"decoder has maps of \(2, 3\), but its tokens need \(2, 2\)"),
        (dict(encoder=WEIGHTS), r"tokens need \(3, 3\)"),
        (dict(cross=WEIGHTS * float("nan")), "NaN or infinite"),
        (dict(cross=WEIGHTS * torch.tensor([-1.0, 2, 2])), "from -0.333 to 0.667"),
        (dict(cross=WEIGHTS * 4), "from 1.33 to 1.33"),
        (dict(cross=WEIGHTS * torch.tensor([[1.0], [0.9]])), "layer 0, head 0: row 1 sums to 0.900"),
        (dict(cross=None), "all None"),
        (dict(source="abc"), "source must be a list of tokens"),
        (dict(target=["a", 7]), "target must be a list of tokens"),
        (dict(gold=[(3, 0)]), r"gold link \(3, 0\) lies outside 3 source and 2 target tokens"),
        (dict(gold=[(0, -1)]), r"gold link \(0, -1\) lies outside"),
        (dict(gold=[(0, 1, 2)]), "gold must be links"),
        (dict(gold=["ab"]), "gold must be links"),
    ],
)
def test_a_record_that_makes_no_sense_is_refused(change, message):
    fields = dict(source=["a", "b", "</s>"], target=["c", "</s>"], cross=WEIGHTS) | change
    with pytest.raises(ValueError, match=message):
        AttentionRecord(**fields)


def test_a_row_that_may_look_at_nothing_is_zeros():
    weights = WEIGHTS * torch.tensor([[1.0], [0.0]])
    assert AttentionRecord(["a", "b", "</s>"], ["c", "</s>"], cross=weights).cross[0, 0, 1].sum() == 0


def test_weights_come_to_rest_as_float32_without_gradients():
    weights = WEIGHTS.double().requires_grad_()
    record = AttentionRecord(["a", "b", "</s>"], ["c", "</s>"], cross=weights)
    assert record.cross.dtype == torch.float32 and not record.cross.requires_grad


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="'self' is no kind of attention; there is: encoder, decoder, cross"):
        random_record().tokens("self")


HOSTILE = [
    "$x$",
    "a_b",
    "<b>",
    "]],[[",
    '"',
    "\\",
    "\n",
    "\x00",
    "\ud83d",
    "\\\udc00",
    "",
    " ",
    "猫",
    "😀",
    "م",
]


def test_json_gives_back_exactly_what_was_saved(tmp_path):
    record = random_record(source_language="fr", gold={(0, 1), (4, 6)})
    record.save(tmp_path / "map.json")
    again = AttentionRecord.load(tmp_path / "map.json")
    for kind in record.kinds():
        assert torch.equal(getattr(again, kind), getattr(record, kind))
    assert (again.source, again.target, again.gold) == (record.source, record.target, record.gold)
    assert (again.source_language, again.target_language) == ("fr", "zh")


def test_json_keeps_every_bit_of_every_weight(tmp_path):
    torch.manual_seed(0)
    weights = torch.rand(1, 1, 211, 1009) ** 40  # down to the smallest float32 there are
    weights = weights / weights.sum(-1, keepdim=True)
    tokens = [str(i) for i in range(1009)]
    AttentionRecord(tokens, tokens[:211], cross=weights).save(tmp_path / "map.json")
    again = AttentionRecord.load(tmp_path / "map.json").cross
    assert weights[weights > 0].min() < 1e-38
    assert torch.equal(again.view(torch.int32), weights.view(torch.int32))


def test_json_keeps_every_token_and_is_plain_text(tmp_path):
    weights = torch.eye(len(HOSTILE))[None, None]
    AttentionRecord(HOSTILE, [], encoder=weights).save(tmp_path / "map.json")
    assert "猫" in (tmp_path / "map.json").read_text(encoding="utf-8")
    assert AttentionRecord.load(tmp_path / "map.json").source == HOSTILE


def test_a_damaged_file_is_refused_by_name(tmp_path):
    path = tmp_path / "map.json"
    random_record(S=2, T=3, layers=1, heads=1).save(path)
    whole = path.read_bytes()
    for cut in range(0, len(whole) - 2, 7):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match="map.json is not a whole attention record"):
            AttentionRecord.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, 'does not say "format"'),
        ({"cross": [[[[1, 0], [1]]]]}, "cross must be lists of numbers"),
        ({"cross": [[[["a", "b"]]]]}, "cross must be lists of numbers"),
        ({"cross": [[[[10**400, 0]]]]}, "cross must be lists of numbers"),
        ({"cross": 1}, "cross must be a tensor"),
        ({"cross": [[[[1e300, 0]] * 3]]}, "NaN or infinite"),
        ({"source": 5}, "source must be a list of tokens"),
        ({"source": ["one"]}, r"its tokens need \(1, 1\)"),
        ({"gold": 5}, "gold must be a list of links"),
        ({"gold": [[0.5, 0]]}, "gold must be links"),
        ({"target_language": None}, "target_language must be a string"),
    ],
)
def test_json_that_is_no_record_is_refused(tmp_path, change, message):
    path = tmp_path / "map.json"
    random_record(S=2, T=3, layers=1, heads=1).save(path)
    fields = json.loads(path.read_text(encoding="utf-8")) | change
    path.write_text(json.dumps(fields), encoding="utf-8")
    with pytest.raises(ValueError, match=f"map.json is not a whole attention record: .*{message}"):
        AttentionRecord.load(path)
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(ValueError, match="map.json is not a whole"):
        AttentionRecord.load(path)
    path.write_bytes(b'{"format": "\xe9"}')
    with pytest.raises(ValueError, match="map.json is not a whole"):
        AttentionRecord.load(path)


def test_a_missing_field_is_named(tmp_path):
    path = tmp_path / "map.json"
    path.write_text('{"format": "seqcourse attention record", "source": []}', encoding="utf-8")
    with pytest.raises(ValueError, match="it lacks source_language, target_language, target, gold"):
        AttentionRecord.load(path)


def test_pictures_are_saved_whole_and_alike(tmp_path):
    record = random_record()
    record.save(tmp_path / "a.PNG", head=1)
    record.save(tmp_path / "a.svg")
    record.save(tmp_path / "b.svg")
    assert (tmp_path / "a.PNG").read_bytes().startswith(b"\x89PNG")
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["a.PNG", "a.svg", "b.svg"]


def test_a_record_without_cross_attention_can_be_drawn(tmp_path):
    random_record(cross=None, decoder=None).save(tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("name", "drawing", "message"),
    [
        ("map.pdf", {}, "'map.pdf': the name must end in .html, .json, .png or .svg"),
        ("map", {}, "must end in"),
        ("map.json", {"head": 1}, "holds the whole record; head is for pictures"),
        ("map.png", {"head": 9}, "there is no head 9"),
    ],
)
def test_what_cannot_be_saved_leaves_no_trace(tmp_path, name, drawing, message):
    (tmp_path / name).write_text("old", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        random_record().save(tmp_path / name, **drawing)
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "old"
