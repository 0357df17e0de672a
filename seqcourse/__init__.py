"""seqcourse: sequence models and attention, built step by step."""

__version__ = "0.1.0"
