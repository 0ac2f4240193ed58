"""The clean sentences whose likelihood is compared: LANGUAGE=FILE."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlpo.data import load_prompts
from tlpo.errors import UserError
from tlpo.evaluation.clean_text import CLEAN_LINES, clean_texts, default_texts


def texts(*entries: str) -> dict[str, list[str]]:
    return clean_texts(entries)


def test_none() -> None:
    assert texts() == {}


def test_one_file_a_language(tmp_path: Path) -> None:
    (tmp_path / "ko.txt").write_text("  하나. \n\n둘.\n", encoding="utf-8")
    (tmp_path / "a=b.txt").write_text("\n".join(f"line {n}" for n in range(500)), encoding="utf-8")
    found = texts(f"KO={tmp_path}/ko.txt", f"en={tmp_path}/a=b.txt")
    assert found["ko"] == ["하나.", "둘."]
    assert found["en"] == [f"line {n}" for n in range(CLEAN_LINES)]


def test_the_bundled_held_out_prompts() -> None:
    held_out = [record.prompt for record in load_prompts(language="ko", split="eval")]
    assert texts("ko=bundled") == {"ko": held_out}
    assert not set(held_out) & {record.prompt for record in load_prompts(language="ko", split="train")}


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin-1.txt").write_bytes("café".encode("latin-1"))
    (tmp_path / "empty.txt").write_text("\n \n")
    for entry, message in (
        ("ko.txt", "write it as LANGUAGE=FILE, for example ko=ko.txt"),
        (f"ko={tmp_path}/absent.txt", "absent.txt' cannot be read"),
        (f"ko={tmp_path}/latin-1.txt", "latin-1.txt' cannot be read"),
        (f"ko={tmp_path}/empty.txt", "empty.txt' holds no text"),
    ):
        with pytest.raises(UserError, match=message):
            texts(entry)


def test_by_default_the_bundled_text_of_the_languages_and_english() -> None:
    assert list(default_texts(["ko", "sw"])) == ["ko", "en"]  # none is bundled for Swahili
    assert default_texts(["en"]) == texts("en=bundled")
