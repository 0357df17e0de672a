"""What the verb `data` does: list the corpora, print pairs of one, or fetch one."""

from .commands import say


def data(options):
    """List the corpora, print pairs of one as lines of source, tab, target, or fetch one."""
    from .corpora import load_corpus

    if options.corpus == "fetch":
        fetch(options.name)
    elif options.name:
        raise ValueError(f"{options.name} is one word too many: say data CORPUS, or data fetch CORPUS")
    elif options.corpus:
        for pair in load_corpus(options.corpus).pairs(options.part)[: max(0, options.n)]:
            print(f"{pair.source}\t{pair.target}")
    else:
        list_corpora()


def list_corpora():
    """Print name, languages, sizes, terms and whereabouts of each corpus; read and fetch nothing."""
    from .corpora import known_corpora
    from .data_folder import data_folder, missing

    for name, known in known_corpora().items():
        languages = " to ".join(name.split("-")[1:])
        licence, place = "CC BY 4.0", "comes with the course"
        if known.origin:
            megabytes = sum(file.size for file in missing(known.origin)) / 1e6
            licence, place = known.origin.licence, f"to fetch, {megabytes:.1f} MB" if megabytes else "is here"
        print(f"{name}\t{languages}\t{known.sizes}\t{licence}\t{place}")
    say(f"python -m seqcourse data fetch NAME fetches one into {data_folder()}")


def fetch(name):
    """Fetch what is not here yet of a corpus, read it to see that it is sound, and print where it lies."""
    from .corpora import known_corpora, load_corpus, sizes_in_words
    from .data_folder import data_folder

    known = known_corpora()
    if name not in known:
        raise ValueError(f"fetch which corpus? One of {', '.join(n for n in known if known[n].origin)}")
    if not (origin := known[name].origin):
        say(f"{name} comes with the course: there is nothing to fetch")
        return
    corpus = load_corpus(name)
    sizes = sizes_in_words({part: len(corpus.pairs(part)) for part in corpus.parts})
    say(f"{name}: {sizes}; {origin.licence}, see {origin.page}")
    for file in origin.files:
        print(data_folder() / file.name)
