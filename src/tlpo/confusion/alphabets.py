"""Letters and small words that tell languages of one script apart."""

from __future__ import annotations

from dataclasses import dataclass

_RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئىةٱـ"
# Letters of Arabic script that an Arabic text uses for foreign sounds in names.
_LOAN = "پچڤگژ"

# The letters of each language within its script (small ones, marks aside). A language without a row uses any.
ALPHABETS: dict[str, str] = {
    "ru": _RUSSIAN,
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюя\u0450\u045d",
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџш",
    "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџш\u0450\u045d",
    "kk": _RUSSIAN + "әғқңөұүһі",
    "mn": _RUSSIAN + "өү",
    "ar": _ARABIC + _LOAN,
    "fa": _ARABIC + "پچژگکی" + "ۀ\u200c",
    "ur": _ARABIC + "پچژگکی" + "ٹڈڑںھہےۂۓۃۀ",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Common small words, for languages of which there is no word list.
SMALL_WORDS: dict[str, frozenset[str]] = {
    "mr": _words(
        """आहे आहेत आणि होते होता होती नाही नाहीत मध्ये त्या ते हे तो ती असे असा अशी केले केली केला करण्यात येथे साठी पण किंवा
        मी आम्ही तुम्ही त्यांनी त्यांच्या आपल्या आपण म्हणून म्हणाले झाले झाली झाला होत असून काय कसे खूप मला तुला त्याला प्रत्येक
        यांनी याचा याची त्याच्या त्याचा त्याची तर मात्र असलेल्या असतो असते असतात करतो करते करतात करून"""
    ),
    "ne": _words(
        """छ छन् छैन छु हुन्छ हुन् हुने थियो थिए र मा पनि यो त्यो यस तर भने गरेको गर्न गरे गर्ने गरिएको भएको भएका लागि साथै
        उनले उनी हामी म तपाईं तिमी मेरो हाम्रो आफ्नो धेरै किनभने वा तथा अनुसार गरी गर्छ गर्दै भन्ने बाट सबै कुनै"""
    ),
    "hi": _words(
        """है हैं और का की के में को से ने था थे थी यह वह नहीं भी हो कर लिए पर ही तो किया गया रहा रहे रही जो अपने
        कि इस उस ये वे मैं हम आप क्या होता होती होते सकते सकता बहुत करने करता करते"""
    ),
    "be": _words("за і ў не на што як гэта з у па да ад для але калі было быў ён яна яны мы вы таксама які якая якія"),
    "sr": _words("је су да се на у и за од са као што није али или који која које био била бити овај ова ово није"),
    "kk": _words("және бұл мен үшін бар деп болып болды ол да де бір екі қазақ осы сол жоқ кейін туралы арқылы"),
    "mn": _words("нь байна юм бол энэ тэр болон та би бид гэж өөр болно байсан хүн нэг ба хийх дээр"),
}


@dataclass(frozen=True)
class Family:
    """Languages of one script. listed: those with a word list. all: every one of the language table."""

    script: str
    listed: tuple[str, ...]
    all: tuple[str, ...]


FAMILIES = (
    Family("Cyrl", ("ru", "uk", "bg", "mk"), ("ru", "uk", "be", "bg", "sr", "mk", "kk", "mn")),
    Family("Arab", ("ar", "fa", "ur"), ("ar", "fa", "ur")),
    Family("Deva", ("hi",), ("hi", "mr", "ne")),
)

# Characters of running Chinese that Japanese does not use, and those that it uses in few compounds and names.
CHINESE_STRONG = frozenset("你她很這們沒嗎吧呢麼您跟讓說什咱啊哦怎哪")
CHINESE_WEAK = frozenset("是了我就也還與為對來會經當總應實處點樣")
