"""What config.json says of a MarianMT model, and the same in our TransformerConfig."""

from .transformer import TransformerConfig

ACTIVATIONS = {"swish": "silu", "silu": "silu", "relu": "relu", "gelu": "gelu"}  # theirs -> ours
SHARED_FIELDS = {  # theirs -> ours
    "d_model": "d_model",
    "encoder_attention_heads": "nhead",
    "encoder_layers": "num_encoder_layers",
    "decoder_layers": "num_decoder_layers",
    "encoder_ffn_dim": "dim_feedforward",
    "dropout": "dropout",
    "max_position_embeddings": "max_length",
}
ONLY = {  # what our Transformer cannot do otherwise, with what is meant where config.json is silent
    "scale_embedding": (True, False),
    "tie_word_embeddings": (True, True),
    "static_position_embeddings": (True, True),
    "normalize_before": (False, False),
    "normalize_embedding": (False, False),
    "add_final_layer_norm": (False, False),
}


def check_supported(saved):
    """Raise ValueError when a config.json of MarianMT speaks of what our Transformer does not do."""
    for name, (only, silent) in ONLY.items():
        if saved.get(name, silent) != only:
            raise ValueError(
                f"its {name} is {saved.get(name, silent)}, and our Transformer can only do {only}"
            )
    if saved["activation_function"] not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(f"its activation is {saved['activation_function']!r}; our Transformer knows {known}")
    for name in ("attention_heads", "ffn_dim"):
        if saved[f"encoder_{name}"] != saved[f"decoder_{name}"]:
            raise ValueError(
                f"encoder_{name} and decoder_{name} differ, and our Transformer has one for both"
            )


def our_config(saved, source, target):
    """The TransformerConfig that a config.json of MarianMT means."""
    return TransformerConfig(
        len(source),
        len(target),
        **{ours: saved[theirs] for theirs, ours in SHARED_FIELDS.items()},
        activation=ACTIVATIONS[saved["activation_function"]],
        share_embeddings=saved.get("share_encoder_decoder_embeddings", True),
    )


def their_config(config, source_size, target_size):
    """What config.json of MarianMT says of a TransformerConfig, but for the special tokens."""
    saved = {theirs: getattr(config, ours) for theirs, ours in SHARED_FIELDS.items()}
    for name in ("attention_heads", "ffn_dim"):
        saved[f"decoder_{name}"] = saved[f"encoder_{name}"]
    activation = next(theirs for theirs, ours in ACTIVATIONS.items() if ours == config.activation)
    return (
        saved
        | {
            "model_type": "marian",
            "architectures": ["MarianMTModel"],
            "is_encoder_decoder": True,
            "vocab_size": source_size,
            "decoder_vocab_size": target_size,
            "share_encoder_decoder_embeddings": config.share_embeddings,
            "activation_function": activation,
            "attention_dropout": 0.0,
            "activation_dropout": 0.0,
            "bos_token_id": None,
            "dtype": "float32",
        }
        | {name: only for name, (only, _) in ONLY.items()}
    )
