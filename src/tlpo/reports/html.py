"""The audit's web page: one self-contained file, no scripts, no external asset, every text escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from tlpo.evaluation.records import ResponseRecord
from tlpo.files import write_text
from tlpo.reports.formats import percent, percent_interval
from tlpo.reports.highlight import describe_span, language_name, printable, segments

_SHOWN_SPANS = 4


def render_audit(audit: Mapping[str, Any], records: Sequence[ResponseRecord]) -> str:
    """The page for an audit (the contents of audit.json) and its responses, as HTML text."""
    environment = page_environment()
    environment.filters.update(percent=percent, percent_interval=percent_interval, language_name=language_name)
    verdicts = Counter(record.verdict for record in records)
    return environment.get_template("audit.html.j2").render(
        audit=audit,
        responses=[_response(record) for record in records],
        verdicts={verdict: verdicts.get(verdict, 0) for verdict in ("confused", "undecided", "clean")},
        strip=_rate_strip(audit),
        common=_common_spans(records),
    )


def page_environment() -> Environment:
    """Where the pages' templates are found: every text escaped, an unknown name an error."""
    return Environment(
        loader=PackageLoader("tlpo.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def write_audit_page(path: Path, audit: Mapping[str, Any], records: Sequence[ResponseRecord]) -> None:
    """Write the page; an older one stays as it was until the new one is complete."""
    write_text(path, render_audit(audit, records))


def _response(record: ResponseRecord) -> dict[str, Any]:
    """One response as the template wants it: texts made printable, spans described."""
    spans = [{**span, "text": printable(str(span["text"])), "note": describe_span(span)} for span in record.spans]
    return {
        "number": record.index + 1,
        "sample": record.sample + 1,
        "language": record.language,
        "verdict": record.verdict,
        "prompt": printable(record.prompt_text),
        "segments": segments(printable(record.response), spans, record.confusion_point),
        "point": record.confusion_point,
        "spans": spans[:_SHOWN_SPANS],
        "more": max(0, len(spans) - _SHOWN_SPANS),
        "tokens": len(record.ids),
        "finished": record.finished,
    }


def _rate_strip(audit: Mapping[str, Any]) -> dict[str, float]:
    """Where the rate and its interval lie on the drawn scale, in percent of its width; the scale ends at `top` %."""
    low, high = audit["ci95"]
    top = next(top for top in (5, 10, 20, 50, 100) if 100 * high <= top or top == 100)
    scale = 100 * 100 / top
    return {"top": top, "low": low * scale, "width": max(0.6, (high - low) * scale), "rate": audit["rate"] * scale}


def _common_spans(records: Sequence[ResponseRecord], limit: int = 12) -> list[dict[str, Any]]:
    """The texts found most often at a confusion point, each once a response, with how often."""
    firsts = [record.spans[0] for record in records if record.spans]
    notes = {_shortened(str(span["text"])): describe_span(span) for span in firsts}
    counts = Counter(_shortened(str(span["text"])) for span in firsts)
    return [{"text": printable(text), "count": count, "note": notes[text]} for text, count in counts.most_common(limit)]


def _shortened(text: str, limit: int = 24) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
