"""What a translator of the course is made with: the sizes of its model, and the recipe of its training."""

from dataclasses import dataclass, field

from .schedules import SCHEDULES


def setting(default, meaning):
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class Sizes:
    """How large a translator is; the defaults are small enough for two CPU cores."""

    d_model: int = setting(128, "width of the model")
    nhead: int = setting(4, "heads of each attention")
    layers: int = setting(2, "layers of the encoder, and of the decoder")
    dim_feedforward: int = setting(512, "width of the feed-forward layers")
    dropout: float = setting(0.1, "share of the values dropped in training")
    max_length: int = setting(128, "most tokens of a sentence")
    vocab_size: int = setting(4000, "most subwords of each language; toy corpora keep their words")


@dataclass(frozen=True)
class Recipe:
    """How to train. Raises ValueError, naming the field, when a number makes no sense."""

    max_tokens: int = setting(1200, "most tokens in a batch, padding counted, on the longer side")
    learning_rate: float = setting(3e-3, "peak of the learning rate")
    schedule: str = setting("one-cycle", f"course of the learning rate: {' or '.join(SCHEDULES)}")
    warmup: float = setting(0.1, "share of the steps in which the learning rate rises")
    label_smoothing: float = setting(0.1, "share of the probability that is spread over all words")
    clip: float = setting(1.0, "largest norm of the gradient")
    accumulate: int = setting(1, "pieces in which a batch is computed: more of them need less memory")
    seed: int = setting(0, "decides the first weights, the order of the batches, and what dropout drops")

    def __post_init__(self):
        for name in ("max_tokens", "learning_rate", "clip"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)!r}")
        for name in ("warmup", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, not {getattr(self, name)!r}")
        if not self.accumulate >= 1:
            raise ValueError(f"accumulate must be at least 1, not {self.accumulate!r}")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed must be at least 0 and below 2**63, not {self.seed!r}")
        if self.schedule not in SCHEDULES:
            raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, not {self.schedule!r}")
