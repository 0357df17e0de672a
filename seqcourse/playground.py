"""The translator's playground: type a sentence, see what becomes of it, and of that without some heads."""

import warnings
from contextlib import contextmanager
from dataclasses import replace

import torch

from .ablation import without_heads
from .batching import pad
from .decoding import beam_search
from .model_folder import names as shipped_names
from .playground_heads import ABOUT_HEADS, heads_of, rows_of, without
from .playground_views import ABOUT_NEXT, Look, frame, next_words, seen, side_by_side, translation
from .record import attends
from .translator import Translation, Translator
from .vocabulary import BOS, EOS

SENTENCE = "The three small cats are sleeping in the garden."
ON_PAPER = "The playground works where a kernel runs: run this cell to play."


def playground(translators=None, sentence=SENTENCE, beam=4):
    """Show a sentence's translation, the next best ones, its attention, and all that without heads you click.

    translators: a `Translator`, a name or a folder, a list of these, or a dict from label to one; without it,
    those that come with the course. Needs ipywidgets, 7.7 or newer, and a running kernel: show the same as a
    figure first, for paper. Without ipywidgets it says so, and the notebook goes on. Raises ValueError when
    there is no translator to choose.
    """
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        print("The playground needs ipywidgets: pip install ipywidgets, then restart the kernel.")
        return None
    return Playground(choices(translators), sentence, beam).box


def choices(translators):
    """A dict from label to translator, name or folder; raises ValueError when it is empty."""
    if translators is None:
        translators = sorted(shipped_names(), key=lambda name: name != "toy-en-zh")
    if not isinstance(translators, (dict, list, tuple)):
        translators = [translators]
    if not isinstance(translators, dict):
        translators = {label(each, number): each for number, each in enumerate(translators, 1)}
    if not translators:
        raise ValueError("there is no translator to play with: give at least one")
    return {str(name): each for name, each in translators.items()}


def label(translator, number):
    return f"translator {number}" if isinstance(translator, Translator) else str(translator)


class Playground:
    """The widgets, and what they do to each other: `box` holds them all."""

    def __init__(self, translators, sentence, beam):
        import ipywidgets as w

        self.translators, self.looks = translators, []
        wide, late = {"width": "auto"}, {"continuous_update": False}
        style = {"description_width": "initial"}
        self.sentence = w.Text(sentence, description="sentence", layout=wide, **late)
        self.model = w.Dropdown(options=list(translators), description="model")
        self.beam = w.IntSlider(beam, 1, 10, description="beam", **late)
        self.said = w.HTML(layout=wide)
        self.translations, self.attention, self.words = (w.HTML(layout=wide) for _ in range(3))
        self.grid = w.Box(layout={"flex_flow": "row wrap"} | wide)
        self.back = w.Button(description="all heads back")
        self.ablation = w.VBox([w.HTML(ABOUT_HEADS, layout=wide), self.grid, self.back])
        self.heads = {}
        self.step = w.IntSlider(0, 0, 0, description="words so far", style=style, **late)
        self.temperature = w.FloatSlider(
            1, min=0.1, max=3, step=0.1, description="temperature", style=style, **late
        )

        class Box(w.VBox):
            def __repr__(self):  # what a saved page shows without a kernel
                return ON_PAPER

        self.box = Box(
            [
                self.sentence,
                w.HBox([self.model, self.beam], layout={"flex_flow": "row wrap"}),
                self.said,
                self.translations,
                self.ablation,
                self.attention,
                w.HTML(ABOUT_NEXT, layout=wide),
                w.HBox([self.step, self.temperature], layout={"flex_flow": "row wrap"}),
                self.words,
            ]
        )
        self.open_model()
        self.model.observe(self.open_model, names="value")
        for control in (self.sentence, self.beam):
            control.observe(self.translate, names="value")
        for control in (self.step, self.temperature):
            control.observe(self.show_words, names="value")
        self.back.on_click(self.free_heads)

    def translator(self):
        """The one that is chosen, loaded when it is first asked for."""
        chosen = self.translators[self.model.value]
        if not isinstance(chosen, Translator):
            chosen = self.translators[self.model.value] = Translator.load(chosen)
        return chosen

    @contextmanager
    def work(self, doing):
        """Say what is being done; afterwards show warnings and errors where the reader looks."""
        self.say(f"{doing} …")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                yield
                self.say(*(str(w.message) for w in caught if issubclass(w.category, UserWarning)))
            except Exception as error:  # a widget's callback has nowhere else to say it
                self.looks = []
                self.translations.value = self.attention.value = self.words.value = ""
                self.say(f"{type(error).__name__}: {error}")

    def say(self, *lines):
        """What stands below the sentence; screen readers read it out."""
        text = "<br>".join(seen(line) for line in lines if line)
        self.said.value = f"<div role='status' style='min-height:1.5em'>{text}</div>"

    def open_model(self, change=None):
        """Take the chosen model, offer its heads, and translate."""
        self.offer([])
        with self.work("loading the model"):
            self.offer(heads_of(self.translator().model))
            self.looks = []
            self.compare()

    def offer(self, heads):
        """A switch for each of these heads, and for no others."""
        self.heads = {head: self.switch(*head) for head in heads}
        self.grid.children = rows_of(self.heads)
        self.ablation.layout.display = None if heads else "none"

    def switch(self, kind, layer, head):
        import ipywidgets as w

        says = f"silence {kind} attention, layer {layer}, head {head}"
        button = w.ToggleButton(description=str(head), tooltip=says, layout={"width": "3em"})
        button.observe(self.silence, names="value")
        return button

    def translate(self, change=None):
        with self.work("translating"):
            self.looks = []
            self.compare()

    def silence(self, change=None):
        """A head was clicked: translate again without those that are silent."""
        with self.work("translating"):
            self.compare()

    def free_heads(self, button=None):
        for switch in self.heads.values():
            with switch.hold_trait_notifications():
                switch.unobserve(self.silence, names="value")
                switch.value = False
            switch.observe(self.silence, names="value")
        self.silence()

    def compare(self):
        """Show the translation, and beside it the one without the silent heads."""
        silent = [head for head, switch in self.heads.items() if switch.value]
        if not self.looks:
            self.looks = [self.look("all heads" if self.heads else self.model.value)]
        del self.looks[1:]
        if silent:
            self.looks.append(self.look(without(silent, self.heads), silent))
        before = self.looks[0] if silent else None
        parts = [translation(look, before if look is not before else None) for look in self.looks]
        self.translations.value = side_by_side(parts)
        drawn = all(look.found.attention for look in self.looks)
        self.attention.value = frame(self.looks) if drawn else ""
        self.step.max = max(len(look.found.tokens) for look in self.looks)
        self.show_words()

    def look(self, title, silent=()):
        """What the model makes of the sentence, without its silent heads."""
        translator, sentence, width = self.translator(), self.sentence.value, self.beam.value
        model, language = translator.model, translator.target_tokenizer.language
        ids, tokens = translator.read(sentence)
        if not ids:
            return Look(title, language, Translation(sentence, "", [], 0.0), None)
        device = next(model.parameters()).device
        src = pad([[*ids, EOS]]).to(device)  # (1, S)
        with without_heads(model, silent), torch.no_grad():
            (found,) = beam_search(model, src, width, n_best=width)
            written = [
                translator.write(sentence, ids, tokens, each, attention=attends(model) and number == 0)
                for number, each in enumerate(found)
            ]
            tgt_in = torch.tensor([[BOS, *found[0].tokens[: model.config.max_length - 1]]], device=device)
            logits = model(src, tgt_in)[0].float().cpu()  # (T, V)
        return Look(title, language, replace(written[0], alternatives=tuple(written[1:])), logits)

    def show_words(self, change=None):
        """Draw the next words at the chosen step and temperature."""
        if not self.looks:  # after an error, which is still being shown
            return
        names = self.translator().target_tokenizer.tokens
        parts = [
            next_words(look, min(self.step.value, len(look.logits) - 1), self.temperature.value, names)
            for look in self.looks
            if look.logits is not None
        ]
        self.words.value = side_by_side(parts)
