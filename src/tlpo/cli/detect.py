"""``tlpo detect``: JSON lines in, JSON lines out, with the place where each text leaves its language."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from tlpo.errors import UserError, at
from tlpo.files import refuse_inputs

if TYPE_CHECKING:
    from tlpo.confusion import ConfusionDetector, Span
    from tlpo.data.rows import Row

_REASONS = {
    "script": "letters of a script that the language is not written in",
    "english": "English words, which count as confusion here",
    "language": "words of another language, told by their context",
    "whole": "the text as a whole is in another language",
}


def detect(
    file: Annotated[str, typer.Argument(help="JSON lines (.jsonl, .jsonl.gz), or - for standard input.")],
    language: Annotated[
        str | None, typer.Option(help="Language of records that have no field 'language' of their own.")
    ] = None,
    english: Annotated[str, typer.Option(help="English words in other languages: neutral or confusion.")] = "neutral",
    field: Annotated[str, typer.Option(help="Field that holds the text.")] = "text",
    also: Annotated[list[str] | None, typer.Option(help="Another language that is fine; may be repeated.")] = None,
    allow: Annotated[list[str] | None, typer.Option(help="A term that is fine; may be repeated.")] = None,
    strictness: Annotated[str, typer.Option(help="default, or strict: single foreign words count too.")] = "default",
    glosses: Annotated[bool, typer.Option(help="Whether a short bracket after a word may be foreign.")] = True,
    quotes: Annotated[bool, typer.Option(help="Whether text in quotation marks may be foreign.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Add to each span its rule, reason, confidence.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write here instead of to standard output.")] = None,
) -> None:
    """Mark where texts leave their language.

    Each record comes back as it was, with its language and three more fields: verdict (clean, confused or undecided),
    confusion_point (the offset of the first confused character, or null) and spans. A bad record ends the run; what was
    written stays.
    """
    from tlpo.confusion import ConfusionDetector
    from tlpo.languages import get_language

    def detector_for(code: str) -> ConfusionDetector:
        return ConfusionDetector(
            code,
            english=english,
            also=also or (),
            allow=allow or (),
            strictness=strictness,
            glosses=glosses,
            quotes=quotes,
        )

    detector_for(get_language(language).code if language else "en")  # a bad option is told before the first record
    detectors: dict[str, ConfusionDetector] = {}
    verdicts: Counter[str] = Counter()
    if output is not None:
        refuse_inputs(output, None if file == "-" else file)
    with _rows(file, field, bool(output)) as rows, _writer(output) as write:
        for row in rows:
            text, code = _text_of(row, field), _language_of(row, language)
            if code not in detectors:
                detectors[code] = detector_for(code)
            found = detectors[code].check(text)
            verdicts[found.verdict] += 1
            spans = [_as_json(span, explain) for span in found.spans]
            result = {"verdict": found.verdict, "confusion_point": found.confusion_point, "spans": spans}
            write({**row.fields, "language": code, **result})
    if output is not None or sys.stderr.isatty():
        parts = ", ".join(f"{verdicts[name]} {name}" for name in ("clean", "confused", "undecided"))
        sys.stderr.write(f"{verdicts.total()} records: {parts}\n")


def _text_of(row: Row, field: str) -> str:
    if field not in row.fields:
        have = ", ".join(row.fields) or "no field at all"
        raise UserError(f"{row.where}: no field '{field}'; the record has {have}: name the text's field with --field")
    text = row.fields[field]
    if not isinstance(text, str):
        raise UserError(f"{row.where}: field '{field}' is not text but {text!r:.40}")
    return text


def _language_of(row: Row, default: str | None) -> str:
    from tlpo.languages import get_language

    code = row.fields.get("language") or default
    if code is None:
        raise UserError(f"{row.where}: no language: add --language, or a field 'language' to each record")
    with at(row.where):
        return get_language(str(code)).code


def _as_json(span: Span, explain: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "start": span.start,
        "end": span.end,
        "text": span.text,
        "script": span.script,
        "language": span.language,
    }
    if explain:
        told |= {"rule": span.rule, "reason": _REASONS[span.rule], "confidence": round(span.confidence, 4)}
    return told


@contextlib.contextmanager
def _rows(file: str, field: str, quiet_stdout: bool) -> Iterator[Iterator[Row]]:
    """The records of ``file``; with a progress bar on stderr if somebody watches it and not the records themselves."""
    from tlpo.data.rows import open_binary, read_json_lines

    if file == "-":
        if sys.stdin is None:
            raise UserError("standard input is closed: name a file, or send one in (tlpo detect - < FILE)")
        yield read_json_lines(sys.stdin.buffer, "standard input", field)
        return
    with open_binary(file) as stream:
        shown = sys.stderr.isatty() and (quiet_stdout or not sys.stdout.isatty())
        lines = _with_progress(stream, file) if shown else iter(stream)
        yield _unzipped(read_json_lines(lines, file, field), file)


def _unzipped(rows: Iterator[Row], file: str) -> Iterator[Row]:
    import zlib

    try:
        yield from rows
    except (EOFError, zlib.error, OSError) as error:  # BadGzipFile is an OSError
        raise UserError(f"{file}: cannot be read to its end ({error})") from None


def _with_progress(stream: BinaryIO, file: str) -> Iterator[bytes]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    raw = getattr(stream, "fileobj", None) or stream  # of a gzip file, the compressed bytes tell how far we are
    columns = TextColumn("detecting"), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=max(1, os.path.getsize(file)))
        read = 0
        for line in stream:
            yield line
            read += len(line)
            progress.update(task, completed=raw.tell() if raw is not stream else read)


@contextlib.contextmanager
def _writer(output: Path | None) -> Iterator[Any]:
    """A function that writes one record, at once: a reader at the other end of a pipe sees it before the next one.

    For the same reason the output is no file that is renamed when whole. An older result in it goes when the first
    record is judged, or the input turns out to have none.
    """
    try:
        stream = sys.stdout.buffer if output is None else output.open("ab")
    except OSError as error:
        raise UserError(f"cannot write '{output}' ({error.strerror}): choose another --output") from None
    fresh = output is None or not output.is_file()  # a device or a pipe cannot be emptied

    def write(record: dict[str, Any]) -> None:
        nonlocal fresh
        if not fresh:
            stream.truncate(0)
            fresh = True
        stream.write(_encoded(record) + b"\n")
        stream.flush()

    try:
        yield write
        if not fresh:
            stream.truncate(0)
    finally:
        if output is not None:
            stream.close()


def _encoded(record: dict[str, Any]) -> bytes:
    try:
        return json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate, which UTF-8 cannot hold, but JSON's \\u escapes can
        return json.dumps(record).encode()
