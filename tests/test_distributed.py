"""Two processes learn what one does, a batch in pieces too; when one of them dies, the run can go on."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch

from seqcourse.batching import batch_by_tokens
from seqcourse.checkpoint import load_checkpoint
from seqcourse.distributed import piece_of, train_in_pieces
from seqcourse.training import train_model
from seqcourse.transformer import Transformer, TransformerConfig

V = 23
SMALL = "--d-model 24 --layers 1 --dim-feedforward 29 --max-tokens 83".split()
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
many = pytest.mark.skipif(os.name != "posix", reason="torchrun on the CPU is of Unix")


def make_model(dropout=0.0):
    torch.manual_seed(1)
    sizes = dict(d_model=15, nhead=3, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=11)
    return Transformer(TransformerConfig(V, V, **sizes, dropout=dropout, max_length=31))


def make_batches(count=97):
    rng = random.Random(0)
    sources = [[rng.randrange(4, V) for _ in range(rng.randrange(1, 8))] for _ in range(count)]
    return batch_by_tokens([([*source, 3], source[::-1]) for source in sources], 41, seed=2)


def learnt(train, dropout=0.0, **more):
    model = make_model(dropout)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.manual_seed(3)
    loss = train(model, make_batches(), optimizer, label_smoothing=0.1, clip=0.7, **more)
    return loss, list(model.state_dict().values())


@pytest.mark.parametrize("pieces", [2, 3, 7])  # batches of 5 to 20 pairs: some pieces are empty
def test_a_batch_in_pieces_teaches_what_the_whole_batch_does(pieces):
    assert min(len(batch.src) for batch in make_batches()) < 7
    loss, weights = learnt(train_model)
    loss_of_pieces, weights_of_pieces = learnt(train_in_pieces, pieces=pieces)
    assert loss_of_pieces == pytest.approx(loss, abs=1e-5)
    torch.testing.assert_close(weights_of_pieces, weights, atol=1e-5, rtol=1e-5)


def test_one_piece_is_the_whole_batch_bit_for_bit():
    loss, weights = learnt(train_model, dropout=0.2)
    loss_of_one, weights_of_one = learnt(train_in_pieces, dropout=0.2)
    assert loss == loss_of_one
    assert all(torch.equal(a, b) for a, b in zip(weights, weights_of_one, strict=True))


def test_pieces_hold_every_pair_once():
    for batch in make_batches():
        parts = [piece_of(batch, number, 7) for number in range(7)]
        rows = [row.tolist() for piece, weight in parts if weight for row in piece.src]
        assert sorted(rows) == sorted(batch.src.tolist())
        assert all(len(piece.src) for piece, _ in parts)  # there is something to compute everywhere


def test_a_loss_that_is_no_number_ends_the_run():
    model = make_model()
    with torch.no_grad():
        model.decoder.output.bias.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="lower learning rate"):
        train_in_pieces(model, make_batches(), torch.optim.SGD(model.parameters(), lr=0.1), pieces=2)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    rng, words = random.Random(0), ["one", "two", "three", "four", "five"]
    sentences = [" ".join(rng.choices(words, k=rng.randrange(2, 7))) for _ in range(300)]
    path = tmp_path_factory.mktemp("corpus") / "backwards.tsv"
    path.write_text("".join(f"{s}\t{' '.join(s.split()[::-1])}\n" for s in sentences), encoding="utf-8")
    return path


def start(start_with, corpus, folder, *options):
    command = [sys.executable, *start_with, "-m", "seqcourse", "train", corpus, "--out", folder, *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(list(map(str, command)), env=ENVIRONMENT, **pipes)


def ended(process):
    out, err = process.communicate(timeout=300)
    return process.returncode, out.decode(), err.decode()


def history(folder):
    entries = json.loads((folder / "training.json").read_text("utf-8"))
    return [{name: value for name, value in entry.items() if name != "seconds"} for entry in entries]


@many
def test_two_processes_have_the_losses_of_one(corpus, tmp_path):
    options = [*SMALL, "--steps", "100", "--dropout", "0"]
    processes = [start([], corpus, tmp_path / "one", *options)]
    processes += [start(TORCHRUN, corpus, tmp_path / "two", *options, "--accumulate", "3")]
    one, two = map(ended, processes)
    assert (one[0], two[0]) == (0, 0), two[2]
    assert two[1] == f"{tmp_path / 'two'}\n"  # said once
    for a, b in zip(history(tmp_path / "one"), history(tmp_path / "two"), strict=True):
        assert a == pytest.approx(b, abs=1e-5)


def second_process(run):
    """The process of a torchrun that has the number 1, or None while there is none."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(run.pid)], capture_output=True, text=True)
    for pid in children.stdout.split():
        environment = subprocess.run(["ps", "eww", "-o", "command=", pid], capture_output=True, text=True)
        if " RANK=1 " in environment.stdout:
            return int(pid)


@many
def test_when_one_of_two_is_killed_the_run_says_how_to_go_on_and_goes_on_bit_for_bit(corpus, tmp_path):
    options = [*SMALL, "--steps", "600"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = start(TORCHRUN, corpus, killed, *options)
    while (
        not (killed / "checkpoint.pt").exists()
        or not load_checkpoint(killed / "checkpoint.pt")["facts"]["history"]
    ):
        assert process.poll() is None, ended(process)
        time.sleep(0.02)
    os.kill(second_process(process), signal.SIGKILL)
    code, _, err = ended(process)
    assert code != 0
    assert "seqcourse: another process of this run has ended" in err
    message = f"to go on: torchrun --nproc-per-node 2 -m seqcourse train {corpus} --out {killed} --resume"
    assert message in err
    assert ended(start(TORCHRUN, corpus, killed, "--resume"))[0] == 0
    assert ended(start(TORCHRUN, corpus, whole, *options))[0] == 0
    assert history(killed) == history(whole)
    assert (killed / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
