"""What becomes of a filtering that its source cuts short: what is done stays, unless the file has to be changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("babel", reason="needs pip install 'tlpo[data]'")
pytest.importorskip("datasketch", reason="needs pip install 'tlpo[data]'")

from tlpo.data.filtering import Source, filter_prompts
from tlpo.data.filters import FilterSettings, PromptFilter
from tlpo.errors import UserError

PROMPTS = ("김치는 어떻게 담그나요?", "오늘 날씨가 어때요?", "바다는 왜 파란가요?", "고양이는 왜 잠이 많나요?")


def run(source: Source, output: Path) -> dict[str, Any]:
    return filter_prompts(source, output, PromptFilter(FilterSettings()))


def kept(output: Path) -> list[str]:
    return [json.loads(line)["prompt"] for line in output.read_text(encoding="utf-8").splitlines()]


def hub(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """A data set of the hub whose connection breaks after so many rows; with all of them it holds."""
    datasets = pytest.importorskip("datasets")

    def load(*args: Any, **options: Any) -> Iterator[dict[str, str]]:
        for prompt in PROMPTS[:rows]:
            yield {"prompt": prompt}
        if rows < len(PROMPTS):
            raise ConnectionError("Couldn't reach the hub")

    monkeypatch.setattr(datasets, "load_dataset", load)


def test_a_broken_connection_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, output = Source("owner/name", ("ko",)), tmp_path / "out.jsonl"
    for rows in (3, 0):  # broken on the way, and offline when it was to go on
        hub(monkeypatch, rows)
        with pytest.raises(UserError, match="cannot read 'owner/name' as a data set: Couldn't reach the hub"):
            run(source, output)
        state = json.loads((tmp_path / ".out.jsonl.state.json").read_text(encoding="utf-8"))
        assert state["counts"]["rows"] == 3
        assert kept(tmp_path / ".out.jsonl.part") == list(PROMPTS[:3])
    hub(monkeypatch, len(PROMPTS))
    report = run(source, output)
    assert (report["resumed_rows"], report["rows"], report["kept"]) == (3, 4, 4)
    assert kept(output) == list(PROMPTS)


def test_a_hub_that_was_never_reached_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub(monkeypatch, 0)
    with pytest.raises(UserError, match="cannot read"):
        run(Source("owner/name", ("ko",)), tmp_path / "out.jsonl")
    assert not list(tmp_path.iterdir())


def test_a_file_with_a_record_that_has_to_be_corrected_is_begun_anew(tmp_path: Path) -> None:
    path, output = tmp_path / "p.jsonl", tmp_path / "out.jsonl"
    records = [{"prompt": prompt, "language": "ko"} for prompt in PROMPTS]
    lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in records]
    path.write_text("".join([*lines[:2], '{"prompt": 3, "language": "ko"}\n']), encoding="utf-8")
    with pytest.raises(UserError, match=r"p\.jsonl, line 3: the prompt is neither text"):
        run(Source(str(path)), output)
    assert [one.name for one in tmp_path.iterdir()] == ["p.jsonl"]
    path.write_text("".join(lines), encoding="utf-8")
    assert run(Source(str(path)), output)["resumed_rows"] == 0


def test_an_unknown_language_of_a_prompt_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    records = [
        {"prompt": "How is the weather?", "language": "ko", "prompt_language": "en"},
        {"prompt": PROMPTS[1], "language": "ko", "prompt_language": "klingon"},
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    with pytest.raises(UserError) as error:
        run(Source(str(path)), tmp_path / "out.jsonl")
    assert str(error.value).startswith(f"{path}, line 2: unknown language 'klingon'")
