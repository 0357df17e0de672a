"""Learning-rate schedules: the share of the peak rate that a step gets; steps count from 1."""

import math


def inverse_square_root(step, steps, warmup):
    """Up in a straight line for `warmup` steps, then down with 1 / √step, however many `steps` follow.

    Vaswani et al. 2017, section 5.3, equation 3, scaled so that the peak is 1.
    """
    return min(step / warmup, math.sqrt(warmup / step))


def one_cycle(step, steps, warmup):
    """Up in a straight line for `warmup` steps, then down along half a cosine that ends after `steps`.

    Smith & Topin 2018, with a cosine for their line down (Loshchilov & Hutter 2017, equation 5).
    """
    if step <= warmup:
        return step / warmup
    return (1 + math.cos(math.pi * (step - warmup) / (steps + 1 - warmup))) / 2


SCHEDULES = {"one-cycle": one_cycle, "inverse-square-root": inverse_square_root}
