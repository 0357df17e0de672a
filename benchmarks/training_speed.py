"""Training tokens per second: ours beside torch.nn.Transformer and MarianMT, on the same batches, in turns.

    python benchmarks/training_speed.py [--rounds 7] [--threads 2] [--out data/results/training_speed.json]

In every round the models take turns batch by batch, each turn beginning with another, so that a slow second
of the machine falls on all alike; the ratio is taken round by round, and the median and the range of the
ratios are reported. Same sizes, same dropout, AdamW, gradient clipping, one loss.

Then each with the batches that are natural for it, on Multi30k, German to English, in subwords: ours those
of `batch_by_tokens`, which join sentences of like length; the others random sentences, padded, as many in a
batch as ours has on average. Counted are the words to be predicted, not the padding. This part is left out
where the corpus is neither there nor to be had.
"""

import argparse
import json
import platform
import random
import statistics
import time
from collections import deque
from datetime import date
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import nn

from seqcourse.batching import Batch, batch_by_tokens, encode_pairs, make_batch
from seqcourse.corpora import load_corpus
from seqcourse.files import write_atomically
from seqcourse.making import learn_tokenizers
from seqcourse.positions import sinusoidal_positions
from seqcourse.training import train_model
from seqcourse.transformer import Transformer, TransformerConfig

SIZES = {  # name: d_model, nhead, layers a side, dim_feedforward, tokens a batch, batches a round
    "d_model 128": (128, 4, 3, 512, 1200, 12),
    "d_model 512": (512, 8, 3, 2048, 1200, 3),
}
VOCABULARY = 4000


class TorchTransformer(nn.Module):
    """torch.nn.Transformer as its documentation uses it, with word vectors and positions around it."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.src = nn.Embedding(config.src_vocab_size, config.d_model)
        self.tgt = self.src
        self.register_buffer("positions", sinusoidal_positions(config.max_length, config.d_model))
        self.dropout = nn.Dropout(config.dropout)
        self.transformer = nn.Transformer(
            config.d_model, config.nhead, config.num_encoder_layers, config.num_decoder_layers,
            config.dim_feedforward, config.dropout, config.activation, batch_first=True, norm_first=True,
        )  # fmt: skip
        self.output = nn.Linear(config.d_model, config.tgt_vocab_size)
        self.output.weight = self.tgt.weight

    def forward(self, src, tgt_in):
        def embed(table, tokens):
            return self.dropout(table(tokens) * self.config.d_model**0.5 + self.positions[: tokens.size(1)])

        future = torch.ones(tgt_in.size(1), tgt_in.size(1), dtype=torch.bool, device=src.device).triu(1)
        hidden = self.transformer(
            embed(self.src, src), embed(self.tgt, tgt_in), tgt_mask=future, tgt_is_causal=True,
            src_key_padding_mask=src == 0, tgt_key_padding_mask=tgt_in == 0, memory_key_padding_mask=src == 0,
        )  # fmt: skip
        return self.output(hidden)


class Marian(nn.Module):
    """MarianMT of the transformers library, with random weights."""

    def __init__(self, config):
        super().__init__()
        from transformers import MarianConfig, MarianMTModel

        self.config = config
        sides = {"layers": config.num_encoder_layers, "attention_heads": config.nhead}
        sides["ffn_dim"] = config.dim_feedforward
        sizes = {f"{side}_{name}": n for side in ("encoder", "decoder") for name, n in sides.items()}
        ids = {"pad_token_id": 0, "eos_token_id": 3, "decoder_start_token_id": 2}
        self.model = MarianMTModel(
            MarianConfig(
                vocab_size=config.src_vocab_size,
                d_model=config.d_model,
                dropout=config.dropout,
                activation_function=config.activation,
                scale_embedding=True,
                max_position_embeddings=config.max_length,
                **sizes,
                **ids,
            )
        )

    def forward(self, src, tgt_in):
        mask = (src != 0).long()
        return self.model(
            input_ids=src, attention_mask=mask, decoder_input_ids=tgt_in, use_cache=False
        ).logits


PEERS = {"ours": Transformer, "torch.nn.Transformer": TorchTransformer, "MarianMT": Marian}


def make_batches(count, max_tokens):
    """Batches of sentences of 8 to 24 tokens, a fifth of each two tokens shorter than the rest."""
    generator = torch.Generator().manual_seed(0)
    batches = []
    for _ in range(count):
        longest = int(torch.randint(8, 25, (), generator=generator))
        rows = max_tokens // longest
        src, tgt = (torch.randint(4, VOCABULARY, (rows, longest), generator=generator) for _ in "st")
        src[: rows // 5, longest - 2 :] = tgt[: rows // 5, longest - 2 :] = 0
        batches.append(Batch(src, tgt.roll(1, dims=1).where(tgt != 0, 0), tgt))
    return batches


def measure(size, rounds):
    d_model, nhead, layers, feedforward, max_tokens, count = SIZES[size]
    config = TransformerConfig(
        VOCABULARY,
        VOCABULARY,
        d_model,
        nhead,
        layers,
        layers,
        feedforward,
        norm_first=True,
        share_embeddings=True,
        max_length=64,
    )
    batches = make_batches(count, max_tokens)
    tokens = sum((batch.tgt_out != 0).sum().item() for batch in batches)
    runs = {}
    for name, make in PEERS.items():
        torch.manual_seed(0)
        model = make(config)
        runs[name] = SimpleNamespace(
            name=name, model=model, optimizer=torch.optim.AdamW(model.parameters(), lr=1e-4), speed=[]
        )
        train_model(model, batches[:2], runs[name].optimizer)  # the first steps are slower
    turns = deque(runs.values())
    for _ in range(rounds):
        seconds = dict.fromkeys(runs, 0.0)
        for batch in batches:
            for run in turns:
                start = time.perf_counter()
                train_model(run.model, [batch], run.optimizer)
                seconds[run.name] += time.perf_counter() - start
            turns.rotate()
        for run in turns:
            run.speed.append(tokens / seconds[run.name])
    result = {"parameters": {n: sum(p.numel() for p in r.model.parameters()) for n, r in runs.items()}}
    for name, run in runs.items():
        result[name] = compared(runs["ours"].speed, run.speed)
    return result


def natural_batches(seed=0):
    """Multi30k in batches: ours, and random ones with as many sentences each as ours have on average."""
    corpus = load_corpus("multi30k-de-en")
    source, target = learn_tokenizers(corpus, VOCABULARY)
    examples = encode_pairs(corpus.pairs("train"), source, target, 64)
    ours = batch_by_tokens(examples, 1200, seed)
    random.Random(seed).shuffle(examples)
    size = round(len(examples) / len(ours))
    return ours, [make_batch(examples[i : i + size]) for i in range(0, len(examples), size)]


def measure_natural(ours, others, rounds, count=12):
    """Each round takes `count` new batches; words learnt a second, and how many times as fast ours is."""
    d_model, nhead, layers, feedforward, *_ = SIZES["d_model 128"]
    sizes = (VOCABULARY, VOCABULARY, d_model, nhead, layers, layers, feedforward)
    config = TransformerConfig(*sizes, norm_first=True, share_embeddings=True, max_length=64)
    speed, runs = {name: [] for name in PEERS}, {}
    for name, make in PEERS.items():
        torch.manual_seed(0)
        model = make(config)
        batches = iter(ours if name == "ours" else others)
        runs[name] = (model, torch.optim.AdamW(model.parameters(), lr=1e-4), batches)
        train_model(model, list(islice(batches, 2)), runs[name][1])
    for _ in range(rounds):
        seconds, words = dict.fromkeys(runs, 0.0), dict.fromkeys(runs, 0)
        for _ in range(count):
            for name, (model, optimizer, batches) in runs.items():
                batch = next(batches)
                start = time.perf_counter()
                train_model(model, [batch], optimizer)
                seconds[name] += time.perf_counter() - start
                words[name] += (batch.tgt_out != 0).sum().item()
        for name in runs:
            speed[name].append(words[name] / seconds[name])
    return {name: compared(speed["ours"], found) for name, found in speed.items()}


def padding(batches):
    """The share of places, on both sides, where no word stands."""
    places = sum(batch.src.numel() + batch.tgt_in.numel() for batch in batches)
    words = sum(((batch.src != 0).sum() + (batch.tgt_in != 0).sum()).item() for batch in batches)
    return round(1 - words / places, 3)


def compared(ours, theirs):
    """Medians of tokens a second, and the ratio of ours to theirs, round by round, with its range."""
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    return {
        "tokens_per_second": round(statistics.median(theirs)),
        "ours_is_times_as_fast": round(statistics.median(ratios), 2),
        "range": [round(min(ratios), 2), round(max(ratios), 2)],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7, help="default: 7")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="default: torch's")
    parser.add_argument("--out", type=Path, help="also write the results to this JSON file")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    result = {
        "command": f"python benchmarks/training_speed.py --rounds {options.rounds}",
        "date": str(date.today()),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
        "sizes": {},
    }
    for size in SIZES:
        result["sizes"][size] = measure(size, options.rounds)
        print(size, json.dumps(result["sizes"][size], indent=2))
    try:
        ours, others = natural_batches()
    except (ConnectionError, FileNotFoundError) as error:
        print(f"Multi30k is not here, so natural batches are left out: {error}")
    else:
        result["natural"] = {"padding": {"ours": padding(ours), "random": padding(others)}}
        result["natural"] |= measure_natural(ours, others, options.rounds)
        print("natural batches", json.dumps(result["natural"], indent=2))
    if options.out:
        write_atomically(options.out, (json.dumps(result, indent=1) + "\n").encode("utf-8"))


if __name__ == "__main__":
    main()
