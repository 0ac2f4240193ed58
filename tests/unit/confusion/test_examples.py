"""Examples written by hand: what must raise no alarm, what must not be missed, and where it must be found."""

from __future__ import annotations

import pickle
import unicodedata

import pytest

from tlpo.confusion import ConfusionDetector
from tlpo.errors import UserError

NO_ALARM = [
    ("ja", "１．りんごは３つあります。"),
    ("ja", "二〇二四年に完成しました。"),
    ("ko", "정답은 ３번입니다 😀️ 1️⃣ ½컵, 25 º, ⑯번."),
    ("ko", "1876년 개항(開港) 이후 무역이 늘었다."),
    ("ko", "그는 Café Việt에서 커피를 마셨다."),
    ("ja", "Tōkyōと書くこともあります。"),
    ("ko", '설정은 {"name": "홍길동", "age": 3} 입니다.'),
    ("ko", "아래를 보세요.\n```python\nfor x in 中文: print('привет')\n```\n끝입니다."),
    ("ko", "`SELECT * FROM 表`를 실행하고 main.py와 /usr/bin/env를 여세요."),
    ("zh", "请访问 https://example.org/a_b?c=d 或写信到 me@example.org。"),
    ("ja", "速さは 30 km/h、重さは 5kg、面積は $x^2 + y^2$ です。"),
    ("ko", "링크 https://zh.wikipedia.org/wiki/中国 참고, 또는 https://한국.kr/x?q=東京&n=1 입니다."),
    ("ar", "قال النبي محمد ﷺ إن الصدق يهدي إلى البر، ﻻ بأس."),
    ("ar", "ﷺ ﻻ"),
    ("ar", "ﺍﻟﺴﻼﻡ ﻋﻠﻴﻜﻢ ﻳﺎ ﺻﺪﻳﻘﻲ"),
    ("hi", "α और β कोण Δx के बराबर हैं।"),
    ("ru", "Компания BBC и Mark Zuckerberg объявили о iPhone 15."),
    ("ar", "قال Mark Zuckerberg في تقرير BBC اليوم."),
    ("zh", "| 名称 | 值 |\n|---|---|\n| A | 1 |"),
    ("fr", "Nos amis ont le gaz et l'IA, mais leurs bras sont fatigués."),
    ("es", "Espero que tengan una amplia gama de productos."),
    ("de", "Die Mama hat die Data gesehen, und Zuckerberg war in Ontario."),
    ("es", "El estrés es muy común en la vida moderna."),
    ("fr", "Nous sommes déjà arrivés à la maison."),
    ("ja", "第二次世界大戦後の国際連合安全保障理事会について説明します。"),
    ("ko", "그는 웃었다 ¯\\_(ツ)_/¯ 그리고 갔다."),
    ("fr", "Une étude de l’Institute for Policy Research sera publiée lundi par le journal."),
    ("id", "Mereka membuka gerai-gerai Argos di banyak kota dan desa."),
    ("tr", "Dalga 800 km/sa (497 mil/sa) hızla açık denizde ilerledi."),
    ("th", "ฝนจะตกใน Rockies และ the Great Basin วันนี้"),
    ("th", "เด็ก ๆ ไปโรงเรียนทุกวัน"),
    ("es", "Es una condición sine qua non del acuerdo, de facto y ad hoc."),
    ("de", "Das war ein déjà vu, und der coup d'état kam danach."),
    ("id", "Dia makan nasi goreng sambil mendengarkan rock and roll di rumah."),
    ("en", "The poems of Johann Wolfgang von Goethe are read in every school."),
    ("fr", "Les poèmes de Johann Wolfgang von Goethe sont lus dans toutes les écoles."),
    ("pt", "Uma apólice de seguro de vida híbrida ajuda a cobrir as despesas da família."),
    ("pt", "A menina se atreve a enfrentá-las no jardim da escola."),
    ("pt", "Será expressa em eleições periódicas e legítimas, por sufrágio universal e igual."),
    ("pt", "O atacante meteu a bola na rede um pouco antes de ela ficar fora de alcance."),
    ("ru", "В Новгороде на вече решали важные вопросы города."),
    ("en", "The Barcelona Pavilion by Mies van der Rohe is a famous building."),
    ("vi", "Tòa nhà do Mies van der Rohe thiết kế rất nổi tiếng."),
    ("tr", "İki kilise de Harlem 1870'te Metropolitan Community, on yıl sonra da St. Martin's adlı idi."),
    ("fr", "Vous pouvez créer une GmbH (Gesellschaft mit beschränkter Haftung) en Allemagne."),
    ("ko", "적합한 회사는 GmbH (Gesellschaft mit beschränkter Haftung)입니다."),
    ("es", "La suma se forma con **(opad XOR K || H(ipad XOR K || M))** y otra vez."),
    ("zh", "参考文献：Lee, J., et al. (2017)，以及 Kim et al. 的论文。"),
    ("ko", "적분하면 다음과 같다.\n\\[\n\\int x \\, dx = mg \\cdot ax\n\\]\n그래서 답은 3이다."),
    ("ja", "式は次の通りです。\n$$\nmv = ax + by\n$$\n以上です。"),
    ("ko", "속력은 km/h로, 농도는 mol/L로 나타내고 (ii)를 풉니다."),
    ("ko", "공자(孔子, 기원전 551년 9월 ~ 기원전 479년 4월 무렵까지 살았다)는 사상가이다."),
]

CONFUSED = [
    ("ko", "neutral", "오늘은 天气가 좋습니다.", "天气"),
    ("ko", "neutral", "가격은 дешёвый 입니다.", "дешёвый"),
    ("ko", "neutral", "복합어안의国자", "国"),
    ("ko", "confusion", "이것은 important 합니다.", "important"),
    ("ko", "confusion", "This is 네.", "This"),
    ("ko", "confusion", "네. The quick answer is 이것입니다.", "The"),
    ("ja", "neutral", "そうですね。我们认为这是一个很好的问题。はい。", "我们"),
    ("ja", "neutral", "それは 안녕 です。", "안녕"),
    ("ru", "neutral", "Это хорошо. Це дуже важливо для нашої країни. Да.", "Це"),
    ("ar", "neutral", "هذا جيد. این کتاب خیلی خوب است که می‌خوانم. نعم.", "این"),
    ("hi", "neutral", "यह अच्छा है। हे पुस्तक खूप चांगले आहे आणि मला ते आवडते। हाँ।", "खूप"),
    ("uk", "neutral", "Це добре. Потому что это очень важно для всех людей. Так.", "Потому"),
    ("fr", "confusion", "Le chat dort. the dog is barking loudly outside mais il pleut.", "the"),
    ("es", "confusion", "La casa es grande, but they are not willing to sell it, y lo siento.", "but"),
    ("de", "neutral", "Das Wetter ist gut, pero no quiero salir de la casa, sagte er.", "pero"),
    ("en", "neutral", "The weather is good and nous allons partir demain matin with friends.", "nous"),
    ("fr", "neutral", "Les enfants ๆ vont à l'école.", "ๆ"),
    ("th", "confusion", "เด็กไปที่ the Basin วันนี้", "the"),
    ("en", "neutral", "He said it would be toplam yağış and then he left the house.", "toplam"),
    (
        "pt",
        "neutral",
        "O ciclista teve Durchschnitt von 5,6 Punkten und 2,6 Rebounds no jogo de ontem.",
        "Durchschnitt",
    ),
    ("fr", "neutral", "Le résultat est 很好 aujourd'hui.", "很好"),
    # A headline: its first word is too common to be a name.
    ("de", "neutral", "Die Schlagzeile Những Vùng Ngập Lụt Có Thể war gestern zu lesen.", "Những"),
    # Turkish case endings after names.
    ("it", "neutral", "Il senatore ha detto Trump'ın Meksika'dan gelen mallara oggi nella capitale.", "Trump"),
    ("pt", "neutral", "Eles falaram de Kavanaugh'un Demokrat Parti'nin üyeleri ontem no senado.", "Kavanaugh"),
    # A sentence that begins with an everyday word.
    ("es", "neutral", "Las abejas son curiosas. Não têm o instinto para atacar a la gente.", "Não"),
    # One word in small letters that tells much.
    ("es", "neutral", "El pueblo está dans la Province de Qinghai, lejos del mar.", "dans"),
    ("ja", "neutral", "はい。也必須遵循《安大略省建築法》和、以上です。", "也"),
    # No gloss: no comma ends it, or no word is before it.
    ("ko", "neutral", "공자(孔子는 기원전 551년부터 기원전 479년까지 살았던 중국의 사상가)이다.", "孔"),
    ("ko", "neutral", "· (天气, 좋다) 라고 했다. 오늘은 어제보다 훨씬 더 따뜻한 날씨가 이어졌다.", "天"),
    # Right after an address, but no part of it.
    ("ko", "neutral", "링크 https://example.org中国 참고", "中"),
    # An empty line ends a formula that nothing closes.
    ("ko", "confusion", "식은 다음과 같다.\n\\[\nax + by\n\n이것은 important 합니다.", "important"),
    ("ko", "neutral", "식은 다음과 같다.\n\\[\nx 天气 y\n\\]\n끝.", "天"),
    ("ko", "neutral", "네, Tôi muốn biết bạn có khỏe không và làm gì hôm nay 그렇습니다.", "Tôi"),
]

WHOLE = [
    ("ko", "Sure, here is a short story about a cat that lived in the city.", "confused"),
    ("fr", "Sure, here is a short story about a cat that lived in the city.", "confused"),
    ("fr", "Here are the questions asked in the article:", "confused"),  # half the words are French words, too
    ("vi", "In Vietnamese, a time and motion study is called nghiên cứu thời gian.", "confused"),
    ("ja", "Summary in 100 words (Japanese):", "confused"),  # never three words in a row
    ("ja", "The game described is Uno (ウノ).", "confused"),
    ("zh", "Panoramic 360 浏览器 has several unique features, including:", "confused"),
    ("zh", "我最喜欢的书是 The Old Man and the Sea。", "clean"),
    ("ko", "Digital Citizenship: What Does It Mean?", "confused"),
    ("ko", "The Rolling Stones", "undecided"),
    ("ja", "OK", "undecided"),
    ("ko", "Hello", "undecided"),
    ("ko", "12345", "undecided"),
    ("ko", "", "undecided"),
    ("ko", "네", "clean"),
    ("fr", "Bonjour tout le monde, je suis content.", "clean"),
]


@pytest.mark.parametrize(("code", "text"), NO_ALARM)
@pytest.mark.parametrize("english", ["neutral", "confusion"])
def test_no_alarm(code: str, text: str, english: str) -> None:
    assert ConfusionDetector(code, english=english).check(text).spans == ()


@pytest.mark.parametrize(("code", "english", "text", "first"), CONFUSED)
def test_found_where_it_begins(code: str, english: str, text: str, first: str) -> None:
    assert ConfusionDetector(code, english=english).check(text).confusion_point == text.index(first)


@pytest.mark.parametrize(("code", "text", "verdict"), WHOLE)
def test_the_whole(code: str, text: str, verdict: str) -> None:
    assert ConfusionDetector(code).check(text).verdict == verdict


def test_the_point_is_the_occurrence_not_an_earlier_substring() -> None:
    text = "답: Genesis 앨범은 is 좋다."
    assert ConfusionDetector("ko", english="confusion").confusion_point(text) == text.index("is 좋다")


def test_context_before_start_is_not_reported() -> None:
    detector = ConfusionDetector("ko")
    assert detector.check("中文 그리고 한국어", start=3).verdict == "clean"
    assert detector.check("한국어 그리고 中文", start=3).confusion_point == 8


def test_a_word_cut_by_the_end_of_a_truncated_text() -> None:
    detector = ConfusionDetector("ko", english="confusion")
    assert detector.check("그것은 impor", truncated=True).spans == ()
    assert detector.check("그것은 impor").confusion_point == 4
    assert detector.check("그것은 important 하", truncated=True).confusion_point == 4
    assert detector.check("그것은 中", truncated=True).confusion_point == 4


def test_options() -> None:
    text = "한국어 中文 텍스트"
    assert ConfusionDetector("ko", also=["zh"]).check(text).spans == ()
    assert ConfusionDetector("ko", allow=["中文"]).check(text).spans == ()
    assert ConfusionDetector("ko", glosses=False).check("개항(開港)").confusion_point == 3
    quoted = "그는 “你好”라고 말했다."
    assert ConfusionDetector("ko").check(quoted).confusion_point == quoted.index("你")
    assert ConfusionDetector("ko", quotes=True).check(quoted).spans == ()


@pytest.mark.parametrize("text", ["네 안녕하세요 오늘 날씨가 좋네요.", "안녕 hello 세상"])
@pytest.mark.parametrize("also", ["en", "fr"])
def test_letters_of_the_target_suffice_with_a_latin_language_beside_it(text: str, also: str) -> None:
    assert ConfusionDetector("ko", also=[also]).check(text).verdict == "clean"


def test_a_syllable_weighs_the_same_composed_or_not() -> None:
    text = "https:// hello there한국/ hello there"
    decomposed = unicodedata.normalize("NFD", text)
    verdicts = {ConfusionDetector("ko").check(form).verdict for form in (text, decomposed)}
    assert verdicts == {"confused"}


def test_without_a_letter_of_the_target_it_stays_open() -> None:
    assert ConfusionDetector("ko", also=["fr"]).check("Zuckerberg 42").verdict == "undecided"


@pytest.mark.parametrize(
    ("foreign", "language"),
    [("สวัสดี", "th"), ("שלום", "he"), ("さようなら", "ja"), ("東京へ", "ja"), ("天气", "zh"), ("погода", None)],
)
def test_a_script_tells_the_language_if_one_alone_writes_it(foreign: str, language: str | None) -> None:
    (span,) = ConfusionDetector("ko").check(f"안녕 {foreign} 세상").spans
    assert (span.text, span.rule, span.language) == (foreign, "script", language)


def test_strict_counts_a_single_foreign_word() -> None:
    text = "La maison est grande because il y a de la place."
    assert ConfusionDetector("fr", english="confusion").check(text).spans == ()
    strict = ConfusionDetector("fr", english="confusion", strictness="strict")
    assert strict.check(text).confusion_point == text.index("because")


def test_bad_options_are_user_errors() -> None:
    with pytest.raises(UserError, match="english is 'no'"):
        ConfusionDetector("ko", english="no")
    with pytest.raises(UserError, match="strictness"):
        ConfusionDetector("ko", strictness="lax")


def test_pickling_and_many_texts() -> None:
    detector = pickle.loads(pickle.dumps(ConfusionDetector("ko")))
    texts = ["한국어", "中文", "Hello there my good old friend"]
    alone = [detector.check(text) for text in texts]
    assert detector.check_many(texts) == alone
    assert detector.check_many(texts, workers=2) == alone


def test_has_target_letter() -> None:
    assert ConfusionDetector("ko").has_target_letter("12 가")
    assert not ConfusionDetector("ko").has_target_letter("12 abc 中")
