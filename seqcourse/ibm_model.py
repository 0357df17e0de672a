"""IBM Model 1: a dictionary that learns from sentences and their translations, by counting alone."""

import torch


def ibm_model_1(examples, source_size, target_size, iterations=10):
    """Learn by EM which word translates which: the table t(f | e), and the loss before each iteration.

    examples: (source ids with </s>, target ids bare), as `encode_pairs` gives them; </s> is the NULL word.
    table: (source_size, target_size), double; a row sums to 1, or is 0 where its word was never seen.
    The loss is the mean surprise at a target token, in nats. ValueError if there is no target token.
    Brown et al. 1993, "The Mathematics of Statistical Machine Translation", section 4.1 and appendix B.1.
    """
    e, f, token = possible_links(examples)  # (L,) each
    rivals = torch.bincount(token)  # how many source words compete for each target token
    table = torch.full((source_size, target_size), 1 / target_size, dtype=torch.double)
    losses = []
    for _ in range(iterations):
        p = table[e, f]  # (L,)
        total = torch.bincount(token, weights=p)  # summed over the rivals
        losses.append(-(total / rivals).log().mean().item())
        counts = torch.bincount(e * target_size + f, weights=p / total[token], minlength=table.numel())
        counts = counts.view_as(table)
        table = counts / counts.sum(dim=1, keepdim=True).clamp(min=1e-300)  # unseen words: zeros, not NaN
    return table, losses


def possible_links(examples):
    """Every source word with every target word of its pair: L links as three LongTensors (L,).

    The source word e and the target word f of each link, and the number of its target token: links with the
    same number are rivals. ValueError if there is no target token.
    """
    e = [s for source, target in examples for _ in target for s in source]
    f = [t for source, target in examples for t in target for _ in source]
    widths = torch.tensor([len(source) for source, target in examples for _ in target])
    if not e:
        raise ValueError("there is nothing to learn from: no pair has words on both sides")
    return torch.tensor(e), torch.tensor(f), torch.arange(len(widths)).repeat_interleave(widths)


def alignment_map(table, source_ids, target_ids):
    """From which source word each target word comes, says the table: (T, S); a row sums to 1.

    A row of zeros is a target word that no source word of this sentence has ever been seen with.
    """
    p = table[source_ids][:, target_ids].T  # (T, S)
    return p / p.sum(dim=1, keepdim=True).clamp(min=1e-300)
