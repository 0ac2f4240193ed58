"""Requests for translations and code, and texts that only speak of them."""

from __future__ import annotations

import pytest
from tests.unit.data.forbidden_words import CODE as OLD_CODE

from tlpo.data import PROMPT_LANGUAGES, load_prompts
from tlpo.data.finder import finder, words_in
from tlpo.data.requests import CODE, TRANSLATION, code_requests, translation_requests
from tlpo.languages import LANGUAGES

TRANSLATIONS = [
    ("ar", "ترجم هذه الجملة: صباح الخير", "قامت الممثلة بترجمة النشيد"),
    ("de", "Übersetze den folgenden Satz.", "Er übersetzte die Bibel; die Übersetzung war beliebt."),
    ("en", "Translate this sentence.", "Lower costs translate into a better price."),
    ("es", "Traduce esta frase al inglés.", "lo que se traduce en más calor; la traducción de Lutero"),
    ("fr", "Traduisez cette phrase.", "chaque érudit l'avait traduit"),
    ("hi", "इस वाक्य का अनुवाद करें।", "उसने बाइबिल का अनुवाद किया था"),
    ("id", "Terjemahkan kalimat ini.", "terjemahan Alkitab itu terkenal"),
    ("it", "Traduci questa frase.", "la traduzione di Lutero divenne popolare"),
    ("ja", "次の文を翻訳してください。", "11か国語に翻訳され、世界中で読まれている"),
    ("ko", "다음 문장을 번역해 주세요.", "법률가 등으로 번역되지만"),
    ("pt", "Traduza a frase para mim.", "o livro foi traduzido em 1120"),
    ("ru", "Переведи текст на английский.", "Переведите часы назад; перевод Библии"),
    ("th", "แปลประโยคนี้เป็นภาษาอังกฤษ", "แปลกมาก"),
    ("tr", "Bu cümleyi İngilizceye çevir.", "İncil çevirisi popüler oldu; çevirisini yaptı"),
    ("vi", "dịch câu này giúp tôi", "tế bào miễn dịch từ bệnh nhân"),
    ("zh", "请把下面的句子翻译成英文。", "他是一位翻译家"),
]
CODES = [
    ("ar", "اكتب دالة لحساب المضروب", "خوارزميات فك التشفير تتطور"),
    ("de", "Schreibe ein Programm, um Zahlen zu sortieren.", "Das Programm des Theaters ist voll."),
    ("en", "Write a function that checks for primes.", "Write a story about a computer programmer."),
    ("en", "What does the following code do?", "Explain the dress code at the office."),
    ("es", "Escribe un programa que sume dos números.", "cambió la programación de la cadena; el código postal"),
    ("de", "Schreibe ein Computerprogramm, das zählt.", "Programmieren macht Spaß."),
    ("fr", "Écrivez un programme pour calculer la somme.", "le programme pour demain"),
    ("fr", "Écris un programme qui trie une liste.", "le code de la route; un programme de télévision"),
    ("hi", "जोड़ने वाला प्रोग्राम लिखें।", "आनुवंशिक कोड बनता है"),
    ("id", "Buatlah program komputer sederhana.", "program pemerintah"),
    ("it", "Scrivi una funzione che calcola la media.", "la programmazione della rete"),
    ("ja", "素数を判定するプログラムを書いてください。", "電源コード"),
    ("ko", "숫자를 정렬하는 알고리즘을 작성하세요.", "전기 코드를 만졌다"),
    ("pt", "Escreva um programa que some números.", "a programação da semana; o código civil"),
    ("ru", "Напиши программу для сортировки.", "программа телепередач; код города"),
    ("tr", "Asal sayıları bulan bir program yaz.", "televizyon programı"),
    ("vi", "viết một đoạn mã để sắp xếp", "đoạn văn hay"),
    ("zh", "编写一个程序来排序。", "写一个简单的数学方程式；写一个广告脚本"),
]


@pytest.mark.parametrize(("code", "asked", "told"), TRANSLATIONS)
def test_translations_are_asked_for_or_only_told_of(code: str, asked: str, told: str) -> None:
    assert translation_requests(code).find(asked)
    assert translation_requests(code).find(told) is None


@pytest.mark.parametrize(("code", "asked", "told"), CODES)
def test_code_is_asked_for_or_only_told_of(code: str, asked: str, told: str) -> None:
    assert code_requests(code).find(asked)
    assert code_requests(code).find(told) is None


@pytest.mark.parametrize("code", LANGUAGES)
def test_any_language_may_name_tools_or_hold_code(code: str) -> None:
    for text in ("Python", "C++", "x = [1]\nprint (x)", "```\nls\n```", "SELECT a FROM b", "<p>x</p>", "a.py"):
        assert code_requests(code).find(f"... {text} ..."), text
    assert translation_requests(code).find("Please translate this.")
    assert code_requests(code).find("") is None


@pytest.mark.parametrize("code", PROMPT_LANGUAGES)
def test_the_bundled_prompts_ask_for_neither(code: str) -> None:
    prompts = [str(record.prompt) for record in load_prompts(language=code)]
    assert [text for text in prompts if translation_requests(code).find(text) or code_requests(code).find(text)] == []


@pytest.mark.parametrize("table", [TRANSLATION, CODE])
def test_rows_are_of_known_languages(table: dict[str, object]) -> None:
    assert set(table) <= set(LANGUAGES)
    assert set(PROMPT_LANGUAGES) <= set(table)
    assert set(PROMPT_LANGUAGES) <= set(OLD_CODE)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (r"\bregular expression|regexp?\b", ["regular expression", "regex"]),
        (r"(?:este|siguiente) código\b(?! (?:postal|civil))", ["código"]),
        (r"program (?:that|which)\b|(?:ab|cde)+fg", ["program", "cde"]),
        (r"[xy]kod\w*|(?:kod)?script", ["kod", "script"]),
        (r"(?:один|два)", ["один", "два"]),
        ("函数(?!x)|算法", ["函数", "算法"]),
    ],
)
def test_the_words_that_a_pattern_cannot_do_without(expression: str, words: list[str]) -> None:
    assert words_in(expression) == words


def test_an_alternative_without_any_word_is_refused() -> None:
    with pytest.raises(ValueError, match="no word to look for"):
        words_in(r"abc|\d+")


def test_anchors_are_the_shortest_that_do() -> None:
    found = finder("code|decoded", ["code", "decoded"])
    assert found.anchors == ("code",)
    assert found.find("they decoded it") == "decoded"
    assert found.find("nothing") is None
