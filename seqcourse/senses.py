"""English words of the toy corpus that have two senses or more, and which one a sentence means."""

SENSES = {  # by the Chinese word for each sense: it stands in the gold alignment
    "bat": ("蝙蝠", "球棒"),
    "bats": ("蝙蝠", "球棒"),
    "light": ("灯", "轻", "亮"),
    "watch": ("看", "手表"),
    "old": ("老", "旧"),
    "wearing": ("穿", "戴"),
}


def sense_examples(pairs):
    """Every word of `SENSES` in the English side of English-Chinese pairs: (words, its place, its sense).

    A pair without alignment has none.
    """
    examples = []
    for pair in pairs:
        linked = {}
        for source, target in pair.alignment:
            linked.setdefault(source, set()).add(pair.target_tokens[target])
        for place, word in enumerate(pair.source_tokens):
            meant = [sense for sense in SENSES.get(word, ()) if sense in linked.get(place, ())]
            examples += [(list(pair.source_tokens), place, sense) for sense in meant]
    return examples
