"""What no bundled prompt may say, in each language's own words: names of languages, translation, code.

Many names of languages are also plain adjectives ("le pain français") or parts of other words ("高中文凭").
Such names count only where the words around them show that the language is meant.
"""

from __future__ import annotations

_ES = "español|castellano|inglés|francés|alemán|italiano|portugués|ruso|árabe|chino|japonés|coreano|catalán|latín"
_FR = "français|anglais|espagnol|allemand|italien|portugais|russe|arabe|chinois|japonais|coréen|latin|turc"
_IT = "italiano|inglese|francese|tedesco|spagnolo|portoghese|russo|arabo|cinese|giapponese|coreano|latino|turco"
_PT = "português|inglês|francês|alemão|espanhol|italiano|russo|árabe|chinês|japonês|coreano|latim|turco"
_EN = (
    "English|French|German|Spanish|Italian|Portuguese|Russian|Arabic|Chinese|Japanese|Korean|Hindi|Turkish"
    "|Vietnamese|Indonesian|Latin"
)
_AR = "عربية|إنجليزية|انجليزية|فرنسية|ألمانية|إسبانية|إيطالية|روسية|تركية|صينية|يابانية|كورية|برتغالية|هندية|فارسية"
_RU = "русск|английск|французск|немецк|испанск|итальянск|португальск|арабск|китайск|японск|корейск|турецк"
_DE = "Deutsch|Englisch|Französisch|Spanisch|Italienisch|Portugiesisch|Russisch|Arabisch|Chinesisch|Japanisch"
_TR = "Türk|İngiliz|Fransız|Arap|Kürt|Osmanlı|İtalyan|Portekiz|Kore|Hint"

LANGUAGE_NAMES = {
    "ko": (
        r"(?:한국|중국|일본|독일|프랑스|스페인|러시아|아랍|베트남|포르투갈|이탈리아|터키|튀르키예|힌디|외국)어"
        r"|(?<!\p{L})영어"
    ),
    "ja": (
        r"(?:日本|英|中国|韓国|外国)語"
        r"|(?:フランス|ドイツ|スペイン|イタリア|ロシア|アラビア|ポルトガル|ベトナム|トルコ|ヒンディー)語"
    ),
    "zh": (
        r"(?<![其高初集])中文(?![化章凭物学明])|汉语|漢語|普通话|粤语|英语|英語|(?<!精)英文|日语|(?<!无)法语|(?<!道)德语|俄语|韩语"
        r"|西班牙语|阿拉伯语|葡萄牙语|意大利语|土耳其语|越南语|外语"
    ),
    "ar": rf"(?:لغة\s+ال|(?<!\p{{L}})بال)(?:{_AR})(?!\p{{L}})|الفصحى",
    "es": rf"(?i)\b(?:en|hablar|habla|hablo|aprender|estudiar|idioma|lengua|clases? de)(?: el)? (?:{_ES})\b",
    "fr": rf"(?i)\b(?:en|parler|parle|apprendre|étudier|langue|cours de|traduire en)(?: le| l')? ?(?:{_FR}e?)\b",
    "de": rf"\b(?:{_DE}|Koreanisch|Türkisch|Latein|Hindi|Vietnamesisch|Indonesisch)\b|deutsche[nr]? Sprache",
    "ru": rf"(?i)\b(?:{_RU})\w*\s+язык|\bпо-(?:{_RU.replace('ск', 'ски')})\b|\bлатынь",
    "hi": r"हिन्दी|हिंदी|अंग्रेज़ी|अंग्रेजी|उर्दू|संस्कृत(?!\p{M})|फ़्रेंच|फ्रेंच|जर्मन भाषा|अरबी भाषा|फ़ारसी|फारसी",
    "id": (
        r"(?i)\bbahasa (?:indonesia|inggris|melayu|jawa|sunda|arab|jepang|korea|mandarin|belanda|prancis|jerman|asing"
        r"|daerah|ibu)\b"
    ),
    "it": rf"(?i)\b(?:in|parlare|parla|imparare|studiare|lingua|corso di|lezioni di)(?: l')? ?(?:{_IT}|italiana)\b",
    "pt": rf"(?i)\b(?:em|falar|fala|aprender|estudar|língua|idioma|aulas? de|curso de)(?: o)? (?:{_PT}|portuguesa)\b",
    "tr": rf"\b(?:(?:{_TR})ç|(?:Alman|Rus|Japon|İspanyol|Fars)c|Çin[cç])[ea]",
    "vi": r"[Tt]iếng (?:Việt|Anh|Pháp|Trung|Nhật|Hàn|Nga|Đức|Hoa|Tây Ban Nha|Ả Rập|Ý|Thái|mẹ đẻ|nước ngoài)\b",
    "en": (
        rf"\b(?:in|speak|speaks|speaking|learn|learning|study|studying) (?:{_EN})\b(?! \p{{Ll}}+s?\b)"
        rf"|\b(?:{_EN}) (?:language|lessons?|class(?:es)?|words?|grammar|teacher)\b|\bin English\b"
    ),
}

TRANSLATION = {
    "ko": r"번역|통역",
    "ja": r"翻訳|通訳|[和英邦]訳",
    "zh": r"翻译|翻譯|译成|口译",
    "ar": r"ترجم",
    "es": r"(?i)\btraduc|\btraduz",
    "fr": r"(?i)\btradui|\btraduct",
    "de": r"(?i)übersetz|dolmetsch",
    "ru": r"(?i)перевод(?:чик|\w* (?:текст|слов|фраз|стих|с ))|перевед\w+ (?:на \w+ский|с \w+ского|текст|слов|фраз)",
    "hi": r"अनुवाद|तर्जुमा",
    "id": r"(?i)terjemah|alih bahasa",
    "it": r"(?i)\btradu(?:rre|ci\b|zion|ttor|cete|cimi)",
    "pt": r"(?i)\btradu[zç]|\btradutor",
    "tr": r"(?i)tercüme|\bçeviri\b|\bçevirmen|\w+[cç][ea]['’]?y[ea] çevir",
    "vi": r"(?i)(?:phiên|biên|bản) dịch\b|\bdịch (?:sang|giúp|đoạn|câu|bài|ra)\b",
    "en": r"(?i)\btranslat|\binterpreter",
}

CODE = {
    "any": r"(?i)```|https?://|\bwww\.|\b(?:python|javascript|java|html|css|sql|php|typescript|excel)\b|c\+\+",
    "ko": r"코딩|프로그래밍|소스 ?코드|자바스크립트|파이썬",
    "ja": r"プログラミング|ソースコード|コーディング|パイソン",
    "zh": r"编程|代码|源码|写程序",
    "ar": r"برمج|كود برمجي",
    "es": r"(?i)código fuente|lenguaje de programación|programador",
    "fr": r"(?i)code source|langage de programmation|\bcoder\b|informatique",
    "de": r"(?i)quellcode|quelltext|programmier",
    "ru": r"(?i)программир|программн\w+ код|исходн\w+ код",
    "hi": r"प्रोग्रामिंग|कोडिंग|सोर्स कोड",
    "id": r"(?i)kode (?:program|sumber)|pemrograman|\bkoding",
    "it": r"(?i)codice sorgente|linguaggio di programmazione|programmatore",
    "pt": r"(?i)código-fonte|linguagem de programação|programador",
    "tr": r"(?i)kaynak kod|kodlama|programlama",
    "vi": r"(?i)mã nguồn|lập trình",
    "en": r"(?i)\bsource code|\bprogramming|\bcode snippet|\bcoding\b",
}
