"""Names of languages in prompts: found where a language is meant, and not where a word only looks like one."""

from __future__ import annotations

import pytest
from tests.shared import shared_data
from tests.unit.data.forbidden_words import LANGUAGE_NAMES

from tlpo.data import PROMPT_LANGUAGES, load_prompts
from tlpo.data.language_names import mentions_in
from tlpo.data.language_usage import USAGES
from tlpo.data.rows import read_rows
from tlpo.errors import UserError
from tlpo.languages import LANGUAGES

pytest.importorskip("babel")

# (language of the prompt, what names a language, what only looks like it)
CASES = [
    ("ar", "اكتب الجواب باللغة العربية", "القهوة العربية لذيذة"),
    ("ar", "ما معنى هذه الكلمة بالإنجليزية؟", "الثورة الفرنسية"),
    ("bg", "Напиши го на английски.", "Английска кухня"),
    ("bn", "ইংরেজিতে লিখুন", "জাপানি খাবার"),
    ("ca", "Respon en anglès, si us plau.", "un esmorzar anglès"),
    ("cs", "Napiš to v angličtině.", "anglická snídaně"),
    ("da", "Svar på engelsk.", "en engelsk have"),
    ("de", "Antworte bitte auf Deutsch.", "die deutsche Küche"),
    ("de", "die Grundlagen der englischen Sprache", "ein englischer Garten"),
    ("el", "Γράψε το στα Αγγλικά.", "αγγλικό πρωινό"),
    ("en", "Answer in French about cheese.", "a dish in French cuisine"),
    ("en", "Use Korean.", "the Korean War"),
    ("en", "What is the English word for it?", "an English breakfast"),
    ("en", "I am learning Polish", "in Polish towns"),
    ("es", "Responde en español.", "un pueblo español"),
    ("es", "la lengua inglesa", "la casa inglesa en China"),
    ("fa", "به انگلیسی بنویس", "صبحانه انگلیسی"),
    ("fi", "Vastaa englanniksi.", "Englanti on maa."),
    ("fr", "Réponds en français.", "le pain français"),
    ("fr", "une grammaire de la langue allemande", "le parlement allemand"),
    ("he", "כתוב את זה באנגלית", "ארוחת בוקר"),
    ("hi", "इसे हिन्दी में लिखो", "भारतीय संस्कृति"),
    ("hi", "जर्मन भाषा कैसे सीखें?", "जर्मन इंजीनियर"),
    ("hr", "Odgovori na engleskom.", "engleski doručak"),
    ("hu", "Írd meg angolul!", "angol reggeli"),
    ("id", "Jawab dalam bahasa Inggris.", "sarapan di Inggris"),
    ("it", "Rispondi in italiano.", "un formaggio italiano"),
    ("it", "la lingua francese", "il parlamento francese"),
    ("ja", "英語で書いてください。", "物語を書いて、漢文学も英雄も好き"),
    ("ko", "한국어로 답해 주세요.", "수영어르신 모임에 바람이 불어왔습니다."),
    ("ko", "불어를 배우고 싶어요.", "바람이 불어 춥네요."),
    ("mk", "Одговори на англиски.", "англиски појадок"),
    ("ms", "Jawab dalam bahasa Inggeris.", "bahasa badan"),
    ("nl", "Antwoord in het Engels.", "een Engelse tuin"),
    ("no", "Svar på engelsk.", "en engelsk frokost"),
    ("pl", "Odpowiedz po angielsku.", "angielski ogród"),
    ("pt", "Escreva em português.", "um vinho português"),
    ("ro", "Răspunde în engleză.", "o grădină engleză"),
    ("ru", "Ответь по-русски.", "русская печь"),
    ("ru", "Напиши письмо на английском.", "подать в суд на немецкий журнал"),
    ("sr", "Одговори на енглеском.", "енглески доручак"),
    ("sv", "Svara på engelska.", "en engelsk trädgård"),
    ("sw", "Jibu kwa Kiingereza.", "chakula cha asubuhi"),
    ("th", "เขียนเป็นภาษาอังกฤษ", "อาหารไทยและอังกฤษ"),
    ("tr", "İngilizceye çevir.", "Türk kahvesi; durdu ve urdu"),
    ("uk", "Напиши англійською.", "англійський сніданок"),
    ("ur", "اردو میں لکھیں", "جاپانی کھانا"),
    ("vi", "viết bằng tiếng Việt", "tiếng ve ở Việt Nam, người lao động"),
    ("zh", "请用中文回答。", "他无法语言表达，高中文凭和道德语境"),
    ("zh", "請用英文寫。", "精英文化"),
    # names in English
    ("ko", "English로 답해 주세요.", "자니 English Heritage 이야기"),
    ("fr", "Réponds en English.", "le film Johnny English"),
    ("zh", "请用 Japanese 回答", "看 Johnny English 这部电影"),
]


@pytest.mark.parametrize(("code", "named", "lookalike"), CASES)
def test_a_language_is_named_or_only_looked_like(code: str, named: str, lookalike: str) -> None:
    mentions = mentions_in(code)
    assert mentions.find(named), named
    assert mentions.find(lookalike) is None, lookalike


@pytest.mark.parametrize("code", PROMPT_LANGUAGES)
def test_the_bundled_prompts_name_none(code: str) -> None:
    assert [r.prompt for r in load_prompts(language=code) if mentions_in(code).find(str(r.prompt))] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_a_pattern(code: str) -> None:
    mentions = mentions_in(code)
    assert mentions.find("Please answer in English.")  # its name in English, in an English sentence
    assert mentions.find("") is None


def test_every_row_is_of_a_known_language() -> None:
    assert set(USAGES) <= set(LANGUAGES)


@pytest.mark.parametrize("code", PROMPT_LANGUAGES)
def test_the_anchors_hide_nothing_that_the_pattern_finds(code: str) -> None:
    mentions = mentions_in(code)
    for text in [named for language, named, _ in CASES if language == code] + list(_names(code)):
        assert bool(mentions.pattern.search(text)) == bool(mentions.find(text)), text


def test_prompts_that_ask_for_a_language_in_english() -> None:
    """The LCB's cross-lingual prompts, each of which does so."""
    import csv
    import io
    import zipfile

    found = asked = 0
    with zipfile.ZipFile(shared_data("lcb", "test_sets.zip")) as archive:
        for name in archive.namelist():
            if "cross" in name and name.endswith(".csv"):
                for row in csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8")):
                    asked += 1
                    found += mentions_in("en").find(row["prompt"]) is not None
    assert asked > 4000
    assert found / asked > 0.99


# not Hindi: their pattern for it takes adjectives too, as in the English Channel
@pytest.mark.parametrize("code", [code for code in PROMPT_LANGUAGES if code != "hi"])
def test_hand_written_patterns_agree(code: str) -> None:
    """On real prompts, what the tests' own patterns find is found too (they look at fewer languages)."""
    import regex

    mentions = mentions_in(code)
    prompts = [str(row.fields["prompt"]) for row in read_rows(shared_data("prompts", f"{code}.jsonl.gz"))]
    theirs = [prompt for prompt in prompts if regex.search(LANGUAGE_NAMES[code], prompt)]
    missed = [prompt for prompt in theirs if mentions.find(prompt) is None]
    assert len(missed) <= max(2, len(theirs) // 5), missed[:5]


def test_an_unknown_language() -> None:
    with pytest.raises(UserError, match="unknown language 'qq'"):
        mentions_in("qq")


def _names(code: str) -> list[str]:
    from babel import Locale

    return [str(name) for name in Locale.parse(code).languages.values()]
