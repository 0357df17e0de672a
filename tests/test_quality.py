"""Quality is measured as promised: the peer is sound, a stopped run goes on, minutes are read right."""

import json
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from small_course import small_corpus

from seqcourse.batching import Batch, encode_pairs, lengths
from seqcourse.decoding import greedy_search
from seqcourse.drawing import rendered
from seqcourse.fitting import fit
from seqcourse.making import learn_tokenizers
from seqcourse.quality import draw_quality, minutes_to, quality_runs, quality_table
from seqcourse.training import token_loss
from seqcourse.transformer import Transformer, TransformerConfig
from seqcourse.vocabulary import UNK


def script(name):
    """A script of benchmarks/, which finds the others beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
        return import_module(name)


quality, tutorials = script("quality"), script("tutorials")
SMALL = {"d_model": 20, "nhead": 2, "num_encoder_layers": 1, "num_decoder_layers": 1, "dim_feedforward": 23}
SMALL |= {"dropout": 0.1, "norm_first": True, "max_length": 128}
SOURCE, TARGET, B, S, T = 31, 37, 3, 7, 5


def peer(positions="learned"):
    return tutorials.TutorialTransformer(
        TransformerConfig(SOURCE, TARGET, 16, 2, 2, 2, 19, activation="relu", positions=positions)
    )


def tokens():
    return torch.randint(4, SOURCE, (B, S)), torch.randint(4, TARGET, (B, T))


def pairs_of_numbers(count=17):
    sizes = torch.randint(1, 9, (count, 2)).tolist()
    return [
        ([4 + n % 20, *range(4, 3 + a), 3], [4 + n % 25, *range(4, 3 + b)]) for n, (a, b) in enumerate(sizes)
    ]


def training(seed=0, patience=None):
    """The tutorial's training on a few made-up pairs."""
    torch.manual_seed(seed)
    examples, model = pairs_of_numbers(), peer()
    stream = tutorials.Epochs(examples, 5, tutorials.in_pools, seed)
    return quality.Training(
        model,
        None,
        None,
        stream,
        tutorials.ADAM.adam(model),
        lambda steps: lambda done: 1.0,
        0.0,
        1.0,
        patience,
    )


def weights(model):
    return torch.cat([weight.flatten() for weight in model.state_dict().values()])


def quiet(*_):
    return None


def stop(*_):
    raise KeyboardInterrupt


def counting(scores):
    scores = iter(scores)
    return lambda model: next(scores)


@pytest.mark.parametrize("positions", ["learned", "sinusoidal"])
def test_the_future_cannot_leak_in_the_peer(positions):
    model = peer(positions).eval()
    src, tgt_in = tokens()
    for t in range(1, T):
        other = tgt_in.clone()
        other[:, t:] = torch.randint(4, TARGET, (B, T - t))
        torch.testing.assert_close(model(src, other)[:, :t], model(src, tgt_in)[:, :t])
        assert not torch.allclose(model(src, other)[:, t:], model(src, tgt_in)[:, t:])


def test_padding_changes_neither_the_peers_logits_nor_its_loss_and_gradients():
    model = peer().eval()
    src, tgt = tokens()
    wide = [torch.nn.functional.pad(side, (0, 2)) for side in (src, tgt, tgt)]
    torch.testing.assert_close(model(*wide[:2])[:, :T], model(src, tgt))
    found = []
    for batch in (Batch(src, tgt, tgt), Batch(*wide)):
        model.zero_grad()
        loss, count = token_loss(model, batch)
        loss.backward()
        found.append((loss.detach(), count, model.output.weight.grad, model.source.weight.grad))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
    assert found[0][1] == B * T


def test_the_peer_word_by_word_says_what_it_says_at_once():
    model = peer().eval()
    src, tgt_in = tokens()
    src[0, 4:] = 0
    state, logits = model.begin(src), []
    for token in tgt_in.T:
        found, state = model.step(token, state)
        logits.append(found)
    torch.testing.assert_close(torch.stack(logits, dim=1), model(src, tgt_in))
    rows = torch.tensor([2, 0])
    again, _ = model.step(tgt_in[rows, 0], state.reorder(rows))
    torch.testing.assert_close(again, model.step(tgt_in[:, 0], state)[0][rows])


def test_a_sentence_is_translated_alike_alone_and_beside_longer_ones():
    model, (src, _) = peer(), tokens()
    src[0, 3:] = 0
    assert greedy_search(model, src)[0].tokens == greedy_search(model, src[:1, :3])[0].tokens


@pytest.mark.parametrize("arrange", [tutorials.in_pools, tutorials.in_order])
def test_every_epoch_of_a_tutorial_has_every_sentence_once(arrange):
    examples = pairs_of_numbers(47)
    stream = tutorials.Epochs(examples, 6, arrange, 0)
    for epoch in range(3):
        batches = [next(stream) for _ in stream.groups]
        assert stream.epoch == epoch and sum(len(batch.src) for batch in batches) == 47
        assert max(len(batch.src) for batch in batches) == 6
        seen = sorted(row[row != 0].tolist() for batch in batches for row in batch.src)
        assert seen == sorted(source for source, _ in examples)


def test_pools_change_from_epoch_to_epoch_and_have_like_lengths_and_files_stay_in_order():
    examples = pairs_of_numbers(61)
    first, second = (tutorials.in_pools(examples, 6, (0, epoch)) for epoch in (0, 1))
    assert first != second and first == tutorials.in_pools(examples, 6, (0, 0))
    ranges = sorted((min(map(lengths, group)), max(map(lengths, group))) for group in first)
    assert all(longest <= shortest for (_, longest), (shortest, _) in pairwise(ranges))
    assert [example for group in tutorials.in_order(examples, 6, 0) for example in group] == examples


def test_words_come_back_as_they_were_and_rare_ones_are_unknown():
    text = "A man's T-shirt (red, I think) isn't new: look!"
    words = tutorials.Words([text, text, "a zebra"], 2, "en")
    assert words.decode(words.encode(text)) == text
    assert words.encode("a zebra") == [UNK, UNK]  # of "a" there is only the capital twice
    assert words.encode("A man zebra")[2] == UNK and UNK not in words.encode("A man")


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path):
    whole, scores = training(), [1.0, 3.0, 2.0, 2.5]
    curve = quality.learn(whole, counting(scores), 11, 3, tmp_path / "a.pt", {"run": 1}, quiet)
    with pytest.raises(KeyboardInterrupt):
        quality.learn(training(), counting(scores), 11, 3, tmp_path / "b.pt", {"run": 1}, stop)
    resumed = training()
    torch.manual_seed(98)  # a new process has other random numbers
    again = quality.learn(resumed, counting(scores[1:]), 0, 0, tmp_path / "b.pt", {"run": 1}, quiet)
    assert [e["step"] for e in again] == [3, 6, 9, 11] == [e["step"] for e in curve]
    assert [e["train_loss"] for e in again] == [e["train_loss"] for e in curve]
    assert torch.equal(weights(resumed.model), weights(whole.model))
    seconds = [entry["seconds"] for entry in again]
    assert seconds == sorted(seconds) and seconds[0] > 0


def test_the_weights_of_the_best_look_are_kept(tmp_path):
    long = training()
    quality.learn(long, counting([5.0, 4.0, 3.0]), 6, 2, tmp_path / "a.pt", {}, quiet)
    short = training()
    quality.learn(short, counting([5.0]), 2, 2, tmp_path / "b.pt", {}, quiet)
    assert torch.equal(weights(long.model), weights(short.model))


def test_a_run_ends_early_only_where_the_rate_is_constant(tmp_path):
    scores = [1.0, 5.0, 4.0, 5.0, 4.0, 9.0, 9.0]
    tired = quality.learn(training(patience=3), counting(scores), 7, 1, tmp_path / "a.pt", {}, quiet)
    patient = quality.learn(training(), counting(scores), 7, 1, tmp_path / "b.pt", {}, quiet)
    assert len(tired) == 5 and len(patient) == 7


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    quality.learn(training(), counting([1.0]), 1, 1, tmp_path / "a.pt", {"seed": 0}, quiet)
    with pytest.raises(ValueError, match="belongs to a run with other seed"):
        quality.learn(training(), counting([1.0]), 1, 1, tmp_path / "a.pt", {"seed": 1}, quiet)


def test_timing_the_steps_leaves_the_run_untouched():
    run, other = training(), training()
    before = torch.get_rng_state()
    steps, every = quality.budget(run, 0.01)
    assert steps >= 1 and every >= 1 and run.stream.position == 0
    assert torch.equal(weights(run.model), weights(other.model))
    assert torch.equal(torch.get_rng_state(), before)


def test_ours_is_trained_as_the_package_trains(tmp_path):
    corpus, steps = small_corpus(), 7
    run = quality.ours(corpus, 5, sizes=SMALL)
    quality.learn(run, counting([1.0, 2.0, 3.0]), steps, 3, tmp_path / "a.pt", {}, quiet)
    source, target = learn_tokenizers(corpus, quality.VOCAB_SIZE)
    torch.manual_seed(5)
    model = Transformer(TransformerConfig(len(source), len(target), **SMALL))
    train, valid = (encode_pairs(corpus.pairs(part), source, target, 128) for part in ("train", "valid"))
    recipe = quality.replace(quality.RECIPE, seed=5)
    fit(model, train, valid, recipe, steps=steps, report=quiet)
    assert torch.equal(weights(run.model), weights(model))


def test_the_first_runs_are_all_systems_with_one_seed_and_none_comes_twice():
    jobs = list(quality.planned(3, quality.DIRECTIONS))
    assert {job[1] for job in jobs[:4]} == set(quality.SYSTEMS) - {quality.WIDE}
    assert {(direction, seed) for direction, _, seed in jobs[:4]} == {("de-en", 0)}
    assert [job[1] for job in jobs[-2:]] == [quality.WIDE] * 2
    assert len(set(jobs)) == len(jobs) == 2 * (3 * 4 + 1)


def command(monkeypatch, *options):
    monkeypatch.setattr(sys, "argv", ["benchmarks/quality.py", *map(str, options)])
    quality.main()


def test_the_script_trains_scores_and_remembers(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(quality, "load_corpus", lambda name: small_corpus())
    monkeypatch.setitem(quality.SYSTEMS, "ours", lambda corpus, seed: quality.ours(corpus, seed, sizes=SMALL))
    out, checkpoints = tmp_path / "quality.json", tmp_path / "checkpoints"
    options = ["--only", "ours", "--seeds", 1, "--minutes", 0.005, "--out", out, "--checkpoints", checkpoints]
    command(monkeypatch, *options)
    said = capsys.readouterr().out
    assert "1/2  de-en: ours, seed 0" in said and "2/2  en-de: ours, seed 0" in said
    stored = json.loads(out.read_text(encoding="utf-8"))["runs"]
    assert [run["direction"] for run in stored] == ["de-en", "en-de"] and not list(checkpoints.iterdir())
    assert "tok:" in stored[0]["test"]["beam 4"]["signature"] and stored[0]["threads"] >= 1
    command(monkeypatch, *options)
    assert capsys.readouterr().out == ""
    command(monkeypatch, "--table", "--out", out, "--figure", tmp_path / "curves.png")
    assert "| ours |" in capsys.readouterr().out
    assert (tmp_path / "curves-de-en.png").read_bytes()[:4] == b"\x89PNG"


def test_without_the_corpus_the_script_says_which_file_to_put_where(monkeypatch, tmp_path, capsys):
    def nowhere(name):
        raise ConnectionError("put train.de.gz there")

    monkeypatch.setattr(quality, "load_corpus", nowhere)
    with pytest.raises(SystemExit):
        command(monkeypatch, "--out", tmp_path / "quality.json")
    assert "Multi30k is not here: put train.de.gz there" in capsys.readouterr().err


def curve(*points):
    return [{"seconds": 60.0 * minute, "BLEU": float(score)} for minute, score in points]


def test_minutes_are_read_off_the_line_between_two_looks_where_it_first_passes():
    points = curve((2, 10), (4, 30), (6, 20), (8, 40))
    assert minutes_to(points, 20) == 3 and minutes_to(points, 30) == 4 and minutes_to(points, 35) == 7.5
    assert minutes_to(points, 5) == 1  # from nothing at the start
    assert minutes_to(points, 41) is None and minutes_to([], 1) is None


def test_a_score_that_one_seed_never_reaches_has_no_minutes_in_the_table():
    test = {"greedy": {"BLEU": 40.0}, "beam 4": {"BLEU": 42.0}}
    one = {"parameters": 2_600_000, "curve": curve((1, 20), (2, 25)), "test": test}
    table = quality_table({"a": [one, one | {"curve": curve((1, 10), (3, 20))}]}).splitlines()
    cells = ["a", "2.6 M", "2.0 (1.0 to 3.0)", "–", "–", "–", "2 (2 to 3)"]
    cells += ["40.0 (40.0 to 40.0)", "42.0 (42.0 to 42.0)"]
    assert table[-1] == f"| {' | '.join(cells)} |"
    assert len({line.count("|") for line in table}) == 1


def test_each_seed_has_its_curve_and_each_system_one_name():
    run = {"curve": curve((1, 20), (2, 25))}
    figure = draw_quality({"a": [run, run], "b": [run]})
    (ax,) = figure.axes
    assert [list(line.get_xdata()) for line in ax.lines] == [[0, 1, 2]] * 3
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    assert rendered(figure, "png")[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="no run"):
        draw_quality({})


def test_runs_are_those_of_the_direction(tmp_path):
    path = tmp_path / "quality.json"
    runs = [{"direction": d, "system": s, "seed": n} for d in ("x", "y") for s in "ab" for n in (0, 1)]
    path.write_text(json.dumps({"runs": runs}), encoding="utf-8")
    found = quality_runs("y", path)
    assert list(found) == ["a", "b"] and {run["direction"] for run in found["a"]} == {"y"}
    assert [run["seed"] for run in found["b"]] == [0, 1]
    with pytest.raises(ValueError, match="no run of 'z'; there are those of x, y"):
        quality_runs("z", path)
