"""Our Transformer with the weights of a MarianMT model is that model: logits, tokens, attention; and back."""

import random
import shutil

import pytest
import torch

transformers = pytest.importorskip("transformers", reason="compares with the library transformers")
pytest.importorskip("sentencepiece", reason="published translators cut sentences with SentencePiece")

from small_course import small_corpus  # noqa: E402
from small_marian import publish  # noqa: E402

from seqcourse.batching import pad  # noqa: E402
from seqcourse.decoding import beam_search, greedy_search, without_eos  # noqa: E402
from seqcourse.marian import save_marian  # noqa: E402
from seqcourse.subwords import Subwords  # noqa: E402
from seqcourse.transformer import Transformer, TransformerConfig  # noqa: E402
from seqcourse.translator import Translator  # noqa: E402
from seqcourse.vocabulary import BOS, EOS, PAD, UNK  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
SHAPES = range(30)  # random ones, each with its own weights; in every fifth the special tokens stand anywhere
MOST = 23  # tokens that a model holds; twice a source and ten are more, so each translation may have as many
SHORT, LONG = "The big cat sleeps.", "The old dog runs and the small fish eats and the big bird sleeps."


@pytest.fixture(scope="module", params=SHAPES)
def both(request, tmp_path_factory):
    """A MarianMT model, the same as a translator of ours, and its folder."""
    folder = tmp_path_factory.mktemp("opus-mt-en-zh")
    theirs = publish(folder, request.param, shuffled=request.param % 5 == 4)
    yield theirs, Translator.load(folder, device="cpu"), folder
    shutil.rmtree(folder)


def sentences(size, *lengths, start=()):
    """Random ids in our numbers, padded on the right."""
    rng = random.Random(size)
    return pad([[*start, *(rng.randrange(EOS + 1, size) for _ in range(length - 1))] for length in lengths])


def sources(translator):
    src = sentences(len(translator.source_tokenizer), 8, 12, 14)
    src = torch.cat([src, torch.full((3, 1), PAD)], dim=1)
    return src.scatter(1, (src != PAD).sum(dim=1, keepdim=True), EOS)  # (3, 14), lengths 8, 12 and 14


def published(tokenizer, ids):
    return torch.tensor(tokenizer.rows)[ids]


def generate(theirs, translator, src, **how):
    """What `generate` of transformers writes, in our numbers and without </s>."""
    pad_id = theirs.config.pad_token_id
    found = theirs.generate(
        published(translator.source_tokenizer, src), attention_mask=(src != PAD).long(), do_sample=False,
        max_new_tokens=MOST, forced_eos_token_id=None, bad_words_ids=[[pad_id]], renormalize_logits=True,
        **how,
    )  # fmt: skip
    numbers = {there: here for here, there in enumerate(translator.target_tokenizer.rows)}
    rows = [[numbers[i] for i in row if i != pad_id] for row in found.tolist()]
    return [without_eos(row, EOS) for row in rows]


def tokens(hypotheses):
    return [hypothesis.tokens for hypothesis in hypotheses]


def test_logits_are_equal_with_padding_on_both_sides(both):
    theirs, translator, _ = both
    src = sources(translator)
    tgt_in = sentences(len(translator.target_tokenizer), 5, 3, 11, start=[BOS])
    with torch.no_grad():
        ours = translator.model(src, tgt_in)
        wanted = theirs(
            input_ids=published(translator.source_tokenizer, src),
            attention_mask=(src != PAD).long(),
            decoder_input_ids=published(translator.target_tokenizer, tgt_in),
        ).logits[..., translator.target_tokenizer.rows]
    words = [UNK, *range(EOS, len(translator.target_tokenizer))]
    assert wanted.std() > 0.1
    assert (ours - wanted)[tgt_in != PAD][:, words].abs().max() < 1e-5
    assert ours[..., [PAD, BOS]].max() < -1e3  # theirs forbids them when it generates


def test_greedy_translations_are_equal_token_for_token(both):
    theirs, translator, _ = both
    src = sources(translator)
    assert tokens(greedy_search(translator.model, src)) == generate(theirs, translator, src, num_beams=1)


def test_beams_of_four_are_equal_token_for_token_where_both_score_by_probability_alone(both):
    theirs, translator, _ = both
    src = sources(translator)
    found = [h[0].tokens for h in beam_search(translator.model, src, beam_width=4, length_penalty=0.0)]
    exact = {"early_stopping": "never", "length_penalty": 0.0}
    assert found == generate(theirs, translator, src, num_beams=4, **exact)


class Seam:
    """Their model behind our seam, `begin` and `step`, so that our search can run on it."""

    def __init__(self, theirs, translator):
        self.theirs, self.config = theirs, translator.model.config
        self.source, self.target = translator.source_tokenizer, translator.target_tokenizer

    def eval(self):
        pass

    def begin(self, src):
        return State(src, torch.empty(len(src), 0, dtype=torch.long))

    def step(self, token, state):
        state = State(state.src, torch.cat([state.fed, token[:, None]], dim=1))
        logits = self.theirs(
            input_ids=published(self.source, state.src),
            attention_mask=(state.src != PAD).long(),
            decoder_input_ids=published(self.target, state.fed),
        ).logits[:, -1, self.target.rows]
        return logits.index_fill(1, torch.tensor([PAD, BOS]), float("-inf")), state


class State:
    def __init__(self, src, fed):
        self.src, self.fed = src, fed

    def reorder(self, rows):
        return State(self.src[rows], self.fed[rows])


def test_our_search_finds_the_same_four_translations_in_either_model(both):
    theirs, translator, _ = both
    src = sources(translator)
    ours = beam_search(translator.model, src, n_best=4)
    for here, there in zip(ours, beam_search(Seam(theirs, translator), src, n_best=4), strict=True):
        assert tokens(here) == tokens(there)
        assert [h.score for h in here] == pytest.approx([h.score for h in there], abs=1e-4)


def test_a_record_holds_the_attention_of_their_encoder_decoder_and_cross_attention(both):
    theirs, translator, folder = both
    found = translator.translate(SHORT, attention=True)
    ids = translator.source_tokenizer.encode(SHORT)
    written = translator.target_tokenizer.ids
    fed = [BOS, *(written.get(token, UNK) for token in found.tokens)]
    eager = transformers.MarianMTModel.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        seen = eager(
            input_ids=published(translator.source_tokenizer, torch.tensor([[*ids, EOS]])),
            decoder_input_ids=published(translator.target_tokenizer, torch.tensor([fed])),
            output_attentions=True,
        )
    record = found.attention
    for ours, wanted in (
        (record.encoder, seen.encoder_attentions),
        (record.decoder, seen.decoder_attentions),
        (record.cross, seen.cross_attentions),
    ):
        assert torch.allclose(ours, torch.cat(wanted), atol=1e-5)
    assert (record.source_language, record.target_language) == ("en", "zh")
    assert record.source == [*translator.source_tokenizer.tokenize(SHORT), "</s>"]


def test_there_and_back_every_weight_is_the_same_bit_for_bit(both, tmp_path):
    theirs, translator, folder = both
    save_marian(translator, tmp_path)
    again = transformers.MarianMTModel.from_pretrained(tmp_path)
    before, after = theirs.state_dict(), again.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    for name in ("pad_token_id", "eos_token_id", "decoder_start_token_id", "max_position_embeddings"):
        assert getattr(theirs.config, name) == getattr(again.config, name)
    for name in ("source.spm", "target.spm"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def trained_here(share=False, **changes):
    """An untrained Transformer of ours with subwords for both languages, of two sizes unless they share."""
    pairs = small_corpus().pairs("train")
    source = Subwords.learn([pair.source for pair in pairs], 71 if share else 83, language="en")
    target = Subwords.learn([pair.target for pair in pairs], 47, language="zh")
    target = source if share else target
    config = TransformerConfig(
        len(source), len(target), d_model=33, nhead=3, num_encoder_layers=1, num_decoder_layers=2,
        dim_feedforward=41, max_length=MOST, share_embeddings=share, **changes,
    )  # fmt: skip
    model = Transformer(config)
    for parameter in model.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return Translator(model, source, target)


@pytest.mark.parametrize("share, activation", [(False, "gelu"), (False, "silu"), (True, "relu")])
def test_a_translator_of_ours_is_the_same_in_transformers(tmp_path, share, activation):
    ours = trained_here(share, activation=activation)
    save_marian(ours, tmp_path)
    theirs = transformers.MarianMTModel.from_pretrained(tmp_path).eval()
    tokenizer = transformers.MarianTokenizer.from_pretrained(tmp_path)
    batch = tokenizer([SHORT, LONG], return_tensors="pt", padding=True)
    src = pad([[*ours.source_tokenizer.encode(text), EOS] for text in (SHORT, LONG)])
    assert torch.equal(batch.input_ids, src)
    tgt_in = sentences(len(ours.target_tokenizer), 7, 5, start=[BOS])
    with torch.no_grad():
        wanted = ours.model(src, tgt_in)
        logits = theirs(**batch, decoder_input_ids=tgt_in).logits
    assert (logits - wanted)[tgt_in != PAD].abs().max() < 1e-5
    again = Translator.load(tmp_path, device="cpu")
    for name, weight in ours.model.state_dict().items():
        assert torch.equal(again.model.state_dict()[name], weight), name
    assert [t.text for t in again.translate([SHORT, LONG])] == [t.text for t in ours.translate([SHORT, LONG])]


def test_a_saved_folder_generates_what_we_translate_without_a_word_about_how(tmp_path):
    theirs = publish(tmp_path / "a", 18, max_position_embeddings=61)  # its translations end
    translator = Translator.load(tmp_path / "a", device="cpu")
    save_marian(translator, tmp_path / "b")
    again = transformers.MarianMTModel.from_pretrained(tmp_path / "b").eval()
    tokenizer = transformers.MarianTokenizer.from_pretrained(tmp_path / "b")
    batch = tokenizer([SHORT, LONG], return_tensors="pt", padding=True)
    written = tokenizer.batch_decode(again.generate(**batch, num_beams=1), skip_special_tokens=True)
    assert written == [found.text for found in translator.translate([SHORT, LONG], beam=1)]
    assert again.generation_config.bad_words_ids == [[theirs.config.pad_token_id]]


def test_what_a_published_translator_learnt_here_begins_with_goes_back_as_pad(tmp_path):
    publish(tmp_path / "a", 2)
    translator = Translator.load(tmp_path / "a", device="cpu")
    translator.model.decoder.embedding.words.weight.data[BOS] += 1  # it learnt where sentences begin
    save_marian(translator, tmp_path / "b")
    theirs = transformers.MarianMTModel.from_pretrained(tmp_path / "b").eval()
    src = sources(translator)
    assert tokens(greedy_search(translator.model, src)) == generate(theirs, translator, src, num_beams=1)
    again = Translator.load(tmp_path / "b", device="cpu").model
    assert tokens(greedy_search(again, src)) == tokens(greedy_search(translator.model, src))
    tables = (model.decoder.embedding.words.weight for model in (again, translator.model))
    assert torch.equal(*(table[BOS] for table in tables))


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"norm_first": True}, "norm_first=False only"),
        ({"residual": False}, "residual=True only"),
        ({"positions": "none"}, "positions='sinusoidal' only"),
        ({"tie_output": False}, "tie_output=True only"),
    ],
)
def test_what_marian_cannot_be_is_refused_before_anything_is_written(tmp_path, changes, reason):
    with pytest.raises(ValueError, match=f"MarianMT has {reason}"):
        save_marian(trained_here(**changes), tmp_path / "out")
    assert not (tmp_path / "out").exists()
