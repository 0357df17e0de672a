"""The layers of the Transformer: what happens around attention."""

from torch import nn

from .attention import MultiHeadAttention

ACTIVATIONS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


class Sublayer(nn.Module):
    """Wrap a function f in dropout, a residual connection and LayerNorm: norm(x + f(x)), or x + f(norm(x)).

    x: (B, T, D) -> (B, T, D)
    Vaswani et al. 2017, sections 3.1 and 5.4 (norm after); Xiong et al. 2020, figure 1 (norm first).
    """

    def __init__(self, config):
        super().__init__()
        self.norm = nn.LayerNorm(config.d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.norm_first, self.residual = config.norm_first, config.residual

    def forward(self, x, f):
        y = self.dropout(f(self.norm(x) if self.norm_first else x))
        y = x + y if self.residual else y
        return y if self.norm_first else self.norm(y)


def feed_forward(config):
    """Two linear layers that see each position alone: (B, T, D) -> (B, T, D).

    Vaswani et al. 2017, section 3.3, equation 2; their ReLU is our `config.activation`.
    """
    return nn.Sequential(
        nn.Linear(config.d_model, config.dim_feedforward),
        ACTIVATIONS[config.activation](),
        nn.Linear(config.dim_feedforward, config.d_model),
    )


class EncoderLayer(nn.Module):
    """Every word looks at every word of its sentence, then thinks for itself: (B, S, D) -> (B, S, D)."""

    def __init__(self, config):
        super().__init__()
        self.self_attention = MultiHeadAttention(
            config.d_model, config.nhead, rotary=config.positions == "rotary"
        )
        self.feed_forward = feed_forward(config)
        self.looking, self.thinking = Sublayer(config), Sublayer(config)

    def forward(self, x, mask, record=None):
        x = self.looking(x, lambda y: self.self_attention(y, y, mask, record))
        return self.thinking(x, self.feed_forward)


class DecoderLayer(nn.Module):
    """Look back at the words written so far, look over at the source, then think: (B, T, D) -> (B, T, D).

    `record` is a pair of lists, for the weights of looking back and of looking over.
    """

    def __init__(self, config):
        super().__init__()
        self.self_attention = MultiHeadAttention(
            config.d_model, config.nhead, rotary=config.positions == "rotary"
        )
        self.cross_attention = MultiHeadAttention(config.d_model, config.nhead)
        self.feed_forward = feed_forward(config)
        self.looking_back, self.looking_over, self.thinking = (
            Sublayer(config),
            Sublayer(config),
            Sublayer(config),
        )

    def forward(self, x, memory, mask, memory_mask, record=(None, None)):
        x = self.looking_back(x, lambda y: self.self_attention(y, y, mask, record[0]))
        x = self.looking_over(x, lambda y: self.cross_attention(y, memory, memory_mask, record[1]))
        return self.thinking(x, self.feed_forward)
