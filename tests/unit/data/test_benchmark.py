"""The Language Confusion Benchmark's prompts from its zip file and its folders."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import pytest
from tests.shared import shared_data

from tlpo.data.benchmark import benchmark_at, load_benchmark
from tlpo.errors import UserError

FILES = {
    "test_sets/monolingual/okapi/ko.csv": 'prompt,source,language\n"첫 줄,\n둘째 줄",okapi,ko\n질문,okapi,ko\n',
    "test_sets/monolingual/native/ja.csv": "prompt,source,language\n質問,native_prompts,ja\n",
    "test_sets/crosslingual/okapi/ko.csv": "prompt,location,language,source\nAnswer in Korean.,Start,ko,okapi\n",
    "test_sets/README.csv": "prompt\nnot a file of the benchmark\n",
}


@pytest.fixture(params=["zip", "folder"])
def benchmark(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_benchmark(tmp_path, request.param)


def write_benchmark(root: Path, kind: str) -> Path:
    if kind == "folder":
        for name, text in FILES.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return root
    with zipfile.ZipFile(root / "test_sets.zip", "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    return root / "test_sets.zip"


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_a_data_set_of_the_hub(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the hub's library finds it in its cache, without the net."""
    from huggingface_hub import constants

    repository = tmp_path / "datasets--someone--confusion"
    snapshot = repository / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123abcd")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    write_benchmark(snapshot, kind)
    place = benchmark_at("someone/confusion")
    assert place is not None
    assert [record.prompt for record in load_benchmark(place)][1:] == ["첫 줄,\n둘째 줄", "질문", "Answer in Korean."]
    assert benchmark_at("someone/else") is None


def test_every_prompt_by_setting_source_and_language(benchmark: Path) -> None:
    assert benchmark_at(benchmark) == benchmark
    found = load_benchmark(benchmark)
    assert [(record.setting, record.source, record.language, record.prompt) for record in found] == [
        ("monolingual", "native_prompts", "ja", "質問"),
        ("monolingual", "okapi", "ko", "첫 줄,\n둘째 줄"),
        ("monolingual", "okapi", "ko", "질문"),
        ("crosslingual", "okapi", "ko", "Answer in Korean."),
    ]
    assert [record.index for record in found] == [0, 1, 2, 3]
    assert len({record.id for record in found}) == 4


def test_some_languages(benchmark: Path) -> None:
    assert [record.language for record in load_benchmark(benchmark, language=["ja"])] == ["ja"]
    with pytest.raises(UserError, match="in fr: it has ja, ko"):
        load_benchmark(benchmark, language=["fr"])


def test_other_folders_and_damaged_files(tmp_path: Path) -> None:
    assert benchmark_at(tmp_path) is None
    (tmp_path / "broken.zip").write_bytes(b"no zip file")
    with pytest.raises(UserError, match=r"broken\.zip' as a zip file"):
        load_benchmark(tmp_path / "broken.zip")
    folder = tmp_path / "monolingual" / "okapi"
    folder.mkdir(parents=True)
    (folder / "ko.csv").write_text("question,source\n질문,okapi\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"monolingual/okapi/ko\.csv, line 2: no column 'prompt'"):
        load_benchmark(tmp_path)
    (folder / "ko.csv").write_text("prompt,source\n ,okapi\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 2: the prompt is empty"):
        load_benchmark(tmp_path)
    (folder / "ko.csv").rename(folder / "klingon.csv")
    with pytest.raises(UserError, match="klingon"):
        load_benchmark(tmp_path)


def test_the_benchmark_itself() -> None:
    found = load_benchmark(shared_data("lcb", "test_sets.zip"))
    assert len(found) == 6586
    assert Counter(record.setting for record in found) == {"monolingual": 2400, "crosslingual": 4186}
    assert len({record.language for record in found}) == 15
    assert Counter(record.source for record in found)["native_prompts"] == 400
