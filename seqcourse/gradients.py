"""Asking an answer twice over: what does it give back, and what would it teach?"""

import torch


def results_and_gradients(answer, *given):
    """What an answer gives, and what it teaches: one that is cut off from the gradient teaches nothing.

    The gradients are those with respect to all tensors of real numbers among the arguments.
    """
    leaves = [item.clone().requires_grad_() if is_real(item) else item for item in given]
    handed = [leaf.clone() if is_real(leaf) else leaf for leaf in leaves]
    result = answer(*handed)
    for before, after in zip(given, handed, strict=True):
        if is_real(before):
            before.copy_(after.detach())  # what is changed in place is to be seen
    gradients = gradients_of(result, [leaf for leaf in leaves if is_real(leaf)])
    return {"what it returns": result, "whether gradients flow": bool(gradients), "the gradients": gradients}


def is_real(item):
    return isinstance(item, torch.Tensor) and item.is_floating_point()


def gradients_of(result, leaves):
    """The gradients of a number made of all results, or none where they are cut off."""
    parts = result if isinstance(result, tuple | list) else [result]
    flowing = [part for part in parts if isinstance(part, torch.Tensor) and part.requires_grad]
    if not flowing:
        return []
    number = sum(part.sin().sum() for part in flowing)
    try:
        return list(torch.autograd.grad(number, leaves, materialize_grads=True))
    except RuntimeError:  # something that is needed on the way back was overwritten
        return []
