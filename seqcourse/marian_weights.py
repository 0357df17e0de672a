"""The weights of MarianMT and ours: the same numbers, under other names and in another order.

Theirs adds all sines of a position to the first half of a word's vector and all cosines to the second, ours
sine and cosine in turn. So each weight that reads or writes vectors of the model's width is reordered there,
and each row that stands for a token goes to its number.
"""

import torch

from .model_folder import fill, parameters, present, read_safetensors
from .positions import sinusoidal_positions
from .vocabulary import BOS, PAD, SPECIALS

BIAS = "final_logits_bias"
TABLES = (
    "model.shared.weight",
    "model.encoder.embed_tokens.weight",
    "model.decoder.embed_tokens.weight",
    "lm_head.weight",
)
NAMES = {  # ours -> theirs
    "self_attention": "self_attn",
    "cross_attention": "encoder_attn",
    "query": "q_proj",
    "key": "k_proj",
    "value": "v_proj",
    "output": "out_proj",
    "feed_forward.0": "fc1",
    "feed_forward.2": "fc2",
    "looking.norm": "self_attn_layer_norm",
    "looking_back.norm": "self_attn_layer_norm",
    "looking_over.norm": "encoder_attn_layer_norm",
    "thinking.norm": "final_layer_norm",
    "embedding.words": "embed_tokens",
}
WRITE = ("output", "feed_forward.2", "norm")  # these give vectors of the model's width, the others take them
NEVER = -1e4  # the bias of a token that is never written; e to its power is 0, and float16 can hold it


def published_name(name, share_embeddings):
    """What a weight of ours is called in MarianMT."""
    if name == "decoder.output.bias":
        return BIAS
    if share_embeddings and name == "encoder.embedding.words.weight":
        return TABLES[0]
    for ours, theirs in NAMES.items():
        name = name.replace(ours, theirs)
    return f"model.{name}"


def waves_in_turn(d_model):
    """For each column of ours the one of theirs, (D,): first sine, first cosine, second sine, …"""
    order = torch.empty(d_model, dtype=torch.long)
    order[0::2], order[1::2] = torch.arange(d_model).split([(d_model + 1) // 2, d_model // 2])
    return order


def layout(model, source, target):
    """For each weight of ours: its name in MarianMT, and the places there for each axis that is reordered."""
    columns, config = waves_in_turn(model.config.d_model), model.config
    places = {}
    for name in parameters(model):
        layer, _, kind = name.rpartition(".")
        if name == "decoder.output.bias":
            axes = {0: torch.tensor(target.rows)}
        elif layer.endswith("embedding.words"):
            axes = {0: torch.tensor((source if name.startswith("encoder") else target).rows), 1: columns}
        elif layer.endswith(WRITE):
            axes = {0: columns}
        else:
            axes = {1: columns} if kind == "weight" else {}
        places[name] = published_name(name, config.share_embeddings), axes
    return places


def read_weights(folder):
    """The path of the weights in a folder and what it holds, from model.safetensors or pytorch_model.bin.

    Of a .bin file only tensors are read, no code. Raises ValueError when the file is damaged.
    """
    path = folder / "pytorch_model.bin"
    if not path.is_file() or (folder / "model.safetensors").is_file():
        path = present(folder / "model.safetensors")
        return path, read_safetensors(path)
    try:
        weights = dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # damage shows as an error of any kind
        raise ValueError(f"{path} is damaged, or holds more than tensors: {str(error)[:200]}") from error
    if not all(isinstance(weight, torch.Tensor) for weight in weights.values()):
        raise ValueError(f"{path} is damaged, or holds more than tensors")
    return path, weights


def load_published(model, source, target, folder):
    """Fill our model with the weights of a MarianMT folder; ValueError, with a reason, if they do not fit."""
    path, weights = read_weights(folder)
    try:
        join_tables(weights, model.config.share_embeddings)
        check_positions(weights, model.config.d_model)
        weights.setdefault(BIAS, torch.zeros(1, len(target.vocab)))
        ours = reordered(weights, layout(model, source, target), parameters(model))
    except ValueError as error:
        raise ValueError(f"{path} does not fit config.json: {error}") from error
    fill(model, ours, path)
    if target.start == SPECIALS[PAD]:  # what the decoder begins with stands twice, and is never written
        model.decoder.output.bias.data[[PAD, BOS]] = NEVER


def join_tables(weights, share_embeddings):
    """Keep one of the tables that are one by config.json; ValueError when they differ, or are missing."""
    groups = [TABLES] if share_embeddings else [TABLES[1:2], TABLES[2:]]
    for names in groups:
        found = [weights.pop(name) for name in names if name in weights]
        if not found:
            raise ValueError(f"missing {names[0]}")
        if not all(torch.equal(found[0], other) for other in found[1:]):
            raise ValueError(f"{' and '.join(names)} are not one table")
        weights[names[0]] = found[0]


def check_positions(weights, d_model):
    """Take tables of positions away; ValueError unless they hold the waves that our Transformer computes."""
    for side in ("encoder", "decoder"):
        table = weights.pop(f"model.{side}.embed_positions.weight", None)
        if table is not None:
            waves = sinusoidal_positions(table.numel() // d_model, d_model)
            if table.shape != waves.shape or (table[:, waves_in_turn(d_model)] - waves).abs().max() > 1e-2:
                raise ValueError(f"the positions of the {side} are no waves; learnt ones are not supported")


def reordered(weights, places, parameters):
    """MarianMT's weights by our names, in our order; ValueError if one is missing or of another shape."""
    missing = sorted({theirs for theirs, _ in places.values()} - set(weights))
    foreign = sorted(set(weights) - {theirs for theirs, _ in places.values()})
    if missing or foreign:
        raise ValueError(f"missing {missing[:3]}, foreign {foreign[:3]}")
    ours = {}
    for name, (theirs, axes) in places.items():
        shape = [len(set(axes[i].tolist())) if i in axes else n for i, n in enumerate(parameters[name].shape)]
        found = weights[theirs]
        if list(found.shape) != ([1] if theirs == BIAS else []) + shape:
            raise ValueError(f"{theirs} has the shape {tuple(found.shape)}, not {tuple(shape)}")
        found = found.reshape(shape)
        for axis, places_there in axes.items():
            found = found.index_select(axis, places_there)
        ours[name] = found
    return ours


def published_weights(model, source, target):
    """Our weights by the names and in the order of MarianMT."""
    weights, ours = {}, parameters(model)
    for name, (theirs, axes) in layout(model, source, target).items():
        found = ours[name].detach().to("cpu", torch.float32)
        for axis, places_there in axes.items():
            back = {there: here for here, there in enumerate(places_there.tolist())}  # <s> instead of <pad>
            found = found.index_select(axis, torch.tensor([back[i] for i in range(len(back))]))
        weights[theirs] = found.contiguous()
    if target.start == SPECIALS[PAD]:
        weights[BIAS][target.rows[PAD]] = 0.0
    weights[BIAS] = weights[BIAS][None]
    return weights
