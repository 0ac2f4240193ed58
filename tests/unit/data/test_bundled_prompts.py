"""The prompts that ship with the package: counts, splits, scripts, and what they must not ask for."""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from importlib.resources import files

import pytest
import regex
from tests.unit.data.forbidden_words import CODE, LANGUAGE_NAMES, TRANSLATION

from tlpo.languages import get_language

CODES = ("ko", "ja", "zh", "ar", "es", "fr", "de", "ru", "hi", "id", "it", "pt", "tr", "vi", "en")
NON_LATIN = tuple(code for code in CODES if not get_language(code).latin)
FOLDER = files("tlpo") / "data" / "prompts"
NEAR = 0.5

every_language = pytest.mark.parametrize("code", CODES)


@cache
def records(code: str) -> tuple[dict[str, str], ...]:
    text = (FOLDER / f"{code}.jsonl").read_text(encoding="utf-8")
    return tuple(json.loads(line) for line in text.splitlines())


def prompts(code: str, split: str) -> list[str]:
    return [record["prompt"] for record in records(code) if record["split"] == split]


def normalise(text: str) -> str:
    """Letters, marks and digits only; case, width, spaces and punctuation do not count."""
    return regex.sub(r"[^\p{L}\p{M}\p{N}]+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()


def five_grams(text: str) -> frozenset[str]:
    plain = normalise(text)
    return frozenset(plain[at : at + 5] for at in range(max(1, len(plain) - 4)))


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b)


def found(pattern: str, code: str) -> list[str]:
    return [record["id"] for record in records(code) if regex.search(pattern, record["prompt"])]


def test_there_is_one_file_for_each_language():
    names = {entry.name.removesuffix(".jsonl") for entry in FOLDER.iterdir() if entry.name.endswith(".jsonl")}
    assert names == set(CODES)


@every_language
def test_records_have_the_documented_fields(code):
    for record in records(code):
        assert set(record) == {"id", "prompt", "topic", "split"}, record
        assert regex.fullmatch(rf"{code}-\d{{3}}", record["id"]), record["id"]
        assert regex.fullmatch(r"[a-z_-]+", record["topic"]), record
        assert record["split"] in {"train", "eval"}, record


@every_language
def test_prompts_are_one_clean_line(code):
    for record in records(code):
        prompt = record["prompt"]
        assert len(prompt) >= 5, record
        assert prompt == unicodedata.normalize("NFC", prompt.strip()), record
        assert not regex.search(r"[\p{Cc}\p{Co}\p{Cn}\N{REPLACEMENT CHARACTER}]|  ", prompt), record


@every_language
def test_counts(code):
    assert len(records(code)) >= 100
    assert (len(prompts(code, "train")), len(prompts(code, "eval"))) == (100, 60)


@every_language
def test_ids_and_prompts_are_unique(code):
    ids = [record["id"] for record in records(code)]
    texts = [normalise(record["prompt"]) for record in records(code)]
    assert len(set(ids)) == len(ids)
    assert len(set(texts)) == len(texts)


@every_language
def test_every_topic_is_in_both_splits(code):
    topics = {split: {r["topic"] for r in records(code) if r["split"] == split} for split in ("train", "eval")}
    assert topics["train"] == topics["eval"]


@every_language
def test_no_eval_prompt_is_near_a_train_prompt(code):
    train = [(text, five_grams(text)) for text in prompts(code, "train")]
    near = [
        (text, other)
        for text in prompts(code, "eval")
        for other, grams in train
        if jaccard(five_grams(text), grams) >= NEAR
    ]
    assert near == []


@every_language
def test_no_prompt_names_a_language(code):
    assert found(LANGUAGE_NAMES[code], code) == []


@every_language
def test_no_prompt_asks_for_a_translation(code):
    assert found(TRANSLATION[code], code) == []


@every_language
def test_no_prompt_asks_for_code_or_points_to_a_page(code):
    assert found(CODE[code], code) == []
    assert found(CODE["any"], code) == []


@every_language
def test_every_letter_is_of_the_scripts_of_the_language(code):
    own = "".join(rf"\p{{Script_Extensions={script}}}" for script in get_language(code).scripts)
    for record in records(code):
        letters = regex.findall(r"\p{L}", record["prompt"])
        strangers = regex.findall(rf"[\p{{L}}--[{own}]]", record["prompt"], regex.V1)
        assert letters, record
        assert strangers == [], record


@pytest.mark.parametrize("code", NON_LATIN)
def test_prompts_not_in_latin_script_have_no_latin_letter(code):
    assert found(r"\p{Script=Latin}", code) == []


# What the script alone does not tell: letters that all, or most, prompts of the language have. Lost accents give none.
@pytest.mark.parametrize(
    ("code", "own_letter", "share"),
    [
        ("ja", r"\p{Hiragana}", 1.0),
        ("vi", "(?i)[ăâđêôơư\u1ea0-\u1ef9]", 1.0),
        ("tr", "[çğıİöşüÇĞÖŞÜ]", 0.95),
        ("de", "[äöüßÄÖÜ]", 0.6),
        ("fr", "(?i)[àâçéèêëîïôùûœ]", 0.6),
        ("es", "[¿¡ñÑáéíóúÁÉÍÓÚ]", 0.6),
        ("pt", "(?i)[ãõçáéíóúâêôà]", 0.6),
    ],
)
def test_prompts_have_the_letters_of_their_language(code, own_letter, share):
    assert len(found(own_letter, code)) >= share * len(records(code))


@pytest.mark.parametrize(
    ("code", "foreign_letter"),
    [
        ("ru", "[іїєґўјљњћђџІЇЄҐЎ]"),
        ("ar", "[پچژگکیےٹڈڑ]"),
        ("zh", r"[\p{Hiragana}\p{Katakana}]"),
        ("id", r"(?i)[^\P{L}a-zé]"),
        ("en", r"(?i)[^\P{L}a-zéèêçïñöü]"),
    ],
)
def test_prompts_have_no_letter_of_a_language_that_shares_the_script(code, foreign_letter):
    assert found(foreign_letter, code) == []


def test_jaccard_of_five_grams():
    # "abcdef" has abcde and bcdef, "abcdeg" has abcde and bcdeg: one shared of three.
    assert jaccard(five_grams("ABCdef"), five_grams("abcdeg!")) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("table", "code", "hit", "miss"),
    [
        (LANGUAGE_NAMES, "ko", "한국어로 답해 주세요", "수영어르신 모임"),
        (LANGUAGE_NAMES, "ja", "英語で書いて", "物語を書いて"),
        (LANGUAGE_NAMES, "zh", "请用中文回答", "高中文凭和其中文化"),
        (LANGUAGE_NAMES, "ar", "اكتب باللغة العربية", "القهوة العربية"),
        (LANGUAGE_NAMES, "es", "responde en español", "un pueblo español"),
        (LANGUAGE_NAMES, "fr", "réponds en français", "le pain français"),
        (LANGUAGE_NAMES, "de", "auf Deutsch bitte", "die deutsche Küche"),
        (LANGUAGE_NAMES, "ru", "ответь по-русски", "русская печь"),
        (LANGUAGE_NAMES, "hi", "हिन्दी में लिखो", "भारतीय संस्कृति"),
        (LANGUAGE_NAMES, "id", "pakai bahasa Indonesia", "bahasa tubuh"),
        (LANGUAGE_NAMES, "it", "scrivi in italiano", "un formaggio italiano"),
        (LANGUAGE_NAMES, "pt", "escreva em português", "um vinho português"),
        (LANGUAGE_NAMES, "tr", "Türkçe yaz", "Türk kahvesi"),
        (LANGUAGE_NAMES, "vi", "viết bằng tiếng Việt", "tiếng ve ở Việt Nam"),
        (LANGUAGE_NAMES, "en", "answer in English", "an English breakfast"),
        (TRANSLATION, "ru", "сделай перевод текста", "переведи часы назад"),
        (TRANSLATION, "vi", "dịch đoạn này", "du lịch mùa dịch bệnh"),
        (TRANSLATION, "tr", "şunu İngilizceye çevir", "eti ara sıra çevir"),
        (CODE, "any", "write it in Python", "a bowl of soup"),
        (CODE, "ja", "プログラミングを教えて", "電源コード"),
    ],
)
def test_the_patterns_find_the_word_and_not_its_lookalike(table, code, hit, miss):
    assert regex.search(table[code], hit)
    assert not regex.search(table[code], miss)
