"""Left padding and length buckets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tlpo.modeling.batching import left_pad, length_buckets


def test_left_pad_by_hand() -> None:
    batch = left_pad([[5, 6, 7], [8]], pad_id=0)
    assert batch.input_ids.tolist() == [[5, 6, 7], [0, 0, 8]]
    assert batch.attention_mask.tolist() == [[1, 1, 1], [0, 0, 1]]
    assert batch.position_ids.tolist() == [[0, 1, 2], [0, 0, 0]]
    assert set(batch.as_inputs()) == {"input_ids", "attention_mask", "position_ids"}


def test_a_real_token_that_equals_the_padding_is_not_masked() -> None:
    batch = left_pad([[0, 5], [0, 0, 0]], pad_id=0)
    assert batch.attention_mask.tolist() == [[0, 1, 1], [1, 1, 1]]
    assert batch.position_ids.tolist() == [[0, 0, 1], [0, 1, 2]]


def test_buckets_by_hand() -> None:
    # Sorted: 9 9 7 3 2; two rows a bucket, at most 3 tokens of padding.
    assert length_buckets([3, 9, 7, 9, 2], max_rows=2, max_padding=3) == [[1, 3], [2], [0, 4]]
    # 7 beside 9 costs 2 and fits; 3 would add 6.
    assert length_buckets([3, 9, 7, 9, 2], max_rows=8, max_padding=3) == [[1, 3, 2], [0, 4]]
    assert length_buckets([], max_rows=2, max_padding=3) == []


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 9), st.integers(0, 50))
def test_buckets_hold_every_row_once_within_the_limits(lengths: list[int], max_rows: int, max_padding: int) -> None:
    buckets = length_buckets(lengths, max_rows, max_padding)
    assert sorted(index for bucket in buckets for index in bucket) == list(range(len(lengths)))
    for bucket in buckets:
        assert 1 <= len(bucket) <= max_rows
        longest = max(lengths[index] for index in bucket)
        assert sum(longest - lengths[index] for index in bucket) <= max_padding
