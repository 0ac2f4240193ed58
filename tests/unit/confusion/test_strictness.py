"""What strictness "strict" adds in text that is not written in Latin script, while English is confusion."""

import pytest

from tlpo.confusion import ConfusionDetector


@pytest.mark.parametrize(
    ("text", "point"),
    [("어제 KBS 방송을 보았다.", 3), ("그는 Zuckerberg 씨를 만났다.", 3), ("날씨가 nice 하다.", 4)],
)
def test_names_and_acronyms_count(text: str, point: int) -> None:
    assert ConfusionDetector("ko", english="confusion", strictness="strict").check(text).confusion_point == point


@pytest.mark.parametrize("text", ["어제 KBS 방송을 보았다.", "그는 Zuckerberg 씨를 만났다."])
def test_by_default_they_do_not(text: str) -> None:
    assert ConfusionDetector("ko", english="confusion").check(text).verdict == "clean"


@pytest.mark.parametrize("text", ["주소는 https://example.com/kbs 입니다.", "무게는 3 kg 이다."])
def test_what_is_masked_stays_fine(text: str) -> None:
    assert ConfusionDetector("ko", english="confusion", strictness="strict").check(text).verdict == "clean"
