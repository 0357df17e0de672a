"""Make data/fonts/SeqcourseSansSC.otf: the letters of Noto Sans CJK SC that the course needs.

    python tools/subset_font.py NotoSansCJK-Regular.ttc [--text FILE ...]

The collection is in Debian's package fonts-noto-cjk, and at https://github.com/notofonts/noto-cjk.
Needs fonttools (pip install fonttools), which the course itself does not.
"""

import argparse
from pathlib import Path

FAMILY = "Seqcourse Sans SC"
OUT = Path(__file__).resolve().parent.parent / "data" / "fonts" / "SeqcourseSansSC.otf"

# Too wide for Latin text in a Chinese font: left to DejaVu Sans, which every matplotlib has.
LEFT_OUT = "‘’“”…·×÷±§¨°´¶¤"


def decodable(encoding, first, last):
    """Every character of a two-byte encoding whose first byte lies between `first` and `last`."""
    codes = (bytes((a, b)) for a in range(first, last + 1) for b in range(0x40, 0xFF))
    return {
        text for code in codes if len(text := code.decode(encoding, errors="ignore")) == 1 and ord(text) > 127
    }


def letters(text):
    """The characters of the subset; `text` adds the Chinese characters it holds."""
    latin = {
        chr(code)
        for code in [*range(0x20, 0x7F), *range(0xA0, 0x250), *range(0x1E00, 0x1F00), 0x2013, 0x2014]
    }
    punctuation = {
        chr(code) for code in [*range(0x3000, 0x3020), *range(0xFF01, 0xFF5F), *range(0xFFE0, 0xFFE7)]
    }
    simplified = decodable("gb2312", 0xB0, 0xF7)  # 6,763: both levels
    traditional = decodable("big5", 0xA4, 0xC6)  # 5,401 and a few signs: level 1
    hanzi = {c for c in simplified | traditional | set(text) if "\u3400" <= c <= "\u9fff"}
    return (latin | punctuation | hanzi) - set(LEFT_OUT)


def rename(font):
    """Give the subset a name of its own, so that it is never mistaken for the whole font."""
    postscript = FAMILY.replace(" ", "") + "-Regular"
    new = {1: FAMILY, 2: "Regular", 3: postscript, 4: FAMILY, 6: postscript, 16: None, 17: None}
    table = font["name"]
    table.names = [n for n in table.names if n.nameID not in new and n.langID in (0, 0x409)]
    for number, text in new.items():
        if text:
            table.setName(text, number, 3, 1, 0x409)
    top = font["CFF "].cff
    top.fontNames = [postscript]
    top[0].FamilyName, top[0].FullName = FAMILY, FAMILY


def subset(collection, characters, out):
    """Write the letters for `characters` in the SC face of a .ttc to `out`, without hints."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTCollection

    faces = TTCollection(collection, lazy=True).fonts
    font = next(face for face in faces if face["name"].getDebugName(1) == "Noto Sans CJK SC")
    options = Options(
        hinting=False, layout_features=[], glyph_names=False, notdef_outline=True, name_IDs=["*"]
    )
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    subsetter = Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    rename(font)
    font.recalcTimestamp = False  # the same font gives the same bytes
    font.save(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("collection", help="NotoSansCJK-Regular.ttc")
    parser.add_argument("--text", nargs="*", default=[], type=Path, help="files whose Chinese must be there")
    arguments = parser.parse_args()
    text = "".join(path.read_text(encoding="utf-8") for path in arguments.text)
    characters = letters(text)
    subset(arguments.collection, "".join(sorted(characters)), OUT)
    print(f"{OUT}: {OUT.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
