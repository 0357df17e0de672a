"""The playground answers to its controls, says what goes wrong, and shows hostile input as it is."""

import re
import sys
import warnings

import pytest
import torch
from hostile_tokens import HOSTILE

from seqcourse import playground_views
from seqcourse.ablation import without_heads
from seqcourse.playground import Playground, choices, playground, without
from seqcourse.playground_views import Look, changed, next_words, seen, translation
from seqcourse.translator import Translation, Translator

CATS = "The three small cats are sleeping in the garden."


@pytest.fixture(scope="module")
def translator():
    return Translator.load("toy-en-zh", device="cpu")


@pytest.fixture
def play(translator):
    return Playground(choices(translator), CATS, 3)


def plain(html):
    return re.sub(r"<[^>]*>", " ", html)


def press(play, *heads):
    for head in heads:
        play.heads[head].value = True


def test_it_shows_what_the_translator_says_with_all_the_beam_kept(play, translator):
    found = translator.translate(CATS, beam=3, n_best=3, attention=True)
    (look,) = play.looks
    for ours, theirs in zip(
        (look.found, *look.found.alternatives), (found, *found.alternatives), strict=True
    ):
        assert ours.text == theirs.text and ours.score == pytest.approx(theirs.score, abs=1e-5)
        assert ours.text in play.translations.value and f"{ours.score:.2f}" in play.translations.value
    torch.testing.assert_close(look.found.attention.cross, found.attention.cross)
    assert "shuìjiào sleep" in play.translations.value
    assert play.attention.value.count("<iframe") == 1


def test_sentence_and_beam_change_the_translation(play, translator):
    play.sentence.value = "The dog is running."
    assert play.looks[0].found.text == translator.translate("The dog is running.", beam=3).text
    play.beam.value = 1
    assert play.looks[0].found.text == translator.translate("The dog is running.", beam=1).text
    assert play.looks[0].found.alternatives == ()


def test_a_head_that_is_clicked_is_silent_and_shown_beside_all_heads(play, translator):
    heads = [("cross", layer, head) for layer in range(2) for head in range(4)]
    press(play, *heads)
    before, after = play.looks
    with without_heads(translator.model, heads):
        assert after.found.text == translator.translate(CATS, beam=3).text
    assert after.found.text != before.found.text == translator.translate(CATS, beam=3).text
    assert after.title == "without cross layer 0; cross layer 1" and after.title in play.translations.value
    assert "<mark>" in play.translations.value
    assert after.found.text in play.translations.value and before.found.text in play.translations.value


def test_silencing_changes_the_scores_of_the_next_word_as_it_changes_the_model(play, translator):
    head = ("encoder", 0, 1)
    press(play, head)
    look = play.looks[1]
    ids, _ = translator.read(CATS)
    src, tgt_in = (
        torch.tensor([[*ids, 3]]),
        torch.tensor([[2, *translator.target_tokenizer.encode(look.found.text)]]),
    )
    with torch.no_grad(), without_heads(translator.model, [head]):
        torch.testing.assert_close(look.logits, translator.model(src, tgt_in)[0])
    assert (look.logits[0] - play.looks[0].logits[0]).abs().max() > 1e-3


def test_a_few_words_name_the_silent_heads():
    heads = [(kind, layer, head) for kind in ("encoder", "cross") for layer in range(2) for head in range(3)]
    assert without(heads[:1], heads) == "without encoder layer 0 head 0"
    assert without([heads[0], heads[2]], heads) == "without encoder layer 0 heads 0, 2"
    assert without([*heads[:4], heads[-1]], heads) == (
        "without encoder layer 0; encoder layer 1 head 0; cross layer 1 head 2"
    )
    assert without(heads, heads) == "without any head"


def test_all_heads_come_back_together(play, translator):
    press(play, ("cross", 0, 0), ("decoder", 1, 3))
    play.back.click()
    assert len(play.looks) == 1 and not any(switch.value for switch in play.heads.values())
    assert play.looks[0].found.text == translator.translate(CATS, beam=3).text


def test_silent_heads_stay_silent_for_the_next_sentence(play):
    press(play, ("cross", 0, 0))
    play.sentence.value = "The dog is running."
    assert [look.title for look in play.looks] == ["all heads", "without cross layer 0 head 0"]


def test_a_temperature_flattens_the_next_words_and_leaves_the_translation_alone(play):
    def entropy():
        return float(re.search(r"entropy ([\d.]+) bits", play.words.value)[1])

    text, values = play.looks[0].found.text, []
    for temperature in (0.1, 1, 3):
        play.temperature.value = temperature
        values.append(entropy())
    assert values[0] < values[1] < values[2] and play.looks[0].found.text == text


def test_the_next_words_are_the_softmax_of_the_scores_divided_by_the_temperature():
    look = Look("all", "zh", Translation("", "", ["a", "b"], 0.0), torch.randn(3, 11))
    for step, temperature in ((0, 1.0), (2, 0.7), (1, 2.5)):
        p = (look.logits[step] / temperature).softmax(-1)
        html = plain(next_words(look, step, temperature, lambda ids: [f"w{ids[0]}"]))
        shown = dict(re.findall(r"w(\d+)\s+(0\.\d{3})", html))
        assert {int(k): float(v) for k, v in shown.items()} == pytest.approx(
            {i: p[i].item() for i in p.topk(8).indices.tolist()}, abs=6e-4
        )
        assert f"entropy {-(p * p.log2()).sum():.2f} bits" in html


def test_no_temperature_changes_the_order_of_the_next_words(play):
    orders = []
    for temperature in (0.3, 1, 3):
        play.temperature.value = temperature
        orders.append(re.findall(r"text-align:right'>(.*?) <small", play.words.value))
    assert orders[0] == orders[1] == orders[2] and orders[0][0] == "那"


def test_the_step_shows_what_was_written_before(play):
    play.step.value = 2
    assert "<s> 那 三" in plain(play.words.value).replace("&lt;s&gt;", "<s>")
    assert play.step.max == len(play.looks[0].found.tokens)
    play.step.value = play.step.max
    assert "&lt;/s&gt;" in play.words.value


def test_a_shorter_sentence_moves_the_step_back(play):
    play.step.value = play.step.max
    play.sentence.value = "Who runs?"
    assert play.step.value <= len(play.looks[0].found.tokens) and "entropy" in play.words.value


@pytest.mark.parametrize("sentence", ["", "   "])
def test_an_empty_sentence_is_fine(play, sentence):
    play.sentence.value = sentence
    assert "nothing to translate" in play.translations.value
    assert (
        play.attention.value == "" and play.words.value == "<div style='display:flex;flex-wrap:wrap'></div>"
    )
    press(play, ("cross", 0, 0))
    play.sentence.value = CATS
    assert len(play.looks) == 2 and "<iframe" in play.attention.value


def test_an_unknown_word_is_named(play):
    play.sentence.value = "The astronaut is drinking tea."
    assert "does not know <b>astronaut</b>, and can only guess" in play.translations.value
    guess = play.looks[0].found.text
    play.sentence.value = "The is drinking tea."
    assert play.looks[0].found.text != guess


def test_a_sentence_that_is_too_long_is_cut_and_said_so_and_no_warning_escapes(play):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        play.sentence.value = "the cat " * 100
    assert "is cut to" in plain(play.said.value)


def test_a_warning_that_is_for_programmers_is_not_shown(play, monkeypatch):
    real = Translator.read

    def read(self, sentence):
        warnings.warn("an old name", DeprecationWarning, stacklevel=2)
        return real(self, sentence)

    monkeypatch.setattr(Translator, "read", read)
    play.sentence.value = "The dog is running."
    assert plain(play.said.value).strip() == "" and "跑步" in play.translations.value


def test_an_error_is_shown_where_the_reader_looks_and_the_next_sentence_works(play, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Translator, "read", lambda self, sentence: 1 / 0)
        play.sentence.value = "The dog is running."
        assert "ZeroDivisionError: division by zero" in play.said.value
        assert play.translations.value == play.attention.value == ""
        play.temperature.value = 2
        assert play.words.value == ""
    play.sentence.value = CATS
    assert "ZeroDivisionError" not in play.said.value and "<iframe" in play.attention.value


@pytest.mark.parametrize("control", ["back", "head", "beam"])
def test_after_an_error_every_control_shows_the_whole_again(play, translator, monkeypatch, control):
    with monkeypatch.context() as broken:
        broken.setattr(Translator, "read", lambda self, sentence: 1 / 0)
        play.sentence.value = "The dog is running."
    if control == "back":
        play.back.click()
    elif control == "head":
        press(play, ("cross", 0, 0))
    else:
        play.beam.value = 2
    assert plain(play.said.value).strip() == "" and "<iframe" in play.attention.value
    titles = ["all heads", "without cross layer 0 head 0"]
    assert [look.title for look in play.looks] == titles[: 2 if control == "head" else 1]
    width = 2 if control == "beam" else 3
    assert play.looks[0].found.text == translator.translate("The dog is running.", beam=width).text


def test_a_model_that_is_not_there_is_named_and_another_can_be_chosen(translator):
    play = Playground(choices({"mine": "toy-en-zg", "ours": translator}), CATS, 2)
    assert "toy-en-zh" in play.said.value and "FileNotFoundError" in play.said.value
    play.model.value = "ours"
    assert play.looks[0].found.text == translator.translate(CATS, beam=2).text
    play.model.value = "mine"
    assert play.heads == {} and play.ablation.layout.display == "none"
    for control in (play.step, play.temperature):
        control.value = control.max
    assert "FileNotFoundError" in play.said.value and play.words.value == ""


def test_models_are_loaded_when_they_are_asked_for_and_offer_their_own_heads():
    play = Playground(choices(["toy-en-zh", "toy-en-zh-lstm"]), CATS, 2)
    assert play.translators["toy-en-zh-lstm"] == "toy-en-zh-lstm"
    assert {kind for kind, _, _ in play.heads} == {"encoder", "decoder", "cross"}
    press(play, ("cross", 0, 0))
    play.model.value = "toy-en-zh-lstm"
    assert play.heads == {} and play.grid.children == () and len(play.looks) == 1
    assert play.ablation.layout.display == "none"
    assert play.attention.value == "" and play.looks[0].found.text in play.translations.value
    play.model.value = "toy-en-zh"
    assert len(play.heads) == 24 and play.ablation.layout.display is None


def test_all_that_come_with_the_course_are_offered_and_the_toy_translator_first():
    assert list(choices(None))[0] == "toy-en-zh" and {"toy-en-fr", "tatoeba-en-zh"} <= set(choices(None))


def test_choices_are_taken_in_every_form(translator):
    assert choices("toy-en-fr") == {"toy-en-fr": "toy-en-fr"}
    assert choices([translator, "toy-en-fr"]) == {"translator 1": translator, "toy-en-fr": "toy-en-fr"}
    assert choices({"mine": translator}) == {"mine": translator}
    with pytest.raises(ValueError, match="at least one"):
        choices([])


@pytest.mark.parametrize("token", HOSTILE)
def test_hostile_text_is_shown_and_carries_no_markup(token):
    assert not re.search(r"[<>\"']|&(?!lt;|gt;|amp;|quot;|#x27;)", seen(token))
    assert seen(token).isprintable() and seen(token).strip()


def test_hostile_sentences_and_tokens_leave_only_our_markup(play):
    play.sentence.value = CATS
    tags = set(re.findall(r"<(/?\w+)", play.translations.value))
    for token in HOSTILE:
        found = Translation(token, token, [token, "猫"], 0.0, (token,))
        html = translation(Look(token, "zh", found, torch.zeros(3, 7)), play.looks[0])
        assert set(re.findall(r"<(/?\w+)", html)) <= tags | {"mark", "/mark", "p", "/p", "br"}


def test_words_that_differ_are_marked():
    assert changed(["a", "b", "c"], ["a", "x", "c", "d"]) == {1, 3}
    assert changed(["a"], ["a"]) == set()


def test_the_frame_takes_the_theme_and_height_of_what_is_in_it(play):
    assert "data-jp-theme-light" in play.attention.value and "ResizeObserver" in play.attention.value
    assert play.attention.value.count(playground_views.escape("<body>")) == 1


def test_every_control_has_a_name_and_acts_only_when_it_is_let_go(play):
    for control in (play.sentence, play.beam, play.step, play.temperature):
        assert control.description and control.continuous_update is False
    assert play.model.description and play.back.description
    assert play.heads["cross", 1, 2].tooltip == "silence cross attention, layer 1, head 2"
    assert "role='status'" in play.said.value


def test_without_ipywidgets_it_says_so_and_the_notebook_goes_on(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert playground() is None
    assert "pip install ipywidgets" in capsys.readouterr().out


def test_the_function_gives_one_box_with_everything_in_it(translator):
    box = playground(translator, "The dog is running.", beam=2)
    assert "跑步" in box.children[3].value


def test_a_saved_page_without_a_kernel_says_what_stood_there(translator):
    said = repr(playground(translator, "The dog is running.", beam=1))
    assert said == "The playground works where a kernel runs: run this cell to play."
