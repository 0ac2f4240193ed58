"""Prompts of the Language Confusion Benchmark, from its own files (Marchisio et al. 2024).

The benchmark publishes one CSV file for each setting, source and language, in folders or as one zip file:
``test_sets/<monolingual|crosslingual>/<source>/<language>.csv``, with the columns ``prompt``, ``source``, ``language``
(the language of the answer). The source is named as the column does, as in the benchmark's published outputs.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from tlpo.data.records import PromptRecord, problem_with
from tlpo.data.tables import is_hub_id
from tlpo.errors import UserError, at
from tlpo.languages import get_language

SETTINGS = ("monolingual", "crosslingual")


def benchmark_at(path: str | Path) -> Path | None:
    """Where the benchmark lies that ``path`` names, if it names one: a zip file, a folder, or a data set of the hub.

    A folder has one folder a setting in it; of the hub's data set the files of that layout, or its one zip file, are
    downloaded, if there are any.
    """
    local = Path(path)
    if local.suffix == ".zip" or _has_layout(local):
        return local
    if not is_hub_id(str(path)):
        return None
    folder = _from_hub(str(path))
    if folder is None or _has_layout(folder):
        return folder
    archives = list(folder.glob("**/*.zip"))
    return archives[0] if len(archives) == 1 else None


def _has_layout(folder: Path) -> bool:
    return any(True for setting in SETTINGS for _ in folder.glob(f"**/{setting}/*/*.csv"))


def _from_hub(name: str) -> Path | None:
    """The snapshot of a data set with the benchmark's files alone; None if it cannot be had."""
    from huggingface_hub import snapshot_download

    patterns = [*(f"*{setting}/*.csv" for setting in SETTINGS), "*.zip"]
    try:
        return Path(snapshot_download(name, repo_type="dataset", allow_patterns=patterns))
    except (OSError, ValueError):
        return None  # `datasets` may know it otherwise, and says what is wrong if it does not


def load_benchmark(path: str | Path, *, language: Sequence[str] | None = None) -> list[PromptRecord]:
    """The benchmark's prompts in the order of setting, source, language and line.

    Args:
        path: the zip file, or the folder that it unpacks to (`benchmark_at` finds it).
        language: codes of the answers' languages to keep; None keeps all.

    Raises:
        UserError: naming the file and line that cannot be used; or there is no prompt in these languages.
    """
    wanted = {get_language(code).code for code in language or ()}
    records: list[PromptRecord] = []
    seen: set[str] = set()
    for name, data in _files(Path(path)):
        setting, source, code = _place(name)
        seen.add(code)
        if not wanted or code in wanted:
            records += _records(data, f"{path}: {name}", setting, source, code, first=len(records))
    if not records:
        have = f"it has {', '.join(sorted(seen))}" if seen else "it holds no files <setting>/<source>/<language>.csv"
        raise UserError(f"{path}: no prompt of the benchmark in {', '.join(sorted(wanted)) or 'any language'}: {have}")
    return records


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, contents) of the CSV files that lie in a setting's folder, by setting (monolingual first) and name."""
    if path.is_dir():
        for name in _ordered(file.relative_to(path).as_posix() for file in path.glob("**/*.csv")):
            yield name, (path / name).read_bytes()
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for name in _ordered(archive.namelist()):
                yield name, archive.read(name)
    except (zipfile.BadZipFile, FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UserError(f"cannot read '{path}' as a zip file ({error}): give the benchmark's test_sets.zip") from None


def _ordered(names: Iterator[str] | Sequence[str]) -> list[str]:
    split = [PurePosixPath(name).parts for name in names if name.endswith(".csv")]
    kept = [parts for parts in split if len(parts) >= 3 and parts[-3] in SETTINGS]
    return ["/".join(parts) for parts in sorted(kept, key=lambda parts: (SETTINGS.index(parts[-3]), parts))]


def _place(name: str) -> tuple[str, str, str]:
    """(setting, source's folder, language) of a file."""
    setting, source, file = PurePosixPath(name).parts[-3:]
    with at(name):
        return setting, source, get_language(file.removesuffix(".csv")).code


def _records(data: bytes, where: str, setting: str, folder: str, code: str, first: int) -> Iterator[PromptRecord]:
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        for number, fields in enumerate(reader):
            prompt, source = fields.get("prompt"), fields.get("source") or folder
            problem = problem_with(prompt) if "prompt" in fields else "no column 'prompt'"
            if problem is not None or not isinstance(prompt, str):
                raise UserError(f"{where}, line {reader.line_num}: {problem}")
            yield PromptRecord(
                index=first + number,
                prompt=prompt,
                language=code,
                id=f"{setting}/{source}/{code}/{number}",
                source=source,
                where=f"{where}, line {reader.line_num}",
                setting=setting,
            )
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{where}: not a CSV file in UTF-8 ({error})") from None
