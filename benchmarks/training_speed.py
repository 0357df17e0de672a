"""Training tokens per second: ours beside torch.nn.Transformer and MarianMT, on the same batches, in turns.

    python benchmarks/training_speed.py [--rounds 7] [--out data/results/training_speed.json]

In every round the models take turns batch by batch, each turn beginning with another, so that a slow second
of the machine falls on all alike; the ratio is taken round by round, and the median and the range of the
ratios are reported. Same sizes, same dropout, AdamW, gradient clipping, one loss.
"""

import argparse
import json
import platform
import statistics
import time
from collections import deque
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import nn

from seqcourse.batching import Batch
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
        ratios = [ours / theirs for ours, theirs in zip(runs["ours"].speed, run.speed, strict=True)]
        result[name] = {
            "tokens_per_second": round(statistics.median(run.speed)),
            "ours_is_times_as_fast": round(statistics.median(ratios), 2),
            "range": [round(min(ratios), 2), round(max(ratios), 2)],
        }
    return result


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7, help="default: 7")
    parser.add_argument("--out", type=Path, help="also write the results to this JSON file")
    options = parser.parse_args()
    result = {
        "command": f"python benchmarks/training_speed.py --rounds {options.rounds}",
        "date": str(date.today()),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
        "sizes": {},
    }
    for size in SIZES:
        result["sizes"][size] = measure(size, options.rounds)
        print(size, json.dumps(result["sizes"][size], indent=2))
    if options.out:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
