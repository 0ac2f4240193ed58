"""Values of a JSON text one by one equal those of the whole, however the text falls into blocks."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlpo.data import json_stream
from tlpo.data.json_stream import json_values

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(values, max_size=5), st.sampled_from([None, 2]), st.integers(1, 9))
def test_a_list_is_read_as_the_library_reads_it(records: list[Any], indent: int | None, block: int) -> None:
    text = json.dumps(records, indent=indent, ensure_ascii=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_BLOCK", block)
        assert list(json_values(io.StringIO(f" \n{text}\n"))) == records


@given(st.lists(st.dictionaries(st.text(max_size=4), values, max_size=3), max_size=4), st.integers(1, 9))
def test_records_one_after_another(records: list[Any], block: int) -> None:
    text = "\n".join(map(json.dumps, records))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_BLOCK", block)
        assert list(json_values(io.StringIO(text))) == records


def test_the_first_records_come_before_the_last_are_read() -> None:
    text = io.StringIO(json.dumps([{"prompt": "x" * 1000}] * 5000))
    next(json_values(text))
    assert text.tell() < 600_000  # of five million


@pytest.mark.parametrize("text", ["[1, 2", "[1 2]", "[1]2", "[1,]", "{", "]", '["a', "[,]", "nope"])
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        list(json_values(io.StringIO(text)))


def test_an_empty_text_has_no_values() -> None:
    assert list(json_values(io.StringIO(" \n"))) == []
