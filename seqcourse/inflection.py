"""Regular English and French forms, so that the toy grammar writes down only what is irregular.

A function takes the forms written in the grammar and returns all, or raises ValueError. A form is a string;
several words are joined by `_` (`look_at`), and `vieux/vieil` is `vieux`, but `vieil` before a vowel.
"""


def english_noun(sg, pl=None):
    """Singular and plural: `box` gives `box`, `boxes`."""
    if pl is None:
        pl = sg[:-1] + "ies" if sg.endswith("y") and sg[-2] not in "aeiou" else sg + _s(sg)
    return {"sg": sg, "pl": pl}


def english_verb(base, *forms):
    """Base form, third person, -ing form, past, participle: none of the last four, or all."""
    if len(forms) not in (0, 4):
        raise ValueError(f"an English verb has 1 or 5 forms, not {1 + len(forms)}")
    if not forms:
        first, _, rest = base.partition("_")  # look_at: looks_at
        stem = first[:-1] if first.endswith("e") else first
        if first.endswith("y") and first[-2] not in "aeiou":
            ends = first[:-1] + "ies", first + "ing", first[:-1] + "ied", first[:-1] + "ied"
        else:
            ends = first + _s(first), stem + "ing", stem + "ed", stem + "ed"
        forms = [f"{end}_{rest}" if rest else end for end in ends]
    return dict(zip(("base", "third", "ing", "past", "part"), (base, *forms), strict=True))


def english_adjective(base, more=None):
    """The adjective and its comparative, `more ...` where none is given."""
    return {"base": base, "more": more or f"more_{base}"}


def french_noun(article, sg="", pl=None):
    """Gender (from `un` or `une`), singular, plural."""
    genders = {"un": "m", "une": "f"}
    if article not in genders or not sg:
        raise ValueError("missing gender: write un or une before the French noun")
    return genders[article], {"sg": sg, "pl": pl or _french_plural(sg)}


def french_adjective(ms, *forms):
    """Masculine and feminine singular, masculine and feminine plural: one form, two or four."""
    if len(forms) not in (0, 1, 3):
        raise ValueError(f"a French adjective has 1, 2 or 4 forms, not {1 + len(forms)}")
    plain = ms.split("/")[0]
    fs = forms[0] if forms else plain if plain.endswith("e") else plain + "e"
    mp, fp = forms[1:] or (_french_plural(plain), fs + "s")
    return (ms, fs, mp, fp)


def french_verb(infinitive, *forms):
    """Infinitive, present (six persons), past participle.

    Written: the infinitive of a regular verb in -er, or that and the je, il, nous, ils forms and participle.
    """
    first, _, rest = infinitive.partition("_")
    if not forms:
        if not first.endswith("er"):
            raise ValueError(
                f"{infinitive} is not in -er: write its forms for je, il, nous, ils and its participle"
            )
        stem = first[:-2]
        soft = stem + "e" if stem.endswith("g") else stem[:-1] + "ç" if stem.endswith("c") else stem
        forms = [stem + "e", stem + "e", soft + "ons", stem + "ent", stem + "é"]
        forms = [f"{form}_{rest}" if rest else form for form in forms]
    if len(forms) != 5:
        raise ValueError(f"a French verb has 1 or 6 forms, not {1 + len(forms)}")
    je, il, nous, ils, participle = forms
    tu, vous = [_change(je, "e", "es"), _vous(nous)]
    past = french_adjective(participle) if "_" not in participle else (participle,) * 4
    return {"inf": infinitive, "present": (je, tu, il, nous, vous, ils), "part": past}


def _s(word):
    return "es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s"


def _french_plural(word):
    if word.endswith(("s", "x", "z")):
        return word
    if word.endswith(("eau", "eu")):
        return word + "x"
    return word[:-2] + "aux" if word.endswith("al") else word + "s"


def _vous(nous):
    """mangeons, commençons, lisons: mangez, commencez, lisez (the soft g and c need no help before an e)."""
    vous = _change(nous, "ons", "ez")
    return vous.replace("geez", "gez").replace("çez", "cez")


def _change(form, end, new):
    first, mark, rest = form.partition("_")
    return (first[: -len(end)] + new if first.endswith(end) else first) + mark + rest
