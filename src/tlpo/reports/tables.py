"""Terminal tables of an audit and of before against after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from tlpo.reports.formats import percent, percent_interval, points, signed, signed_interval
from tlpo.reports.highlight import printable, segments

# Two lines each, so that eleven columns fit into 80 characters.
_AUDIT_HEADINGS = (
    "n", "con-\nfused", "unde-\ncided", "rate\n%", "95 %\ninterval", "letters\n%", "digits\n%", "tokens\n(mean)",
    "distinct\n-2", "ended\n%",
)  # fmt: skip


def audit_table(audit: Mapping[str, Any]) -> Table:
    """One row a language and, where there are several, one for all: the figures of audit.json."""
    english = "English is neutral" if audit["english"] == "neutral" else "English counts as confusion"
    strict = ", strict" if audit["settings"].get("strictness") == "strict" else ""
    title = f"{audit['model']}: {audit['n']} responses, {english}{strict}"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in _AUDIT_HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for code, figures in audit["languages"].items():
        table.add_row(code, *_figures(figures))
    if len(audit["languages"]) > 1:
        table.add_section()
        table.add_row("all", *_figures(audit))
    return table


def comparison_table(comparison: Mapping[str, Any], nll: Mapping[str, Mapping[str, Any]] | None = None) -> Table:
    """Before, after, change and its 95 % interval, of one C of `compare_audits` and the likelihoods by language.

    nll: what `compare_nll` returned, by language code. Shares change in percentage points.
    """
    title = f"Before and after, {comparison['prompts']} prompts"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("figure")
    for heading in ("before", "after", "change", "95 % interval"):
        table.add_column(heading, justify="right")
    rate = comparison["rate"]
    interval = [-rate["fall_ci95"][1], -rate["fall_ci95"][0]]
    table.add_row("confusion rate", *_share_row({**rate, "change": -rate["fall"], "ci95": interval}), style="bold")
    if rate["relative_fall"] is not None:
        fall, fall_interval = percent(rate["relative_fall"]), percent_interval(rate["relative_fall_ci95"])
        table.add_row("  relative fall", "", "", fall, fall_interval)
    for name, label in (("letters_share", "target letters"), ("digits_share", "digits"), ("eos_rate", "ended itself")):
        table.add_row(label, *_share_row(comparison[name]))
    table.add_row("mean length, tokens", *_number_row(comparison["mean_length"], 1))
    table.add_row("distinct-2", *_number_row(comparison["distinct_2"], 3))
    for code, values in (nll or {}).items():
        table.add_row(f"NLL of clean text, {code}", *_number_row(values, 3))
    return table


def example_text(response: str, spans: list[dict[str, Any]], point: int | None, *, around: int = 120) -> Text:
    """A response in one line for the terminal: some text around the confusion point, its spans marked.

    Responses without a confusion point show their start. Offsets refer to the whole response.
    """
    first = 0 if point is None else max(0, point - around)
    last = 2 * around if point is None else point + around
    line = Text("…" if first > 0 else "")
    position = 0
    for segment in segments(printable(response), spans, point):
        start, end = max(first, position), min(last, position + len(segment.text))
        piece = segment.text[max(0, start - position) : max(0, end - position)].replace("\n", " ")
        if segment.point and piece:
            line.append("▶", style="bold red")
        line.append(
            piece, style="bold red reverse" if segment.point and segment.span else "red" if segment.span else ""
        )
        position += len(segment.text)
    if last < len(response):
        line.append("…")
    return line


def _figures(figures: Mapping[str, Any]) -> list[str]:
    return [
        str(figures["n"]),
        str(figures["confused"]),
        str(figures["undecided"]),
        _bare(figures["rate"]),
        f"{_bare(figures['ci95'][0])}–{_bare(figures['ci95'][1])}",
        _bare(figures["letters_share"]),
        _bare(figures["digits_share"]),
        f"{figures['mean_length']:.1f}",
        f"{figures['distinct_2']:.3f}",
        _bare(figures["eos_rate"]),
    ]


def _bare(share: float) -> str:
    """A share in percent, without the sign."""
    return percent(share).removesuffix(" %")


def _share_row(change: Mapping[str, Any]) -> list[str]:
    return [
        percent(change["before"]),
        percent(change["after"]),
        points(change["change"]),
        signed_interval(change["ci95"], 1, scale=100),
    ]


def _number_row(change: Mapping[str, Any], digits: int) -> list[str]:
    interval = signed_interval(change["ci95"], digits) if "ci95" in change else "–"
    return [
        f"{change['before']:.{digits}f}",
        f"{change['after']:.{digits}f}",
        signed(change["change"], digits),
        interval,
    ]
