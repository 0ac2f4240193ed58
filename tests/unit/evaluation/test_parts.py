"""Results kept by what decides them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tlpo.errors import UserError
from tlpo.evaluation.parts import Part, PartCache, PartResult, digest, read_items, write_items

ITEMS = [{"id": 1, "text": "가\u2028나"}, {"id": 2, "text": "\ud83d"}]


class Work:
    """Counts how often it is done."""

    def __init__(self, items: list[dict[str, object]]) -> None:
        self.items, self.done = items, 0

    def __call__(self, folder: Path) -> PartResult:
        assert folder.is_dir()
        self.done += 1
        (folder / "partial").write_text("half")
        return PartResult(self.items, {"mean": 0.1})


def test_a_part_is_done_once(tmp_path: Path) -> None:
    cache, work, part = PartCache(tmp_path / "new"), Work(ITEMS), Part("kind", {"b": [1, 2], "a": "x"})
    first = cache.get(part, work)
    again = PartCache(tmp_path / "new").get(Part("kind", {"a": "x", "b": [1, 2]}), work)
    assert (first, work.done) == (again, 1)
    assert again.items == ITEMS
    assert again.facts == {"mean": 0.1}
    assert sorted(path.name for path in cache.folder(part).iterdir()) == [
        "facts.json", "inputs.json", "items.jsonl", "lock",
    ]  # fmt: skip
    assert json.loads((cache.folder(part) / "inputs.json").read_text())["a"] == "x"


@pytest.mark.parametrize("other", [Part("other", {"a": 1}), Part("kind", {"a": 2}), Part("kind", {"a": 1, "b": None})])
def test_whatever_differs_is_another_part(tmp_path: Path, other: Part) -> None:
    cache, work = PartCache(tmp_path), Work([])
    cache.get(Part("kind", {"a": 1}), work)
    cache.get(other, work)
    assert work.done == 2


def test_what_is_half_done_is_found_again_and_what_is_damaged_is_done_anew(tmp_path: Path) -> None:
    cache, part = PartCache(tmp_path), Part("kind", {})

    def interrupted(folder: Path) -> PartResult:
        (folder / "answers").write_text("one")
        raise KeyboardInterrupt

    def going_on(folder: Path) -> PartResult:
        return PartResult([{"found": (folder / "answers").read_text()}])

    with pytest.raises(KeyboardInterrupt):
        cache.get(part, interrupted)
    assert cache.found(part) is None
    assert cache.get(part, going_on).items == [{"found": "one"}]
    for name, text in (("items.jsonl", '{"id": 1}\n{"id"'), ("items.jsonl", ""), ("facts.json", "{")):
        (cache.folder(part) / name).write_text(text)
        work = Work([{"id": 1}])
        assert cache.get(part, work).items == [{"id": 1}]
        assert work.done == 1


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file, or lies in one: give --cache another folder"):
        PartCache(tmp_path / "file").get(Part("kind", {}), Work([]))


def test_items_are_read_as_written(tmp_path: Path) -> None:
    write_items(tmp_path / "items.jsonl", ITEMS)
    assert read_items(tmp_path / "items.jsonl") == ITEMS
    (tmp_path / "items.jsonl").write_text('{"id": 1}\nx\n')
    with pytest.raises(UserError, match="line 2"):
        read_items(tmp_path / "items.jsonl")
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
