"""How each language writes of languages: which words around a name, and which of its forms, mean the language.

In many languages the name of a language is also a plain adjective ("le pain français"), or that of a country or a
person. Such a name counts only where the words beside it show that the language is meant. A new language is a new row;
one without a row counts every whole word that is a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Usage:
    """Patterns of one language, in the syntax of the package ``regex``; case counts nowhere but where it is said.

    alone: endings with which a name by itself means the language ("" is none); None if it never does so.
    before: what stands right before a name and makes it one: "in", "to speak". after: a condition on what follows then.
    words: nouns beside any form of a name: "language", "grammar"; words_first: whether they stand before it.
    cut: what a name of the dictionary loses at its end before the endings of its other forms. endings: those.
    forms: (pattern, replacement): further names made from those of the dictionary. extra: what always names a language.
    unless: words that hold a name by chance. case: names by themselves and after ``before`` have capitals as given.
    gap: what stands between two words. bounded: names begin and end where words do.
    """

    alone: str | None = None
    before: str = ""
    after: str = ""
    words: str = ""
    words_first: bool = False
    cut: str = ""
    endings: str = ""
    forms: tuple[tuple[str, str], ...] = ()
    extra: str = ""
    unless: str = ""
    case: bool = False
    gap: str = r"[\s'’]+"
    bounded: bool = True


# "in French" names a language and "in French cuisine" does not: what may follow are words like these.
_ENGLISH_AFTER = (
    r"(?![ \t]+(?!(?:and|or|to|from|with|used|so|that|which|for|as|by|if|but|is|are|was|were|at|on|in|of|then|than"
    r"|only|please|without|when|because|it|the|a|your|you|I|language|about|how|why|what|where|who|whether"
    r"|one|two|three|four|five|ten|\p{Ll}+ing)\b)\p{L})(?!-\p{L})"
)
_RUSSIAN_AFTER = (
    r"(?=\s*(?:$|[.,;:!?)»”\"…—–\]]"
    r"|(?:и|или|с|со|на|в|для|чтобы|так|пожалуйста|следующ\w+|эт\w+|текст\w*|яз)(?!\p{L})))"
)
_RUSSIAN_STEMS = (
    "рус|англий|немец|француз|испан|итальян|китай|япон|корей|турец|араб|португаль|украин|поль|чеш|грече|латин|белорус"
)
_INDIC = r"भाषा\w*|शब्द\w*|वाक्य\w*|व्याकरण|वर्णमाला|लिपि|अनुवाद"
_SLAVIC = r"i|ego|emu|im|om|a|e|og|oga|u"

_GERMANIC = {
    "en": Usage(
        before=r"(?:in|into|to|from)(?: (?:proper|correct|plain|simple|modern|old|ancient|standard|(?:in)?formal))?"
        r"|speak\w*|spoke|learn\w*|study(?:ing)?|studie[sd]|teach\w*|taught|understand\w*|correct|valid|proper"
        r"|(?:in)?formal|fluent|native|languages?|written|spoken|us(?:e|ing)",
        after=_ENGLISH_AFTER,
        words=r"languages?|words?|sentences?|phrases?|grammar|grammatical|alphabet|vocabulary|(?:ir)?regular verbs?"
        r"|verbs?|nouns?|adjectives?|dictionary|lessons?|class(?:es)?|teachers?|speakers?|speaking|translations?|text"
        r"|version|usage|terms?|equivalents?|idioms?|proverbs?|spelling|pronunciation|accent|literacy",
        case=True,
    ),
    "de": Usage(
        alone="",
        before=r"auf|ins?|aus dem|vom|im|zum|sprech\w+|spricht|lern\w+",
        words=r"(?:\p{L}+en )?(?:Sprach\w+|W[oö]rt\w*|S[aä]tz\w*|Grammatik|Alphabets?|Verb\w*|Begriff\w*|Version"
        r"|Übersetzung\w*|Vokabel\w*|Ausdr[uü]ck\w*|Redewendung\w*|Substantiv\w*|Adjektiv\w*)",
        endings="|e|en|er|es|em",
        forms=((r"e?$", "e"), (r"e?$", "en")),
        extra="Hochdeutsch",
        case=True,
    ),
    "nl": Usage(
        before=r"in(?: het)?|naar(?: het)?|uit(?: het)?|spr[eo]\w+|leer\w*|leren|van het",
        words=r"taal|talen|woord\w*|zin|zinnen|grammatica|alfabet|werkwoord\w*|les|lessen|vertaling",
        endings="|e",
        case=True,
    ),
    "af": Usage(before="in|na|uit|praat|leer", words=r"taal|woorde?|sin|sinne|vertaling", endings="|e", case=True),
    "sv": Usage(
        before=r"på|till|från|tala\w*|lär\w*|språket", words=r"språket|ord\w*|mening\w*|grammatik\w*|alfabetet"
    ),
    "da": Usage(before=r"på|til|fra|tale\w*|lære\w*", words=r"sprog\w*|ord\w*|sætning\w*|grammatik\w*", endings="|e"),
    "no": Usage(
        before=r"på|til|fra|snakke\w*|lære\w*", words=r"språk\w*|ord\w*|setning\w*|grammatikk\w*", endings="|e"
    ),
}
_ROMANCE = {
    "es": Usage(
        before=r"en(?: el)?|(?:idioma|lengua|lenguaje)s?|habl\w+|aprend\w+(?: el)?|estudi\w+|enseñ\w+"
        r"|us\w+(?: el)?|traduc\w+ (?:al|del)"
        r"|(?:palabra|frase|oración|oracione|clase|curso|profesor|profesora|diccionario|gramática|alfabeto|nivel|texto"
        r"|lección|leccione|examen|término)s?(?: en| de| del)",
        words=r"idiomas?|lenguas?|palabras?|frases?|oraci[oó]n(?:es)?|gramática|alfabeto|vocabulario|términos?|verbos?",
        words_first=True,
        cut=r"(?:és|án|o|l|n)$",
        endings="|és|esa|esas|eses|án|ana|anas|o|a|os|as|l|la|n|na",
        extra="castellano",
    ),
    "fr": Usage(
        before=r"en(?: bon| vieux| ancien)?|parl(?:er|e|es|ez|ent|ons|ant|é|ai[st]|aient)(?: couramment)?(?: le| l)?"
        r"|appren\w+(?: le| l)?|(?:étudi|utilis)\w+ (?:le|l)"
        r"|(?:cours|leçons?|professeure?|manuel) (?:de|d)|tradui\w+ (?:du|de l)|traduction (?:du|de l)",
        words=r"langues?|mots?|grammaire|alphabet|phrases?|vocabulaire|dictionnaire|verbes?|termes?|expressions?"
        r"|traduction|orthographe",
        words_first=True,
        endings="|e|s|es|ne|nes|que",
    ),
    "it": Usage(
        before=r"in|parl(?:are|a|ano|i|o|ato|ava|avano|ando)(?: bene)?(?: il| lo| l)?|impar\w+(?: il| lo| l)?"
        r"|(?:studi|us)\w+ (?:il|lo|l)"
        r"|(?:cors|lezion|insegnant|professor|libr|parol)\w+ (?:di|d|in)|deriva\w* (?:dal|dallo|dall)",
        words=r"lingu[ae]|parol[ae]|grammatica|alfabeto|vocabolario|dizionario|fras[ei]|termin[ei]|verb[oi]|traduzione",
        words_first=True,
        cut="[oe]$",
        endings="|[oaei]",
    ),
    "pt": Usage(
        before=r"em|fal(?:ar|a|am|o|ou|amos|ando|ado|ava|avam)(?: o)?|(?:aprend|estud|ensin|us)\w+(?: o)?"
        r"|traduz\w+ (?:do|para o)"
        r"|(?:aula|curso|professor|professora|palavra|frase|dicionário|gramática|alfabeto|texto|tradução|termo"
        r"|aluno|nível)s? (?:de|do|em|no|para o)",
        words=r"línguas?|idiomas?|palavras?|gramática|alfabeto|vocabulário|dicionário|frases?|termos?|verbos?|tradução",
        words_first=True,
        cut=r"(?:ês|ão|o|l)$",
        endings="|ês|esa|esas|eses|ão|ã|o|a|os|as|l|la",
    ),
    "ca": Usage(
        before=r"en|parl\w+(?: l| el)?|aprend\w+", words="llengua|idioma|paraules?", words_first=True, endings="|a"
    ),
    "ro": Usage(
        before=r"în(?: limba)?|din(?: limba)?|vorb\w+",
        words=r"limb[aăi]\w*|cuvinte\w*|cuvânt\w*",
        words_first=True,
        cut="ă$",
        endings="ă|a|e|ești|ească",
    ),
}
_SLAVIC_ROWS = {
    "ru": Usage(
        before="на|с|со",
        after=_RUSSIAN_AFTER,
        words=r"язык\w*|слов\w*|предложени\w*|алфавит\w*|грамматик\w*|глагол\w*|фраз\w*|выражени\w*",
        cut="(?:ий|ый|ой)$",
        endings="ий|ый|ой|ого|ому|им|ым|ом|ая|ую|ое|ие|ые|их|ых|ими|ыми",
        forms=(("(?:ий|ый|ой)$", "ом"), ("(?:ий|ый|ой)$", "ого")),
        extra=r"латын\p{L}*|урду|хинди|иврит\p{L}{0,2}|эсперанто|фарси|санскрит\p{L}{0,2}"
        rf"|по[- ](?:{_RUSSIAN_STEMS})[сц]?ки",
    ),
    "uk": Usage(
        alone="ою",
        before="на|з|із",
        words=r"мов\w*|слов\w*|речен\w*|граматик\w*|алфавіт\w*",
        cut="а$",
        endings="а|ої|ій|у|і|их",
        forms=(("а$", "у"), ("а$", "ої")),
        extra="івриту?|гінді|урду",
    ),
    "be": Usage(
        before="на|з", words=r"мов\w*|слов\w*|сказ\w*", cut="ая$", endings="ая|ай|ую|ія|іх", forms=(("ая$", "ую"),)
    ),
    "bg": Usage(
        before="на|от|в", words=r"език\w*|дум\w*|изречени\w*|граматик\w*", cut="и$", endings="и|ия|ият|а|ата|о"
    ),
    "mk": Usage(before="на|од", words=r"јазик\w*|збор\w*|речениц\w*", cut="и$", endings="и|от|о|а|иот"),
    "sr": Usage(
        before="на|с|са|из|у", words=r"језик\w*|реч\w*", cut="и$", endings="и|ог|ом|а|е", forms=(("и$", "ом"),)
    ),
    "sr-Latn": Usage(before="na|s|sa|iz|u", words=r"jezik\w*|reč\w*", cut="i$", endings=_SLAVIC, forms=(("i$", "om"),)),
    "hr": Usage(before="na|s|sa|iz|u", words=r"jezik\w*|riječ\w*", cut="i$", endings=_SLAVIC, forms=(("i$", "om"),)),
    "sl": Usage(alone="a|e|i|o", cut="a$"),
    "pl": Usage(
        before="po|na|z|w",
        words=r"język\w*|słow\w*|zdani\w*|gramatyk\w*|alfabet\w*|wyraz\w*|czasownik\w*",
        words_first=True,
        cut="i$",
        endings="iego|iemu|im|i|a|ą|iej|ie|ich",
        forms=(("i$", "u"), ("i$", "iego")),
    ),
    "cs": Usage(alone="a|y|ě|u|ou", cut="a$", extra=r"(?:anglic|němec|ital|španěl|francouz|rus|čes|čín|japon)s?ky"),
    "sk": Usage(alone="a|y|e|u|ou", cut="a$", extra=r"po (?:angli|nemec|talian|španiel|francúz|rus|sloven)[cs]?ky"),
}
_OTHER_LATIN = {
    "et": Usage(words=r"keel\w*|sõna\w*|lause\w*"),
    "fi": Usage(
        extra="(?:englanni|suome|ruotsi|saksa|ranska|espanja|venäjä|italia|japani|kiina|korea|turki|arabia|viro)ksi",
        words=r"kiel\w+|sana\w*|lause\w*",
        endings="n|a|ta|ä|tä|sta",
        forms=(("nti$", "nni"), ("suomi$", "suome"), ("kki$", "ki")),
        case=True,
    ),
    "hu": Usage(alone="[uü]l|ra|re|ról|ről", words=r"nyelv\w*|szó\w*|szava\w*|mondat\w*"),
    "lt": Usage(words=r"kalb\w*|žod\w*|sakin\w*", extra="(?:angl|lietuv|rus|vok|prancūz|ispan|lenk)iškai"),
    "lv": Usage(words=r"valod\w*|vārd\w*|teikum\w*"),
    "tr": Usage(alone=r"['’]?\p{Ll}{0,8}", extra="Osmanlıca", case=True),
    "az": Usage(alone="cə|ca|cədən|cəyə|cadan|caya", words=r"dil\w*|söz\w*|cümlə\w*"),
    "id": Usage(before="bahasa"),
    "ms": Usage(before="bahasa"),
    "vi": Usage(before="tiếng", forms=(("^[Tt]iếng ", ""),), extra="(?:Anh|Hán|Hoa|Việt|Nhật|Pháp|Đức|Nga) ngữ"),
    "tl": Usage(before="sa|ng|mula|wikang|salitang", words=r"wika\w*", words_first=True),
    "sw": Usage(alone="", case=True),
}
_OTHER_ALPHABETS = {
    "el": Usage(alone="ά|ών", cut="ά$", words=r"γλώσσ\w*|λέξ\w*", endings="ή|ής|ές"),
    "hy": Usage(alone=r"\p{L}*"),
    "ka": Usage(alone="ად", words=r"ენ\w*|სიტყვ\w*|წინადადებ\w*", cut="ი$", endings="ი|ად"),
    "kk": Usage(alone=r"\p{L}*", cut="і$", extra="(?:ағылшын|қазақ|орыс|түрік|қытай)ш[ае]"),
    "mn": Usage(alone="аар|ээр|оор|өөр|иар", words=r"хэл\w*|үг\w*|өгүүлбэр\w*"),
    "he": Usage(alone="", before="[בלמהוש]{1,3}", gap=""),
    "ar": Usage(
        before=r"[وف]?(?:ال|بال|ل)?لغ(?:ة|ات|تين|تان|تي)(?:\s+\p{L}+)?\s+|[وف]?ب",
        gap="",
        forms=(("[أإآ]", "ا"),),
        extra="الفصحى",
    ),
    "fa": Usage(before=r"به|از|در|زبان|زبان‌?های", words=r"زبان|کلم\w*|واژ\w*|جمل\w*|دستور|متن", words_first=True),
    "ur": Usage(words=r"زبان\w*|میں|لفظ|الفاظ|جمل\w*|گرامر|ترجم\w*", extra="اردو|انگریزی|ہندی"),
    "am": Usage(alone=r"\p{L}*"),
}
_INDIAN = {
    "hi": Usage(
        words=rf"{_INDIC}|में|बोल\w*",
        forms=(("\u093c", ""),),  # without the dot below
        extra=r"हिन्दी|हिंदी|उर्दू|संस्कृत|(?:अंग्रेज़ी|अंग्रेजी|अँग्रेज़ी|अँग्रेजी)"
        r"(?!\s+(?:चैनल|उपनिवेश|सेना|शासन|राज|सरकार|टीम|फ़ुटबॉल|फुटबॉल))",
        unless="चीनी में",  # in sugar, as a rule
    ),
    "mr": Usage(words=rf"{_INDIC}|मध्ये|भाषेत\w*", extra=r"इंग्रजी\w*|हिंदी\w*|मराठीत\w*|मराठीमध्ये"),
    "ne": Usage(words=f"{_INDIC}|मा", extra=r"अङ्ग्रेजी\w*|अंग्रेजी\w*|हिन्दी\w*|नेपालीमा"),
    "bn": Usage(
        alone="তে|য়",
        words=r"ভাষা\w*|শব্দ\w*|বাক্য\w*|ব্যাকরণ\w*|বর্ণমালা\w*",
        extra=r"ইংরেজি\w*|ইংরেজী\w*|বাংলায়|হিন্দি\w*",
    ),
    "gu": Usage(alone="માં", words=r"ભાષા\w*|શબ્દ\w*|વાક્ય\w*", extra=r"અંગ્રેજી\w*"),
    "pa": Usage(words=r"ਭਾਸ਼ਾ\w*|ਵਿੱਚ|ਸ਼ਬਦ\w*|ਵਾਕ\w*", extra="ਅੰਗਰੇਜ਼ੀ|ਅੰਗਰੇਜ਼ੀ"),
    "or": Usage(alone="ରେ", words=r"ଭାଷା\w*|ଶବ୍ଦ\w*|ବାକ୍ୟ\w*", extra=r"ଇଂରାଜୀ\w*|ଇଂରାଜି\w*"),
    "ta": Usage(
        alone=r"த்தில்\w*|த்தை|ில்\w*|த்துக்கு|த்திற்கு",
        cut="(?:ம்|்)$",
        endings="|ம்|்|த்",
        words=r"மொழி\w*|சொற்\w*|சொல்\w*|வார்த்தை\w*|வாக்கிய\w*",
    ),
    "te": Usage(alone="లో|లోకి|లోనికి|కు", words=r"భాష\w*|పద\w*|వాక్య\w*", extra=r"ఆంగ్ల\w*|ఇంగ్లీష\w*|ఇంగ్లిష\w*"),
    "kn": Usage(alone="ನಲ್ಲಿ|ದಲ್ಲಿ|ಗೆ|ಕ್ಕೆ|ಿನಲ್ಲಿ|ಿಗೆ", cut="್$", endings="|್", words=r"ಭಾಷೆ\w*|ಪದ\w*|ವಾಕ್ಯ\w*"),
    "ml": Usage(alone="ിൽ|ിലേക്ക്|ത്തിൽ|ത്തിലേക്ക്", cut="(?:്|ം)$", endings="|്|ം", words=r"ഭാഷ\w*|പദ\w*|വാക്യ\w*|വാക്ക\w*"),
    "si": Usage(alone="යෙන්|වලින්|යට|ෙන්", words=r"භාෂා\w*|බස\w*|වචන\w*|වාක්\w*"),
}
_WITHOUT_SPACES = {
    "th": Usage(before="ภาษา", gap=r"\s*", bounded=False),
    "km": Usage(before="ភាសា", gap=r"\s*", bounded=False),
    "lo": Usage(before="ພາສາ", gap=r"\s*", bounded=False),
    "my": Usage(words="ဘာသာ|စာ|လို", gap=r"\s*", bounded=False),
    "ko": Usage(
        alone=r"\p{L}*",
        extra=r"(?:영문|국문|한글|서반아어|한국말|일본말|중국말)\p{L}*|(?:불어|독어|노어)(?:를|로|와|과|권)\p{L}*",
    ),
    "ja": Usage(alone="", extra="英文|邦文|漢文", unless="[英漢国]文学", bounded=False),
    "zh": Usage(
        alone="",
        extra="英文|日文|俄文|韩文|韓文|汉语|漢語|华语|華語|普通话|普通話|国语|國語|粤语|粵語|广东话|白话文|文言文",
        unless="[其高初集]中文|中文[化章凭物明]|中文学(?!习|家|的)|[无無方办辦想宪]法[语語]|道德[语語]|精英文|民国语|国语文",
        bounded=False,
    ),
}

USAGES: Mapping[str, Usage] = MappingProxyType(
    _GERMANIC | _ROMANCE | _SLAVIC_ROWS | _OTHER_LATIN | _OTHER_ALPHABETS | _INDIAN | _WITHOUT_SPACES
)
