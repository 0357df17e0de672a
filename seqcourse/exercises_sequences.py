"""The exercises of lesson 01: what is right, and the mistakes that people make."""

import math
import random
from collections import Counter

import torch

from .batching import pad
from .exercise import Exercise, Mistake
from .scores import alignment_error_rate
from .vocabulary import BOS, EOS, PAD, UNK

# ---------------------------------------------------------------------------------- the target, twice


def drawn_rows(count):
    lengths = random.sample(range(2, 8), count)
    return ([random.sample(range(4, 30), length) for length in lengths],)


def shift_with(start=lambda row: [BOS, *row], end=lambda row: [*row, EOS], fill=pad):
    """An answer: how each row begins, how it ends, and how rows become a rectangle."""
    return lambda rows: (fill([start(row) for row in rows]), fill([end(row) for row in rows]))


def pad_left(rows):
    return pad([row[::-1] for row in rows]).flip(1)


def pad_with(filler):
    def fill(rows):
        longest = max(map(len, rows))
        return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])

    return fill


def cut_to_the_shortest(rows):
    return torch.tensor([row[: min(map(len, rows))] for row in rows])


def shift_of_padded(rows):
    whole = pad([[BOS, *row, EOS] for row in rows])
    return whole[:, :-1], whole[:, 1:]


def shift_by_place(rows):
    T = max(map(len, rows)) + 1
    tgt_in, tgt_out = torch.full((2, len(rows), T), PAD)
    for b, row in enumerate(rows):
        tgt_in[b, 0], tgt_out[b, len(row)] = BOS, EOS
        tgt_in[b, 1 : len(row) + 1] = tgt_out[b, : len(row)] = torch.tensor(row)
    return tgt_in, tgt_out


shifted_target = Exercise(
    "01",
    "shifted_target",
    shift_with(),
    {"one sentence": lambda: drawn_rows(1), "sentences of unlike length": lambda: drawn_rows(5)},
    [
        Mistake(
            "the two are the same, nothing is shifted",
            "tgt_in begins with BOS, tgt_out does not: at each place it holds the word that comes next.",
            lambda rows: (shift_with()(rows)[0],) * 2,
            seen="target[:] for target[1:]; the loss falls to nothing, and nothing is learnt (lesson 07)",
        ),
        Mistake(
            "the two are exchanged",
            "What goes in begins with BOS; what is to come out ends with EOS.",
            lambda rows: shift_with()(rows)[::-1],
            seen="a pair returned in the other order",
        ),
        Mistake(
            "BOS and EOS are exchanged",
            "BOS, <s>, opens tgt_in; EOS, </s>, closes tgt_out.",
            shift_with(lambda row: [EOS, *row], lambda row: [*row, BOS]),
            seen="the two ids are neighbours, 2 and 3; some models do begin with </s>",
        ),
        Mistake(
            "the end is missing: nothing tells the model when to stop",
            "After its last word a row of tgt_out has EOS.",
            shift_with(end=lambda row: row),
            seen="tgt_out taken to be the bare target; such a translator never stops",
        ),
        Mistake(
            "the beginning is missing: what goes in before the first word is written?",
            "A row of tgt_in is BOS and then all words; tgt_out is all words and then EOS.",
            shift_with(lambda row: row, lambda row: [*row[1:], EOS]),
            seen="x[:-1], x[1:] of language models, which have no </s> at hand",
        ),
        Mistake(
            "tgt_out is shifted by two places",
            "BOS is already one place more; the first word of the row is the first of tgt_out.",
            shift_with(end=lambda row: [*row[1:], EOS]),
            seen="BOS is set before the row and the row is cut, too: off by one",
        ),
        Mistake(
            "both have BOS and EOS",
            "tgt_in has BOS only, tgt_out has EOS only, so that they are equally long and one place apart.",
            shift_with(lambda row: [BOS, *row, EOS], lambda row: [BOS, *row, EOS]),
            seen="the specials are set once, for both, before the shift",
        ),
        Mistake(
            "short rows keep their EOS in tgt_in",
            "Cut before you pad: padded first, the cut takes a PAD from the short rows and leaves their EOS.",
            shift_of_padded,
            seen="trg[:, :-1] of a padded batch, as in bentrevett/pytorch-seq2seq; harmless, but not a shift",
        ),
        Mistake(
            "the padding stands on the left",
            "Fill up on the right: a sentence begins at place 0.",
            shift_with(fill=pad_left),
            seen="decoder-only models are padded on the left when they generate",
        ),
        Mistake(
            "rows are filled up with UNK",
            "An unknown word is a word; fill up with PAD, which is 0.",
            shift_with(fill=pad_with(UNK)),
            seen="the ids of <pad> and <unk> are neighbours, 0 and 1",
        ),
        Mistake(
            "rows are filled up with EOS",
            "Fill up with PAD, which is 0, so that masks and loss can leave it out.",
            shift_with(fill=pad_with(EOS)),
            seen="GPT-2 has no pad token, and many set pad_token = eos_token",
        ),
        Mistake(
            "the rows are cut to the shortest",
            "Nothing is lost: the short rows are filled up to the longest.",
            shift_with(fill=cut_to_the_shortest),
            seen="zip() stops at the shortest",
        ),
    ],
    right=[shift_by_place],
)

# ---------------------------------------------------------------------------------- byte-pair encoding


def pair_counts(words, weight=lambda count: count, pairs=lambda word: zip(word, word[1:], strict=False)):
    counts = Counter()
    for word, count in words.items():
        for pair in pairs(word):
            counts[pair] += weight(count)
    return counts


def merge_pair_in(word, pair, most=None, overlapping=False):
    """The symbols of a word with each occurrence of a pair made one, from the left, at most `most` times."""
    out, place = [], 0
    while place < len(word):
        if tuple(word[place : place + 2]) == pair and (most is None or most > 0):
            out.append("".join(pair))
            after = word[place + 1 : place + 3]
            place += 1 if overlapping and tuple(after) == pair else 2
            most = None if most is None else most - 1
        else:
            out.append(word[place])
            place += 1
    return tuple(out)


def merge_as_text(word, pair):
    return tuple(" ".join(word).replace(" ".join(pair), "".join(pair)).split(" "))


def merge_with(counting=pair_counts, choose=max, merging=merge_pair_in):
    """An answer: how pairs are counted, which is chosen, and how it is merged."""

    def answer(words):
        counts = counting(words)
        pair = choose(counts, key=counts.get)
        result = Counter()
        for word, count in words.items():
            result[merging(word, pair)] += count
        return dict(result)

    return answer


def counted_by_type(words):
    return pair_counts(words, weight=lambda count: 1)


def counted_once_a_word(words):
    return pair_counts(words, pairs=lambda word: sorted({*zip(word, word[1:], strict=False)}))


def merge_by_stack(words):
    """Another right way: pairs counted by place, and merged by a stack."""
    counts = Counter()
    for word, count in words.items():
        for place in range(len(word) - 1):
            counts[word[place], word[place + 1]] += count
    (pair, _), *_ = counts.most_common(1)
    result = {}
    for word, count in words.items():
        stack = []
        for symbol in word:
            if stack and (stack[-1], symbol) == pair:
                stack[-1] += symbol
            else:
                stack.append(symbol)
        result[tuple(stack)] = result.get(tuple(stack), 0) + count
    return result


def drawn_words(letters="abcd", most=40):
    size = random.randint(4, 6)
    words = {tuple(random.choices(letters, k=random.randint(4, 7))) for _ in range(size)}
    return {word: random.randint(1, most) for word in sorted(words)}


def one_most_frequent(counts):
    """Whether one pair is more frequent than any other, so that no choice among equals matters."""
    (_, first), (_, second), *_ = counts.most_common(2)
    return first > second


def tells_apart(words, *answers):
    """Whether words tell these answers from the right one, and have one most and one least frequent pair."""
    least = sorted(pair_counts(words).values())
    clear = (
        all(map(one_most_frequent, (f(words) for f in (pair_counts, counted_by_type, counted_once_a_word))))
        and least[0] < least[1]
    )
    return clear and all(answer(words) != merge_with()(words) for answer in answers)


def drawn_until(draw, *answers):
    while not tells_apart(words := draw(), *answers):
        pass
    return (words,)


def drawn_doubles():
    """Words in which the most frequent pair is a letter with itself, and overlaps."""
    return {**drawn_words(), ("b", "a", "a", "a", "c"): 300, ("a", "a", "a", "a"): 70}


def drawn_pieces():
    """Words that have been merged before: one symbol ends with the first letter of the most frequent pair."""
    x, y, z = random.sample("abcd", 3)
    return {
        **drawn_words(),
        (x + y, z, x, y): random.randint(50, 90),
        (y, z, x + y, x): random.randint(200, 300),
    }


merge_step = Exercise(
    "01",
    "merge_step",
    merge_with(),
    {
        "words of single letters": lambda: drawn_until(
            drawn_words,
            merge_with(counted_by_type),
            merge_with(counted_once_a_word),
            merge_with(merging=lambda w, p: merge_pair_in(w, p, most=1)),
        ),
        "a word like baaac": lambda: drawn_until(drawn_doubles),
        "words that have been merged before": lambda: drawn_until(
            drawn_pieces, merge_with(merging=merge_as_text)
        ),
    },
    [
        Mistake(
            "each word is counted once, however frequent it is",
            "A pair in a word that occurs 40 times occurs 40 times: add the word's count.",
            merge_with(counted_by_type),
            seen="counts[pair] += 1 in a loop over the different words",
        ),
        Mistake(
            "a pair that comes twice in a word is counted once",
            "In b a n a n a the pair a n comes twice: count every place.",
            merge_with(counted_once_a_word),
            seen="a set of pairs, or `in`",
        ),
        Mistake(
            "that is the rarest pair",
            "Take the pair with the largest count: max(counts, key=counts.get).",
            merge_with(choose=min),
            seen="sorted() runs from small to large, and [0] is taken",
        ),
        Mistake(
            "pieces overlap: in a a a the letter in the middle is used twice",
            "From left to right: after a merge go on behind it. a a a becomes aa a.",
            merge_with(merging=lambda word, pair: merge_pair_in(word, pair, overlapping=True)),
            seen="a loop over range(len(word)) that does not skip the second symbol",
        ),
        Mistake(
            "only the first place in each word is merged",
            "The pair is merged wherever it stands in the word.",
            merge_with(merging=lambda word, pair: merge_pair_in(word, pair, most=1)),
            seen="word.index(pair[0]), or replace(…, 1)",
        ),
        Mistake(
            "a piece is cut open: you merge text, and the pair matches within other symbols",
            "The pair `a n` also matches in the text `ba n`. Compare symbols, not text.",
            merge_with(merging=merge_as_text),
            seen="str.replace for the guarded expression of Sennrich et al. 2016, algorithm 1",
        ),
        Mistake(
            "the merged pair is still a pair",
            "The new symbol is one string: pair[0] + pair[1].",
            merge_with(
                merging=lambda word, pair: tuple(
                    pair if s == "".join(pair) else s for s in merge_pair_in(word, pair)
                )
            ),
            seen="the tuple itself is put into the word",
        ),
        Mistake(
            "the words are glued together again",
            "A word stays a tuple of symbols; only the pair becomes one symbol.",
            lambda words: {"".join(word): count for word, count in merge_with()(words).items()},
            seen="join() at the end",
        ),
        Mistake(
            "the counts are gone",
            "Every word keeps its count.",
            lambda words: dict.fromkeys(merge_with()(words), 1),
            seen="a new dict in which every word stands once",
        ),
    ],
    right=[merge_by_stack],
)

# ---------------------------------------------------------------------------------- IBM Model 1


def shared_out(p):
    """p: (S, T), how likely e is to bring f; each column becomes a distribution over the source words."""
    return p / p.sum(dim=0, keepdim=True)


def rows_summing_to_1(counts):
    return counts / counts.sum(dim=1, keepdim=True)


def em_with(expect=shared_out, maximize=rows_summing_to_1, start=torch.zeros_like):
    """An answer: the E-step of a sentence, the M-step, and what counting starts from."""

    def answer(table, examples):
        counts = start(table).clone()
        for source, target in examples:
            shares = expect(table[source][:, target])  # (S, T)
            for s, e in enumerate(source):
                for t, f in enumerate(target):
                    counts[e, f] += shares[s, t]
        return maximize(counts)

    return answer


def viterbi_shares(p):
    return torch.nn.functional.one_hot(p.argmax(dim=0), len(p)).T.to(p.dtype)


def em_without_repeats(table, examples):
    """`counts[source][:, target] +=` in one go: a word that comes twice in a sentence counts once."""
    counts = torch.zeros_like(table)
    for source, target in examples:
        counts[torch.tensor(source)[:, None], torch.tensor(target)] += shared_out(table[source][:, target])
    return rows_summing_to_1(counts)


def em_at_once(table, examples):
    """Another right way: all sentences are counted at once."""
    counts = torch.zeros_like(table)
    for source, target in examples:
        e, f = torch.cartesian_prod(torch.tensor(source), torch.tensor(target)).T
        counts.index_put_((e, f), shared_out(table[source][:, target]).flatten(), accumulate=True)
    return rows_summing_to_1(counts)


def drawn_table(count):
    """A random table (7, 5), and pairs in which every word occurs, some twice in a sentence."""
    table = rows_summing_to_1(torch.rand(7, 5) + 0.05)
    whole = [*range(7), random.randrange(7)], [*range(5), random.randrange(5)]
    random.shuffle(whole[0])
    pairs = [
        (random.choices(range(7), k=random.randint(2, 4)), random.choices(range(5), k=random.randint(2, 3)))
        for _ in range(count - 1)
    ]
    return table, [whole, *pairs]


em_step = Exercise(
    "01",
    "em_step",
    em_with(),
    {"one pair": lambda: drawn_table(1), "several pairs": lambda: drawn_table(5)},
    [
        Mistake(
            "the E-step is normalised over the wrong side",
            "For one target word the *source* words are rivals: their shares sum to 1.",
            em_with(lambda p: p / p.sum(dim=1, keepdim=True)),
            seen="which word is given, and which competes, is easily exchanged",
        ),
        Mistake(
            "the M-step is normalised over the wrong side",
            "t(f | e): for one source word the probabilities of all target words sum to 1, along a row.",
            em_with(maximize=lambda counts: counts / counts.sum(dim=0, keepdim=True)),
            seen="dim=0 for dim=1; that is t(e | f)",
        ),
        Mistake(
            "in the E-step nothing is shared out",
            "Divide by the sum over the source words, so that each target word is counted once in all.",
            em_with(lambda p: p),
            seen="the denominator of the E-step is forgotten: counts[e, f] += table[e, f]",
        ),
        Mistake(
            "the counts are not normalised",
            "The M-step divides each row by its sum.",
            em_with(maximize=lambda counts: counts),
            seen="the M-step is forgotten",
        ),
        Mistake(
            "each target word goes to its likeliest source word alone",
            "Shares, not decisions: every source word gets the part that it probably brought.",
            em_with(viterbi_shares),
            seen="argmax: that is Viterbi training, or hard EM",
        ),
        Mistake(
            "every source word gets the same share",
            "The shares depend on the table: table[e, f] / the sum of table[e', f].",
            em_with(lambda p: torch.ones_like(p) / len(p)),
            seen="1 / S: plain co-occurrence, which never gets better",
        ),
        Mistake(
            "the shares are made with softmax",
            "The table holds probabilities already: divide by their sum.",
            em_with(lambda p: p.softmax(dim=0)),
            seen="softmax wherever something is to sum to 1",
        ),
        Mistake(
            "all links of a sentence compete",
            "Each target word is shared out for itself: a sum for each, not one for the sentence.",
            em_with(lambda p: p / p.sum()),
            seen=".sum() without dim",
        ),
        Mistake(
            "the old table is counted in",
            "Counting starts from zeros; what the table knows is in the shares.",
            em_with(start=lambda table: table),
            seen="counts = table.clone()",
        ),
        Mistake(
            "only the last pair is counted",
            "Make the counts before the loop over the pairs, and normalise after it.",
            lambda table, examples: em_with()(table, examples[-1:]),
            seen="counts = zeros within the loop",
        ),
        Mistake(
            "a word that comes twice in a sentence is counted once",
            "counts[rows, columns] += x adds only once to an entry that is named twice; "
            "loop, or say index_put_ with accumulate=True.",
            em_without_repeats,
            seen="x[i] += y with repeated indices, in PyTorch and NumPy alike",
        ),
        Mistake(
            "the table lies on its side",
            "A row for each source word, a column for each target word.",
            lambda table, examples: em_with()(table, examples).T,
            seen="counts[f, e]",
        ),
    ],
    right=[em_at_once],
)

# ---------------------------------------------------------------------------------- alignment error rate


def drawn_links(as_possible):
    """Predicted, sure and possible links on 7 source and 5 target words; not all sure ones are found."""
    grid = [(s, t) for s in range(7) for t in range(5)]
    possible = random.sample(grid, 13)
    sure = possible[:5]
    other = [link for link in grid if link not in possible]
    predicted = {*random.sample(sure, 3), *random.sample(possible[5:], 2), *random.sample(other, 2), other[0]}
    return predicted, set(sure), set(possible if as_possible else sure)


def one_minus(right, all_links):
    return lambda a, s, p: 1 - right(a, s, p) / all_links(a, s, p)


def turned_links(links):
    return {(t, s) for s, t in links}


error_rate = Exercise(
    "01",
    "error_rate",
    alignment_error_rate,
    {
        "all possible links sure": lambda: drawn_links(False),
        "links that are only possible": lambda: drawn_links(True),
    },
    [
        Mistake(
            "that is how much is right",
            "An error rate is 1 minus that: 0 is perfect.",
            lambda a, s, p: 1 - alignment_error_rate(a, s, p),
            seen="the `1 -` is forgotten",
        ),
        Mistake(
            "sure and possible are exchanged",
            "Below stands |A| + |S|: only what is sure can be missing.",
            one_minus(lambda a, s, p: len(a & s) + len(a & p), lambda a, s, p: len(a) + len(p)),
            seen="the two sets in the wrong order; above the line it makes no difference, below it does",
        ),
        Mistake(
            "possible links are counted as wrong",
            "The second part above the line is |A ∩ P|.",
            one_minus(lambda a, s, p: 2 * len(a & s), lambda a, s, p: len(a) + len(s)),
            seen="1 - F1, which it is where every possible link is sure",
        ),
        Mistake(
            "sure links are not looked at",
            "The first part above the line is |A ∩ S|, and below it stands |S|.",
            one_minus(lambda a, s, p: 2 * len(a & p), lambda a, s, p: len(a) + len(p)),
            seen="1 - F1 with the larger set",
        ),
        Mistake(
            "what is missing costs nothing",
            "That is 1 - precision: add |A ∩ S| above the line and |S| below it.",
            one_minus(lambda a, s, p: len(a & p), lambda a, s, p: len(a)),
            seen="the share of the predicted links that are wrong",
        ),
        Mistake(
            "what is too much costs nothing",
            "That is 1 - recall: add |A ∩ P| above the line and |A| below it.",
            one_minus(lambda a, s, p: len(a & s), lambda a, s, p: len(s)),
            seen="the share of the sure links that are missing",
        ),
        Mistake(
            "a sure link that is found counts once",
            "It is sure and possible: it counts twice above the line, as it does below, in |A| and |S|.",
            one_minus(lambda a, s, p: len(a & p), lambda a, s, p: len(a) + len(s)),
            seen="P read as what is possible and not sure",
        ),
        Mistake(
            "you divide by the union",
            "|A| + |S| counts a link that is in both twice; |A ∪ S| counts it once.",
            one_minus(lambda a, s, p: len(a & s) + len(a & p), lambda a, s, p: len(a | s)),
            seen="the Jaccard index, another measure of two sets",
        ),
        Mistake(
            "source and target are exchanged",
            "A link is (source index, target index) in all three sets: compare them as they are.",
            lambda a, s, p: alignment_error_rate(turned_links(a), s, p),
            seen="an attention map is (target, source), links are (source, target)",
        ),
    ],
    right=[
        lambda a, s, p: 1 - (sum(x in s for x in a) + sum(x in p for x in a)) / (len(a) + len(s)),
    ],
)

# ---------------------------------------------------------------------------------- BLEU


def ngram_counts(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def clipped_hits(found, wanted):
    return sum((found & wanted).values())


def unclipped_hits(found, wanted):
    return sum(count for run, count in found.items() if run in wanted)


def set_hits(found, wanted):
    return len(found.keys() & wanted.keys())


def ngram_precision(hypotheses, references, n, right=clipped_hits):
    pairs = [(ngram_counts(h, n), ngram_counts(r, n)) for h, r in zip(hypotheses, references, strict=True)]
    return sum(right(found, wanted) for found, wanted in pairs) / sum(f.total() for f, _ in pairs)


def geometric_mean(precisions):
    return math.prod(precisions) ** (1 / len(precisions))


def penalty_for_short(c, r):
    return min(1.0, math.exp(1 - r / c))


def bleu_with(right=clipped_hits, mean=geometric_mean, brevity=penalty_for_short, orders=(1, 2, 3, 4)):
    """An answer: how runs are counted, how precisions are averaged, and what being short costs."""

    def answer(hypotheses, references):
        c, r = (sum(map(len, texts)) for texts in (hypotheses, references))
        return 100 * brevity(c, r) * mean([ngram_precision(hypotheses, references, n, right) for n in orders])

    return answer


def mean_of_sentence_scores(hypotheses, references):
    scores = [bleu_with()([h], [r]) for h, r in zip(hypotheses, references, strict=True)]
    return sum(scores) / len(scores)


def bleu_by_logarithms(hypotheses, references):
    """Another right way: one pass, and logarithms, as in the paper."""
    hits, all_runs = [0] * 4, [0] * 4
    for h, r in zip(hypotheses, references, strict=True):
        for n in range(1, 5):
            left = [tuple(r[i : i + n]) for i in range(len(r) - n + 1)]
            for run in [tuple(h[i : i + n]) for i in range(len(h) - n + 1)]:
                all_runs[n - 1] += 1
                if run in left:
                    left.remove(run)
                    hits[n - 1] += 1
    c, r = sum(map(len, hypotheses)), sum(map(len, references))
    logs = [math.log(a / b) for a, b in zip(hits, all_runs, strict=True)]
    return 100 * math.exp(min(0, 1 - r / c) + sum(logs) / 4)


def drawn_texts(cut):
    """Three references of 7 to 11 words out of five, and what a poor translator makes of them."""
    references = [random.choices("abcde", k=random.randint(7, 11)) for _ in range(3)]
    hypotheses = [[random.choice("abcde") if random.random() < 0.15 else w for w in r] for r in references]
    hypotheses[0] = references[0][:7]  # at least one run of four is right
    return [h[: len(h) - 2] if cut else h + random.choices("abcde", k=4) for h in hypotheses], references


corpus_bleu = Exercise(
    "01",
    "corpus_bleu",
    bleu_with(),
    {
        "translations that are too short": lambda: drawn_texts(cut=True),
        "translations that are too long": lambda: drawn_texts(cut=False),
    },
    [
        Mistake(
            "a run may be found more often than the reference has it",
            "Clip: count each run at most as often as the reference has it, as `a & b` of two Counters does.",
            bleu_with(unclipped_hits),
            seen="`if run in reference`; then the the the the is a perfect text",
        ),
        Mistake(
            "each different run counts once",
            "A run that is right twice counts twice, if the reference has it twice.",
            bleu_with(set_hits),
            seen="sets for Counters",
        ),
        Mistake(
            "the brevity penalty punishes the long",
            "It is exp(1 - r / c), at most 1: c is the length of the translations, r of the references.",
            bleu_with(brevity=lambda c, r: min(1.0, math.exp(1 - c / r))),
            seen="c and r exchanged",
        ),
        Mistake(
            "there is no brevity penalty",
            "Multiply by exp(1 - r / c) where the translations are shorter than their references.",
            bleu_with(brevity=lambda c, r: 1.0),
            seen="forgotten; then one word that is right is the best translation",
        ),
        Mistake(
            "long translations get a bonus",
            "The penalty is at most 1: being long costs enough in the precisions.",
            bleu_with(brevity=lambda c, r: math.exp(1 - r / c)),
            seen="the `min(1, …)` is forgotten",
        ),
        Mistake(
            "the brevity penalty has no exp",
            "It is exp(1 - r / c), not c / r.",
            bleu_with(brevity=lambda c, r: min(1.0, c / r)),
            seen="the ratio itself, which is what one would invent",
        ),
        Mistake(
            "translations and references are exchanged",
            "Precision divides by the runs of the *translation*.",
            lambda hypotheses, references: bleu_with()(references, hypotheses),
            seen="the arguments in the other order: sacrebleu takes translations first, nltk references",
        ),
        Mistake(
            "that is the plain mean of the four precisions",
            "The geometric mean: the fourth root of their product.",
            bleu_with(mean=lambda precisions: sum(precisions) / 4),
            seen="sum(p) / 4",
        ),
        Mistake(
            "the fourth root is missing",
            "(p1 · p2 · p3 · p4) ** (1/4).",
            bleu_with(mean=math.prod),
            seen="the product alone",
        ),
        Mistake(
            "only runs of four are counted",
            "Runs of 1, 2, 3 and 4 words, each with its own precision.",
            bleu_with(orders=(4,)),
            seen="n = 4 read as the whole of BLEU-4",
        ),
        Mistake(
            "runs of four are left out",
            "Runs of 1, 2, 3 and 4 words: range(1, 5).",
            bleu_with(orders=(1, 2, 3)),
            seen="range(1, 4) ends before 4",
        ),
        Mistake(
            "that is the mean of the sentences' scores",
            "Sum the counts over all sentences first, and divide once.",
            mean_of_sentence_scores,
            seen="sentence_bleu in a loop, in many evaluation scripts",
        ),
        Mistake(
            "the score runs from 0 to 1",
            "Ours run from 0 to 100: times 100.",
            lambda hypotheses, references: bleu_with()(hypotheses, references) / 100,
            seen="nltk gives a share, sacrebleu a number up to 100",
        ),
    ],
    right=[bleu_by_logarithms],
)
