"""What the numbers of every model must satisfy, whatever its architecture."""

from dataclasses import fields


def check_whole_numbers(config):
    """Raise ValueError unless every size of a config is a whole number of at least 1."""
    for field in fields(config):
        number = getattr(config, field.name)
        if field.type is int and not field.name.endswith("_id") and (type(number) is not int or number < 1):
            raise ValueError(f"{field.name} must be a whole number of at least 1, not {number!r}")


def check_share(name, share):
    """Raise ValueError unless a share is at least 0 and below 1."""
    if not 0 <= share < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, not {share!r}")


def check_choice(name, choice, known):
    """Raise ValueError unless a choice is one of those there are."""
    if choice not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not {choice!r}")


def check_tokens(config):
    """Raise ValueError unless padding, `<s>` and `</s>` are tokens of both vocabularies."""
    for name in ("pad_id", "bos_id", "eos_id"):
        if not 0 <= getattr(config, name) < min(config.src_vocab_size, config.tgt_vocab_size):
            raise ValueError(f"{name} = {getattr(config, name)!r} is not a token of both vocabularies")
