"""Properties on any text: no exceptions, valid spans, stable prefixes, streaming equal to the whole."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tlpo.confusion import ConfusionDetector

TARGETS = ("ko", "ja", "zh", "ar", "ru", "hi", "th", "fr", "en", "vi", "sr", "fa")
DETECTORS = {
    (code, english): ConfusionDetector(code, english=english)
    for code in TARGETS
    for english in ("neutral", "confusion")
}
ANY = st.sampled_from(sorted(DETECTORS))

_WORDS = r"""
안녕하세요 세계 가 中国 这是 東京 です カタカナ привет как дела Київ مرحبا این است नमस्ते आहे สวัสดี hello the quick
answer is Bank of America the Great Basin BBC iPhone main.py foo_bar x=1
bonjour les amis comment allez-vous người Việt das ist gut 10 km ` ```
( ) （ ） [ ] $ $$ \ { } < > " 「 」 . , ! ? 。 、 : ; - _ / @ # α Δx αβγ 〇 １ Ａ ½ º ⑯ 3️⃣ é ñ ʻ ʔ ʕ•ᴥ•ʔ
¯\_(ツ)_/¯ http://a.b/c me@x.org
공자(孔子, 기원전 GmbH (Gesellschaft mit beschränkter Haftung) (opad XOR K || ⊕ 1870'te 5’té peut-être -là
Mies van der Rohe aÙ _É 3É {é} 5 kgé /é/b
"""
_ODD = [
    " ",
    "\n",
    "\t",
    "\r\n",
    "\u2028",
    "\x00",
    "\ud800",
    "\udfff",
    "\u200d",
    "\ufe0f",
    "```\n",
    "\n$$\n",
    "\n\\[\n",
    "\n\\]",
    "n\u0303",
]
_PIECES = st.sampled_from(_WORDS.split()) | st.sampled_from(_ODD)
TEXTS = (
    st.text(max_size=80) | st.lists(_PIECES, max_size=40).map("".join) | st.lists(_PIECES, max_size=30).map(" ".join)
)


@settings(max_examples=60, deadline=None)
@given(ANY, TEXTS, st.booleans(), st.integers(0, 20))
def test_spans_are_valid_and_in_order(key: tuple[str, str], text: str, truncated: bool, start: int) -> None:
    found = DETECTORS[key].check(text, start=start, truncated=truncated)
    end = 0
    for span in found.spans:
        assert end <= span.start < span.end <= len(text)
        assert span.text == text[span.start : span.end]
        assert span.end > start
        assert 0.0 <= span.confidence <= 1.0
        end = span.end
    assert found.confusion_point == (found.spans[0].start if found.spans else None)
    assert (found.verdict == "confused") == bool(found.spans)


@settings(max_examples=60, deadline=None)
@given(ANY, TEXTS)
def test_the_fast_path_equals_the_check(key: tuple[str, str], text: str) -> None:
    detector = DETECTORS[key]
    assert detector.confusion_point(text) == detector.check(text).confusion_point


@settings(max_examples=60, deadline=None)
@given(ANY, TEXTS, TEXTS)
def test_script_errors_of_a_prefix_stay_in_every_continuation(key: tuple[str, str], prefix: str, rest: str) -> None:
    detector = DETECTORS[key]
    found = {span.start for span in detector.check(prefix).spans if span.rule == "script"}
    whole = [span for span in detector.check(prefix + rest).spans if span.rule == "script"]
    for start in found:
        assert any(span.start <= start < span.end for span in whole)


@settings(max_examples=60, deadline=None)
@given(ANY, TEXTS, TEXTS)
def test_the_first_script_error_keeps_its_offset(key: tuple[str, str], prefix: str, rest: str) -> None:
    detector = DETECTORS[key]
    before = detector.check(prefix)
    if before.spans and before.spans[0].rule == "script":
        assert detector.confusion_point(prefix + rest) == before.confusion_point


@settings(max_examples=60, deadline=None)
@given(ANY, st.lists(TEXTS, max_size=6))
def test_a_stream_equals_the_whole_and_is_never_undone(key: tuple[str, str], pieces: list[str]) -> None:
    detector = DETECTORS[key]
    stream = detector.stream()
    points = [stream.feed(piece) for piece in pieces]
    text = "".join(pieces)
    whole = detector.check(text)
    assert stream.finish() == whole
    for point in points:
        assert point is None or point == whole.confusion_point


@settings(max_examples=60, deadline=None)
@given(ANY, TEXTS)
@example(("ar", "confusion"), "aa@A.0")  # an address only at its last character
@example(("fr", "neutral"), "приветがx(한국。中")  # a bracket that may become a gloss, with more behind it
@example(("fr", "confusion"), "é。)www.।한국 hello there中??-")  # no word stands before the first
def test_character_by_character_is_as_certain(key: tuple[str, str], text: str) -> None:
    detector = DETECTORS[key]
    stream, point = detector.stream(), None
    for char in text:
        now = stream.feed(char)
        assert point is None or now == point
        point = now
    assert point is None or point == detector.confusion_point(text)


@settings(max_examples=60, deadline=None)
@given(ANY, TEXTS)
@example(("ru", "neutral"), "Ї0Е")  # a letter that only the sister composes
@example(("ar", "confusion"), "aÙ")  # no camelCase
@example(("sr", "confusion"), "Ư")  # no letter of Serbian, composed or not
def test_composed_and_decomposed_texts_agree(key: tuple[str, str], text: str) -> None:
    composed, decomposed = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    first, second = DETECTORS[key].check(composed), DETECTORS[key].check(decomposed)
    assert first.verdict == second.verdict
    assert [span.rule for span in first.spans] == [span.rule for span in second.spans]
    if first.confusion_point is not None and second.confusion_point is not None:
        before = unicodedata.normalize("NFC", decomposed[: second.confusion_point])
        assert before == composed[: first.confusion_point]


@pytest.mark.parametrize("code", ["ko", "fr", "ja"])
def test_a_long_stream_takes_linear_time(code: str) -> None:
    import time

    def seconds(length: int) -> float:
        stream = DETECTORS[code, "confusion"].stream()
        piece = "가나다 " if code == "ko" else "les amis " if code == "fr" else "これは"
        started = time.thread_time()
        for _ in range(length):
            stream.feed(piece)
        return time.thread_time() - started

    seconds(200)
    assert seconds(4000) < 12 * max(seconds(800), 0.002)
