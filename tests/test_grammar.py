"""The engine of the toy grammar: what it reads, what it refuses, and what it says about its sentences."""

import random
import re

import pytest

from seqcourse import inflection
from seqcourse.grammar import GrammarError, tags
from seqcourse.grammar_counting import count_sentences
from seqcourse.grammar_file import read_grammar
from seqcourse.shipped import shipped

SMALL = """\
noun animal: cat | 猫 māo 只 | un chat
noun animal: owl | 猫头鹰 māotóuyīng 只 | une chouette
noun thing: book | 书 shū 本 | un livre
noun thing: tree | 树 shù 棵 | un arbre
adj post thing: red | 红色+的 hóngsè | rouge
verb see animal -> thing: see sees seeing saw seen | 看见 kànjiàn | voir vois voit voyons voient vu
word number: two | 两 liǎng | deux
table LE = le/l' la/l' les les
join de + le = du
gloss zh 的 de (of)
gloss zh 只 zhī (classifier)
gloss zh 本 běn (classifier)
gloss zh 棵 kē (classifier)
S -> s:NP{f.who,k} v:see{f} o:NP{f.what,j} tags=seen,zh:only_zh pairs=v.o
  en s v.s@s o
  zh s v o
  fr s v.present@s o
NP{t,sg} -> n:noun{t,sg}
  en the~fr1 n
  zh n
  fr LE@n~fr1 n
NP{t,pl} -> n:noun{t,pl} m:number
  en m n
  zh m n.cl~m n
  fr m n
NP{t,pl} -> n:noun{t,pl} a:post{t} m:number
  en m a n
  zh m n.cl~m a.att n
  fr m n a@n
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "small.txt"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def sentences(grammar, language, count=3000):
    """{English: (translation, links)} of many derivations."""
    rng = random.Random("test")
    pairs = [grammar.pair(grammar.sample(rng.random), language) for _ in range(count)]
    return {pair.source: pair for pair in pairs}


def test_number_gender_and_elision_follow_the_noun(write):
    said = sentences(read_grammar(write(SMALL)), "fr")
    assert said["The cat sees the tree"].target == "Le chat voit l'arbre"
    assert said["The owl sees the book"].target == "La chouette voit le livre"
    assert said["Two cats see two red trees"].target == "Deux chats voient deux arbres rouges"


def test_a_classifier_is_that_of_a_noun_further_on(write):
    said = sentences(read_grammar(write(SMALL)), "zh")
    assert said["The cat sees two red books"].target == "猫看见两本红色的书"
    assert said["Two owls see two red trees"].target == "两只猫头鹰看见两棵红色的树"


def test_links_are_those_of_the_rules(write):
    pair = sentences(read_grammar(write(SMALL)), "zh")["The cat sees two red books"]
    assert pair.target_tokens == ("猫", "看见", "两", "本", "红色", "的", "书")
    assert pair.alignment == {(1, 0), (2, 1), (3, 2), (3, 3), (4, 4), (4, 5), (5, 6)}  # the: nothing


def test_a_contraction_is_linked_to_both_halves(write):
    text = SMALL + "S -> n:noun{animal,sg}\n  en of~d the~l n\n  zh 的~d,l n\n  fr de/d'~d LE@n~l n\n"
    said = sentences(read_grammar(write(text)), "fr")
    assert said["Of the cat"].target_tokens == ("du", "chat")
    assert said["Of the cat"].alignment == {(0, 0), (1, 0), (2, 1)}
    assert said["Of the owl"].target_tokens == ("de", "la", "chouette")


def test_tags_may_belong_to_one_language(write):
    grammar = read_grammar(write(SMALL))
    tree = grammar.sample(random.Random(7).random)
    assert tags(tree, "zh") == {"seen", "only_zh"} and tags(tree, "fr") == {"seen"}


def test_counting_agrees_with_writing_all_sentences_down(write):
    grammar = read_grammar(write(SMALL))
    counts = count_sentences(grammar, 9)
    by_length = {}
    for source in sentences(grammar, "zh"):
        by_length[len(source.split())] = by_length.get(len(source.split()), 0) + 1
    assert {n: ways for n, ways in enumerate(counts) if ways} == by_length


def test_counting_holds_for_a_grammar_that_goes_on_for_ever(write):
    text = SMALL.replace("S -> s:NP", "S -> c:CLAUSE\n  en c\n  zh c\n  fr c\nCLAUSE -> s:NP")
    text += "CLAUSE -> a:CLAUSE b:CLAUSE\n  en a and~x b\n  zh a ，~x b\n  fr a et~x b\n"
    counts = count_sentences(read_grammar(write(text)), 11)
    # five tokens: the or two cats see the or two books; eleven: twice that and "and"
    assert counts[5] == (2 * 2) * (2 * 2) and counts[11] == counts[5] ** 2


def test_counting_takes_head_words_that_must_differ_from_two_halves_of_the_lexicon(write):
    one = SMALL.replace("animal: owl", "animal: fox").replace("animal: cat", "animal: bear")
    one = "noun animal: duck | 鸭子 yāzi 只 | un canard\n" + one
    two = one.replace("S -> s:NP", "S -> c:TWO\n  en c\n  zh c\n  fr c\nCLAUSE -> s:NP")
    two += "TWO -> a:CLAUSE b:CLAUSE apart=a.b\n  en a and~x b\n  zh a ，~x b\n  fr a et~x b\n"
    lengths = {"even": [], "odd": []}  # by the letters of the animal that sees: bears and ducks, and the fox
    for source in sentences(read_grammar(write(one)), "zh"):
        lengths["odd" if "fox" in source.lower() else "even"].append(len(source.split()))
    expected = sorted(a + 1 + b for a in lengths["even"] for b in lengths["odd"]) * 2
    counts = count_sentences(read_grammar(write(two)), 15)
    assert [n for n, ways in enumerate(counts) for _ in range(ways)] == sorted(expected)


def test_chinese_may_say_a_noun_once_more_with_a_link_of_its_own(write):
    text = SMALL + "S -> s:NP{animal,sg} o:NP{thing,sg}\n"
    text += "  en s and~c o ,~0 for~w it~i\n  zh s ，~c o ，~w o.again~i\n  fr s et~c o car~w il~i\n"
    pair = sentences(read_grammar(write(text)), "zh")["The owl and the book, for it"]
    assert pair.target_tokens == ("猫头鹰", "，", "书", "，", "书")
    assert {(7, 4), (4, 2)} <= pair.alignment and (7, 2) not in pair.alignment
    with pytest.raises(GrammarError, match="only a noun's classifier and its repetition do"):
        read_grammar(write(text.replace("o.again~i", "o.twice~i")))


def test_sentences_that_grow_without_end_are_refused(write):
    text = SMALL.replace("S -> s:NP", "S -> c:CLAUSE\n  en c\n  zh c\n  fr c\nCLAUSE -> s:NP")
    text += "CLAUSE -> a:CLAUSE b:CLAUSE weight=99\n  en a and~x b\n  zh a ，~x b\n  fr a et~x b\n"
    with pytest.raises(GrammarError, match="grew without end"):
        sentences(read_grammar(write(text)), "zh")


def test_head_words_that_must_differ_do(write):
    text = SMALL.replace("S -> s:NP{f.who,k} v:see{f} o:NP{f.what,j}", "S -> s:NP{t,sg} o:NP{t,sg} apart=s.o")
    for verb, word in (("pairs=v.o", ""), ("v.s@s", "is~v"), ("v.present@s", "est~v"), ("s v o", "s 是~v o")):
        text = text.replace(verb, word)
    said = sentences(read_grammar(write(text + "gloss zh 是 shì is\n")), "zh", 500)
    assert said and all(len(set(source.lower().split()) - {"the", "is"}) == 2 for source in said)


LOOP = "X -> x:X\n  en a~1 x\n  zh 本~1 x\n  fr a~1 x\n"
TWICE = "noun thing: book | 书 shū 本 | un livre\nnoun thing: tree"
NP = "NP{t,sg} -> n:noun{t,sg}\n  en the~fr1 n\n  zh n\n  fr LE@n~fr1 n\n"
BAD = {  # what is wrong -> (text to replace, replacement, text of the line complained of, reason)
    "unknown symbol": ("s:NP{f.who,k} v", "s:NX{f.who,k} v", "S ->", "unknown symbol: NX"),
    "unknown type": (
        "verb see animal -> thing", "verb see animal -> thang", "verb see", "unknown type: thang"
    ),
    "unknown type, adj": ("adj post thing", "adj post thong", "adj post", "unknown type: thong"),
    "unknown table": ("fr LE@n~fr1 n", "fr LA@n~fr1 n", "  fr LA@n", "unknown table: LA"),
    "cycle": (NP, NP + "NP{t,sg} -> n:NP{t,sg}\n  en n\n  zh n\n  fr n\n", "NP{t,sg} -> n:NP", "cycle"),
    "cycle of types": (
        "noun animal: c", "type one = two\ntype two = one\nnoun animal: c", "type one", "cycle"
    ),
    "no end": ("S -> s", "S -> x:X\n  en x\n  zh x\n  fr x\n" + LOOP + "S -> s", "X -> x", "infinite"),
    "link on one side": (
        "  zh n\n  fr LE@n~fr1 n", "  zh n\n  fr LE@n~x n", "  en the~fr1", "unbalanced alignment: ~fr1"
    ),
    "link that ends nowhere": ("en the~fr1 n", "en the~fr2 n", "  en the~fr2", "unbalanced alignment: ~fr2"),
    "missing link": ("en the~fr1 n", "en the n", "  en the n", "neither a slot nor linked"),
    "slot on one side only": ("  zh s v o", "  zh s v", "  zh s v", "unbalanced: slot o stands 0 times"),
    "slot twice": ("  zh s v o", "  zh s v o o", "  zh s v o o", "unbalanced: slot o stands 2 times"),
    "missing side": ("  fr s v.present@s o\n", "", "S ->", "no fr side"),
    "duplicate word": ("noun thing: tree", TWICE, TWICE, "duplicate word: book"),
    "missing feature": ("en s v.s@s o", "en s v.s o", "  en s v.s o", "missing feature"),
    "missing second form": ("zh s v o", "zh s v.res o", "verb see", "missing feature: see has no form .res"),
    "agreement with nothing": ("en s v.s@s o", "en s v.s@x o", "  en s v.s@x", "no slot of this rule"),
    "missing classifier": ("书 shū 本", "书 shū", "noun thing: book", "missing classifier"),
    "missing gender": ("un livre", "livre", "noun thing: book", "missing gender"),
    "missing pinyin": ("书 shū 本", "书", "noun thing: book", "missing pinyin"),
    "sound of classifier": ("gloss zh 本 běn (classifier)\n", "", "noun thing: book", "missing pinyin"),
    "too few parts": ("un livre", "", "noun thing: book", "a word is written"),
    "forms of a verb": ("voir vois voit voyons voient vu", "voir", "verb see", "not in -er"),
    "forms of an adjective": ("| rouge", "| rouge rouge rouge", "adj post", "1, 2 or 4 forms"),
    "unknown line": ("table LE", "tabel LE", "tabel LE", "'tabel' begins no line"),
    "bad table": ("le/l' la/l' les les", "le/l'", "table LE", "a table is written"),
    "bad slot": ("n:noun{t,sg}\n", "noun{t,sg}\n", "NP{t,sg} ->", "a slot is written"),
    "bad weight": ("pairs=v.o", "weight=many", "S ->", "weight= is a number"),
    "bad option": ("pairs=v.o", "wait=2", "S ->", "not wait="),
    "indented line alone": ("noun animal: cat", "  noun animal: cat", "  noun animal: cat", "indented"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
def test_a_bad_grammar_is_refused_with_file_line_and_reason(write, wrong):
    old, new, place, reason = BAD[wrong]
    assert SMALL.count(old) >= 1
    text = SMALL.replace(old, new, 1)
    path = write(text)
    with pytest.raises(GrammarError) as error:
        read_grammar(path)
    line = text[: text.index(place)].count("\n") + 1
    assert str(error.value).startswith(f"{path}:{line}: "), str(error.value)
    assert reason in str(error.value)


def test_an_empty_file_and_one_that_is_no_text_are_refused(write):
    with pytest.raises(GrammarError, match=r"small.txt:1: there is no rule"):
        read_grammar(write(""))
    path = write("")
    path.write_bytes("noun thing: café".encode("latin-1"))
    with pytest.raises(GrammarError, match="UTF-8"):
        read_grammar(path)


def test_the_word_and_the_rule_of_the_readme_can_be_added(tmp_path):
    readme = shipped("README.md").read_text(encoding="utf-8")
    word, rule = (
        re.search(rf"## Add a {what}\n.*?```\n(.*?)```", readme, re.DOTALL)[1] for what in ("word", "rule")
    )
    grammar = shipped("grammar.txt").read_text(encoding="utf-8")
    path = tmp_path / "mine.txt"
    path.write_text(grammar + word + rule, encoding="utf-8")
    mine = read_grammar(path)
    rng = random.Random("mine")
    pairs = [mine.pair(mine.sample(rng.random), "fr") for _ in range(20_000)]
    assert any(" le hamster" in pair.target for pair in pairs) and not any(
        "l'hamster" in pair.target for pair in pairs
    )
    assert any(re.match("The \\w+ is waiting for the hamster", pair.source) for pair in pairs)


def test_regular_forms_are_made():
    assert (
        inflection.english_noun("box")["pl"] == "boxes" and inflection.english_noun("city")["pl"] == "cities"
    )
    assert inflection.english_noun("boy")["pl"] == "boys"
    assert inflection.english_verb("look_at")["third"] == "looks_at"
    assert (
        inflection.english_verb("carry")["past"] == "carried"
        and inflection.english_verb("close")["ing"] == "closing"
    )
    assert inflection.french_noun("un", "gâteau") == ("m", {"sg": "gâteau", "pl": "gâteaux"})
    assert inflection.french_adjective("petit") == ("petit", "petite", "petits", "petites")
    assert inflection.french_adjective("gris", "grise", "gris", "grises")[2] == "gris"
    assert inflection.french_verb("manger")["present"] == (
        "mange",
        "manges",
        "mange",
        "mangeons",
        "mangez",
        "mangent",
    )
    assert inflection.french_verb("lancer")["present"][3] == "lançons"
    assert inflection.french_verb("lire", "lis", "lit", "lisons", "lisent", "lu")["present"][1:5:3] == (
        "lis",
        "lisez",
    )
