"""Decoding word by word: the cache, the rows that come and go, and the source read with little padding."""

import pytest
import torch

from seqcourse import one_more_word
from seqcourse.attention import padding_mask
from seqcourse.one_more_word import AT_ONCE, ROOM, read
from seqcourse.transformer import Transformer, TransformerConfig

V, S, T = 19, 11, 2 * ROOM + 5


def make_model(**changes):
    torch.manual_seed(0)
    sizes = dict(src_vocab_size=V, tgt_vocab_size=V, d_model=30, nhead=3, dim_feedforward=7, max_length=61)
    sizes |= dict(num_encoder_layers=2, num_decoder_layers=3, dropout=0.0)
    return Transformer(TransformerConfig(**sizes | changes)).eval()


def make_sources(rows):
    generator = torch.Generator().manual_seed(1)
    src = torch.randint(4, V, (rows, S), generator=generator)
    for row in src[1:]:
        row[torch.randint(1, S, (), generator=generator) :] = 0
    return src


def words(rows, length=T):
    return torch.randint(4, V, (rows, length), generator=torch.Generator().manual_seed(2))


def close(ours, theirs):
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("changes", [{}, {"norm_first": True}, {"positions": "rotary"}, {"residual": False}])
@pytest.mark.parametrize("rows", [1, 5, 2 * AT_ONCE + 3])
def test_word_by_word_equals_all_at_once_for_more_words_than_a_table_has_room_for(changes, rows):
    model, src, tgt_in = make_model(**changes), make_sources(rows), words(rows)
    expected, state = model(src, tgt_in), model.begin(src)
    for t in range(T):
        logits, state = model.step(tgt_in[:, t], state)
        assert state.length == t + 1
        close(logits, expected[:, t])


def test_two_ways_from_one_state_do_not_disturb_each_other():
    model, src, tgt_in = make_model(), make_sources(5), words(5)
    _, state = model.step(tgt_in[:, 0], model.begin(src))
    _, one = model.step(tgt_in[:, 1], state)
    _, other = model.step(tgt_in[:, 2], state)
    for way, last in ((one, 1), (other, 2)):
        logits, _ = model.step(tgt_in[:, 3], way)
        close(logits, model(src, tgt_in[:, [0, last, 3]])[:, 2])


@pytest.mark.parametrize(
    "rows", [[1, 1, 3, 2, 4], [4, 0, 2], [0, 1, 2, 3], [3], [4, 4, 1, 1, 0, 3], [0, 0, 0, 0, 4]]
)
def test_rows_that_change_places_take_their_words_and_their_source_along(rows):
    model, src, tgt_in, rows = make_model(), make_sources(3), words(7, 4), torch.tensor(rows)
    state = model.begin(src).reorder(torch.tensor([0, 0, 1, 1, 2]))
    for t in range(2):
        _, state = model.step(tgt_in[:5, t], state)
    logits, _ = model.step(tgt_in[: len(rows), 3], state.reorder(rows))
    fed = torch.cat([tgt_in[rows, :2], tgt_in[: len(rows), 3:]], dim=1)
    close(logits, model(src[torch.tensor([0, 0, 1, 1, 2])[rows]], fed)[:, 2])


def test_the_memory_stays_where_it_is_until_half_of_the_sources_are_done():
    state = make_model().begin(make_sources(7))
    beams = state.reorder(torch.arange(7).repeat_interleave(3))
    most = beams.reorder(torch.tensor([0, 1, 2, 3, 7, 8, 10, 12]))
    assert most.memory is beams.memory is state.memory and most.rows.most == 3
    few = most.reorder(torch.tensor([0, 2, 3, 7]))
    assert few.memory.size(2) == len(few.memory_mask) == 3 and few.rows.sources.tolist() == [0, 0, 1, 2]
    none = few.reorder(torch.zeros(4, dtype=torch.bool))
    assert none.memory.size(2) == 0


def test_rows_that_are_dropped_change_nothing_for_the_others():
    model, src, tgt_in = make_model(), make_sources(5), words(5, 3)
    _, state = model.step(tgt_in[:, 0], model.begin(src))
    going = torch.tensor([True, False, True, True, False])
    logits, _ = model.step(tgt_in[going, 1], state.reorder(going))
    close(logits, model(src, tgt_in[:, :2])[going, 1])


@pytest.mark.parametrize("rows", [2, 2 * AT_ONCE + 3])
def test_sources_read_a_few_at_a_time_give_the_memory_of_all_at_once(rows):
    model, src = make_model(), make_sources(rows)
    mask = padding_mask(src, 0)
    found, expected = read(model.encoder, src, mask), model.encoder(src, mask)
    close(found[src != 0], expected[src != 0])


def test_what_is_read_together_is_padded_little():
    model, src, seen = make_model(), make_sources(4 * AT_ONCE), []
    model.encoder.register_forward_hook(lambda encoder, given, memory: seen.append(memory[..., 0].numel()))
    model.begin(src)
    assert len(seen) == 4 and sum(seen) < 0.75 * src.numel()


def test_a_word_is_written_without_a_new_table_until_the_room_is_used_up():
    model, tgt_in = make_model(), words(5)
    state, tables = model.begin(make_sources(5)), set()
    for t in range(ROOM):
        _, state = model.step(tgt_in[:, t], state)
        tables.add(state.past.numbers.data_ptr())
    assert len(tables) == 1
    _, state = model.step(tgt_in[:, ROOM], state)
    assert state.past.numbers.data_ptr() not in tables and one_more_word.ROOM == ROOM
