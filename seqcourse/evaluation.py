"""What the verb `evaluate` does: score a translator on a corpus, one figure a line on standard output."""

from .vocabulary import UNSPACED

AT_ONCE = 256  # sentences between two moves of the progress bar


def evaluate(options):
    """Print BLEU and chrF of a translator on a part of a corpus: one figure a line, with its signature."""
    from . import scores
    from .corpora import corpus_names, load_corpus
    from .decoding import check_beam
    from .model_folder import names
    from .translator import Translator

    check_beam(options.beam, 1)
    if options.limit is not None and options.limit < 1:
        raise ValueError(f"--limit must be at least 1, not {options.limit}")
    corpus = load_corpus(options.corpus)
    if options.model is None and options.corpus not in names():
        raise ValueError(
            f"say which translator: --model NAME or FOLDER; there is {', '.join(names()) or 'none'}"
        )
    pairs = corpus.pairs(options.part)[: options.limit]
    if not pairs:
        raise ValueError(f"the part {options.part!r} of {corpus.name} is empty: choose another --part")
    if options.alignment and not pairs[0].alignment:
        raise ValueError(f"{corpus.name} does not know which words translate each other: no --alignment")
    translator = Translator.load(options.model or options.corpus)
    check_languages(translator, corpus, known=options.corpus in corpus_names())
    target = translator.target_tokenizer.language
    aligned = alignment_line(translator, corpus, pairs) if options.alignment else None
    hypotheses, references = translate_all(translator, pairs, options.beam), [pair.target for pair in pairs]
    print(scores.bleu(hypotheses, references, target))
    print(scores.chrf(hypotheses, references, target))
    groups = scores.by_length(pairs, hypotheses, target) if options.by_length else {}
    groups |= scores.by_tag(pairs, hypotheses, target) if options.by_tag else {}
    for name, (score, count) in groups.items():
        print(f"{score.measure}[{name}] {score.value:.1f} {count} sentences")
    if aligned:
        print(aligned)


def check_languages(translator, corpus, known):
    """Raise ValueError when a translator is not for a corpus; of a file, only zh and ja are `known`."""
    ours = translator.source_tokenizer.language, translator.target_tokenizer.language
    theirs = corpus.source_language, corpus.target_language
    if any(a != b and (known or b in UNSPACED) for a, b in zip(ours, theirs, strict=True)):
        ways = [f"from {source} to {target}" for source, target in (ours, theirs)]
        raise ValueError(f"the translator goes {ways[0]}, but {corpus.name} {ways[1]}")


def translate_all(translator, pairs, beam):
    """The translations of all sources, with a progress bar."""
    from tqdm.auto import tqdm

    texts = []
    with tqdm(total=len(pairs), desc="translating", unit="sentence", leave=False) as bar:
        for start in range(0, len(pairs), AT_ONCE):
            found = translator.translate([pair.source for pair in pairs[start : start + AT_ONCE]], beam)
            texts += [translation.text for translation in found]
            bar.update(len(found))
    return texts


def alignment_line(translator, corpus, pairs):
    """The alignment error rate of the best cross-attention head, as a line."""
    from .alignment import rate_of_best_head

    (layer, head), rate = rate_of_best_head(translator, corpus, pairs)
    return f"AER {rate:.3f} cross-attention, layer {layer}, head {head}, chosen on validation pairs"
