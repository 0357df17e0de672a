"""What training keeps in memory, counted by the sizes of its tensors."""

from torch.autograd.graph import saved_tensors_hooks


def kept_bytes(compute, weights=()):
    """The bytes of all tensors that `compute()` keeps for the backward pass; a shared storage counts once.

    weights: tensors that are there anyway, such as `layer.parameters()`; they are not counted.
    """
    kept = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        result = compute()
    there = {tensor.untyped_storage().data_ptr() for tensor in weights}
    del result  # held until here, so that no address was used twice
    return sum(size for address, size in kept.items() if address not in there)
