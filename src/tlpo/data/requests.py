"""Whether a prompt asks for a translation or for code.

Such a prompt is rightly answered in another language, or in none. The words are those of the prompt's own language and
of English. A text may speak of translations and programs without asking for them, so requests are what is looked for: a
verb in the form of a request, or one of making beside what is to be made. A new language is a new row in each table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import regex

from tlpo.data.finder import Finder, finder, words_in
from tlpo.languages import get_language

TRANSLATION: Mapping[str, str] = MappingProxyType(
    {
        "af": r"\bvertaal\b",
        "am": "ተርጉም|መተርጎም",
        "ar": r"(?:^|[.!؟:،]\s*)ترجم|(?:قم|قومي|الرجاء|يرجى|أريد|اريد|فضلك|يمكنك)\s+(?:ب|أن\s+ت|منك\s+)?ترجم"
        r"|ترجمة\s+(?:هذ|النص|الجملة|الجمل|الكلمة|الكلمات|العبارة|ما\s+يلي|الفقرة)|ما\s*هي\s+ترجمة",
        "az": "tərcümə (?:et|ed|elə)",
        "be": r"\bпераклад(?:зі|зіце|аць)|\bперакласці",
        "bg": r"\bпреведи|\bпреведете|\bпревод(?:а|ът)? на (?:текст|следн|изреч)",
        "bn": "অনুবাদ (?:কর|দাও|দিন)|তর্জমা কর",
        "ca": r"\btradueix|\btraduïu|\btraduir\b",
        "cs": r"\bpřelož|\bpřeložit",
        "da": r"\boversæt\b|\boversætte\b",
        "de": r"\bübersetze(?:n Sie)?\b|\bübersetz\b|\bübersetzen\b|\bübersetzt (?:bitte|du)\b|\bzu übersetzen\b"
        r"|\b(?:gib|erstell|liefer|wie lautet|was ist)\w*[^.?!\n]{0,25}übersetzung",
        "el": r"μετάφρασε|μεταφράστε|να μεταφράσ",
        "en": r"\btranslate\b(?! (?:in)?to (?:a|an|the|more|better|real|higher|lower)\b)"
        r"|\btranslat(?:ing|ions?) of (?:the|this|these|following)|\btranslation (?:in)?to \p{Lu}"
        r"|\b(?:provide|give|write|make|what is|what's)[^.?!\n]{0,30}\btranslation\b",
        "es": r"(?<!\bse )\btraduce\b|\btradúce\w+|\btraduzca|\btraducid?\b|\btraducir(?:lo|la|me)\b|\b(?:puedes?"
        r"|podrías?|cómo|quiero)\b[^.?!\n]{0,20}\btraducir\b"
        r"|\b(?:da|dame|haz|proporcion|escrib|cuál es)\w*[^.?!\n]{0,25}\btraducción",
        "et": r"\btõlgi|\btõlkige|\btõlkida",
        "fa": r"ترجمه\s+(?:کن|نمای|را\s+بنویس)|به\s+\p{L}+\s+ترجمه",
        "fi": r"\bkäännä\b|\bkäännä[hn]\w*|\bkääntää\b",
        "fr": r"\btraduis(?!ent|aient|ait)|\btraduisez|\btraduire\b|\b(?:donne|fai[st]|fourni|propose|quelle est)\w*"
        r"[^.?!\n]{0,25}\btraduction",
        "gu": "અનુવાદ કર|ભાષાંતર કર",
        "he": r"(?<!\p{L})תרגמ?[םיו]|לתרגם",
        "hi": "(?:अनुवाद|ट्रांसलेट|तर्जुमा) (?:करें|करो|करिए|कर (?:दें|दो|के)|कीजि|दें|दीजि|बता|लिख)|अनुवाद क्या",
        "hr": r"\bprevedi|\bprevedite|\bprevesti",
        "hu": r"\bfordítsd? (?:le|át|ezt|a|az)\b|\blefordít",
        "hy": "թարգմանիր|թարգմանել|թարգմանեք",
        "id": r"\bterjemahkan|\balih bahasakan|\bapa terjemahan|\bterjemahan dari",
        "it": r"\btraduci(?:mi|lo|la)?\b|\btraduca\b|\btraducete\b"
        r"|\b(?:puoi|potresti|come|vorrei|devi)\b[^.?!\n]{0,20}\btradurre\b"
        r"|\b(?:dammi|fornisci|scrivi|fai|qual è)[^.?!\n]{0,25}\btraduzione",
        "ja": "翻訳(?:して|せよ|しな|しろ|し、|を(?:お願い|して|作|書|示|提供))|通訳して|訳して|訳せ|訳しな",
        "ka": "თარგმნე|თარგმნა|გადათარგმნ",
        "kk": r"аудар(?:ыңыз|ып|шы)?(?!\p{L})",
        "km": "បកប្រែ",
        "kn": "ಅನುವಾದಿಸ|ಅನುವಾದ ಮಾಡ|ಭಾಷಾಂತರಿಸ",
        "ko": "번역(?:해|하세|하시|하십|하라|하기|하고|하여|을 (?:해|부탁|제공|작성|요청)|본을)|통역해",
        "lo": "ແປພາສາ|ແປເປັນ",
        "lt": r"\bišversk|\bišversti",
        "lv": r"\btulko(?:t|jiet)?\b|\bpārtulko",
        "mk": r"\bпреведи|\bпреведете",
        "ml": "വിവർത്തനം ചെയ്യ|പരിഭാഷപ്പെടുത്ത|തർജ്ജമ ചെയ്യ",
        "mn": r"орчуул(?:ж|на|аарай|аач)?(?!\p{L})",
        "mr": "अनुवाद कर|भाषांतर कर",
        "ms": r"terjemahkan|\bmenterjemah",
        "my": "ဘာသာပြန်",
        "ne": "अनुवाद गर|उल्था गर",
        "nl": r"\bvertaal\b|\bvertalen\b|\b(?:geef|maak|wat is)[^.?!\n]{0,25}\bvertaling",
        "no": r"\boversett\b|\boversette\b",
        "or": "ଅନୁବାଦ କର",
        "pa": "ਅਨੁਵਾਦ ਕਰ|ਤਰਜਮਾ ਕਰ",
        "pl": r"\b(?:prze)?tłumacz(?:yć|cie)?\b|\bprzetłumacz",
        "pt": r"\btraduza|\btraduz (?:para|isso|isto|o|a|este|esta)\b|\b(?:pode|poderia|como"
        r"|preciso)\b[^.?!\n]{0,20}\btraduzir\b"
        r"|\b(?:dê|faça|forneça|escreva|qual é)[^.?!\n]{0,25}\btradução",
        "ro": r"\btradu\b|\btraduce(?:ți)?\b|\btraduci",
        "ru": r"\bпереведи(?:те)?\b(?! (?:\p{L}+ ){0,2}(?:час|деньг|стрелк|дух|взгляд|сумм|средств))"
        r"|\bперевести\b(?: \p{L}+){0,4} (?:на|с) \p{L}+ск"
        r"|\b(?:сдела|дай|напиш|предостав|покаж)\w*[^.?!\n]{0,20}\bперевод|\bкак переводится",
        "si": "පරිවර්තනය කර",
        "sk": r"\bprelož",
        "sl": r"\bprevedi|\bprevesti",
        "sr": r"\bпреведи|\bпревести",
        "sr-Latn": r"\bprevedi|\bprevesti",
        "sv": r"\böversätt(?:a)?\b",
        "sw": r"\btafsiri|\bkutafsiri",
        "ta": "மொழிபெயர்|மொழி பெயர்",
        "te": "అనువదించ|అనువాదం చేయ",
        "th": "แปล(?:เป็น|ประโยค|ข้อความ|ภาษา|คำ|จาก|บท|สิ่ง|วลี)",
        "tl": r"\bisalin|\bisasalin",
        "tr": r"\btercüme (?:et|edin|edin?iz|eder misin)\b|\bçeviri(?:sini)? (?:yap|ver|yaz)(?:[ıi]n(?:[ıi]z)?)?\b"
        r"|[cç][ea]['’]?(?:y[ea])? (?:\p{L}+ )?çevir(?:in|iniz|ir|ebilir|elim|mek)?\b",
        "uk": r"\bперекладіть|\bперекла(?:ди|сти)\b",
        "ur": r"ترجمہ\s+(?:کر|کیجی|کریں|لکھ)",
        "vi": r"(?<!miễn |bản )\bdịch (?:sang|giúp|đoạn|câu|bài|văn bản|cụm|những|các|đúng)\b"
        r"|\bbản dịch (?:của|cho) (?:câu|đoạn|từ|cụm)",
        "zh": r"(?:翻译|翻譯)(?:成|为|為|以下|下列|下面|这|這|一下|给定|该|句|段|文本|：|:)"
        r"|(?:请|請|帮我|幫我|把|将|將)[^。？！\n]{0,40}(?:翻译|翻譯|译成|譯成)"
        r"|中译英|英译中|日译中|中译日|法译中|德译中|俄译中",
    }
)


@dataclass(frozen=True)
class Making:
    """How a language asks for code: verbs of making and things made, in one sentence, the verb first or last.

    always: words that ask for code by themselves. spaced: spaces stand between words.
    """

    verbs: str
    things: str
    verb_last: bool = False
    always: str = ""
    spaced: bool = True

    def pattern(self) -> str:
        """As one regular expression."""
        between, word = r"[^.?!。？！\n]", r"\b" if self.spaced else ""
        if self.verb_last:
            made = f"(?:{self.things}){between}{{0,12}}(?:{self.verbs})"
        else:
            made = f"{word}(?:{self.verbs}){between}{{0,40}}{word}(?:{self.things})"
        return f"{made}|{self.always}" if self.always else made


CODE: Mapping[str, Making] = MappingProxyType(
    {
        "ar": Making(
            r"اكتب|أكتب|أنشئ|انشئ|صمم|طور|قم\s+ب(?:كتابة|إنشاء|تطوير|تصميم)|نفذ|صحح",
            r"كود|شيفرة|خوارزمية|برنامج(?:ًا|اً)?\s+(?:حاسوب|كمبيوتر|يقوم|بلغة|ل)|دالة|سكريبت|استعلام",
            always="بايثون|جافا ?سكريبت|الكود (?:التالي|الآتي)",
        ),
        "bn": Making("লিখ|তৈরি|বানা", "কোড|প্রোগ্রাম|অ্যালগরিদম|ফাংশন|স্ক্রিপ্ট", verb_last=True, always="পাইথন"),
        "cs": Making(r"napiš|vytvoř|navrhni|implementuj|oprav", r"kód|skript|algoritm|program[, ]|funkci|dotaz\b"),
        "de": Making(
            r"schreib\w*|erstell\w*|entwickl\w*|entwerfe?n?|implementier\w*|konstruier\w*|generier\w*|programmier(?:e"
            r"|en Sie)\b"
            r"|debugge\w*|optimier\w*|korrigier\w*",
            r"code|quellcode|skript|algorithmus|(?:computer)?programm(?=[, .]|$)|funktion, |python-funktion|abfrage"
            r"|klasse, |regex",
            always=r"\bder folgende code\b|\bfolgenden? (?:code|quellcode|funktion|skript)\b|\bPseudocode",
        ),
        "en": Making(
            r"(?:write|create|generate|develop|design|implement|build|construct|debug|fix|provide|give|modify|edit"
            r"|complete"
            r"|refactor|rewrite|optimi[sz]e)\b",
            r"code\b(?! of )|script (?:that|to|which|in)\b|function (?:that|to|which|for|in|called|named|using)\b"
            r"|program (?:that|which|in|using|called|to (?:calculate|compute|check|find|print|sort|count|convert"
            r"|generate"
            r"|determine|display|read|reverse|solve|output|implement|simulate))\b|computer program\b|algorithm|query"
            r""
            r"|web ?page(?= with| using)|website(?= with| using)|class (?:that|called|named|in|to)\b|regular expression"
            r"|pseudo-?code",
            always=r"\b(?:code|function|program|algorithm|query|script|snippet)\b"
            r"(?<=\b(?:this|the following|given|above) \w+)|\bcode snippet",
        ),
        "es": Making(
            r"(?:escrib(?:e|a|ir|eme)|cre(?:a|ar|e|ame)|(?:gener|desarroll|diseñ|implement|program)(?:a|e|ar)"
            r"|construy[ea]|corri(?:ge|ja))\b",
            r"código\b(?! (?:postal|civil|penal|de ))|algoritmo|script\b|programa (?:que|para|en)\b|función que"
            r"|consulta SQL",
            always=r"\b(?:este|siguiente) código\b",
        ),
        "fa": Making("بنویس|ایجاد|طراحی", "کدی|برنامه|الگوریتم|تابع|اسکریپت", verb_last=True, always="پایتون"),
        "fr": Making(
            r"(?:écri(?:s|vez|re)|(?:cré|génér|développ|implément|programm|corrig)(?:e|er|ez)|conce(?:vez|voir)"
            r"|construi(?:s|sez|re))\b",
            r"code\b(?! (?:civil|pénal|postal|de la route|du travail))|algorithme|script (?:qui|pour|en)\b"
            r"|programme (?:qui|en|informatique|pour (?:calculer|trouver|afficher|trier|compter))\b|fonction qui"
            r"|requête",
            always=r"\b(?:ce|suivant) code\b|\bcode suivant\b",
        ),
        "hi": Making(
            "लिखें|लिखिए|लिखो|लिख दें|बनाएं|बनाएँ|बनाइए|बनाओ|तैयार करें|विकसित करें",
            "कोड|प्रोग्राम|एल्गोरिद?थ?म|फ़ंक्शन|फंक्शन|स्क्रिप्ट",
            verb_last=True,
            always="पायथन|जावास्क्रिप्ट",
        ),
        "id": Making(
            r"tulis\w*|buat\w*|kembangkan|rancang\w*|hasilkan|implementasikan|perbaiki",
            r"kode (?:program|sumber|untuk|yang)|program (?:yang|untuk menghitung|komputer)|algoritma|fungsi yang"
            r"|skrip|kueri",
            always=r"\bkode berikut\b",
        ),
        "it": Making(
            r"(?:scriv(?:i|ere|a|imi)|(?:crea|genera|sviluppa|progetta|implementa)(?:re|mi)?|costruisci|correggi)\b",
            r"codice\b(?! (?:postale|civile|penale|fiscale))|algoritmo|script (?:che|per|in)\b|programma (?:che|in)\b"
            r"|funzione che|query",
            always=r"\b(?:questo|seguente) codice\b",
        ),
        "ja": Making(
            "書|作|実装|生成|開発|設計",
            "コード|プログラム|アルゴリズム|スクリプト|関数|クエリ|正規表現",
            verb_last=True,
            always="パイソンで",
        ),
        "ko": Making(
            "작성|만들|생성|구현|개발|설계|디자인|수정|짜",
            "코드[를 ]|알고리즘|프로그램을|프로그램 |함수를|쿼리|정규 ?표현식|클래스를",
            verb_last=True,
            always="파이썬|자바 ?스크립트|소스 ?코드|이 (?:코드|알고리즘|함수)[를의는가]|코딩",
        ),
        "nl": Making(
            r"schrijf|maak|ontwerp|ontwikkel|genereer|implementeer",
            r"code\b|script|algoritme|programma dat|functie die|query",
        ),
        "pl": Making(
            r"napisz|utwórz|stwórz|zaprojektuj|wygeneruj|zaimplementuj",
            r"kod\b|skrypt|algorytm|program,|funkcję|zapytanie",
        ),
        "pt": Making(
            r"(?:escrev(?:a|er)|cri(?:e|ar|a)|(?:ger|projet|implement)(?:e|ar)|desenvolv(?:a|er)|constru(?:a|ir)"
            r"|corrija)\b",
            r"código\b(?! (?:postal|civil|penal|de ))|algoritmo|script\b|programa (?:que|em)\b|função que|consulta SQL",
            always=r"\b(?:este|seguinte) código\b",
        ),
        "ru": Making(
            r"напиш\w+|созда(?:й|йте|ть)|разработа(?:й|йте|ть)|реализ\w+|сгенерир\w+|спроектир\w+|исправь\w*|написав"
            r"|составь\w*",
            r"код\b(?! (?:города|доступа|страны))|кода\b|алгоритм|скрипт|программ[уы]|функци[юи]|запрос\b"
            r"|регулярн\w+ выражен",
            always=r"\b(?:этот|следующ\w+|данн\w+) код\b|\bна (?:питоне|пайтоне)\b",
        ),
        "th": Making("เขียน|สร้าง|พัฒนา|ออกแบบ", "โค้ด|โปรแกรม|อัลกอริทึม|ฟังก์ชัน|สคริปต์", always="ไพธอน", spaced=False),
        "tr": Making(
            r"(?:yaz(?:ın(?:ız)?)?|(?:oluştur|geliştir|düzelt)(?:[iuı]n(?:[iuı]z)?)?|tasarla(?:yın(?:ız)?)?)\b",
            r"\bkod|algoritma|program|fonksiyon|betik|sorgu",
            verb_last=True,
        ),
        "uk": Making(
            r"напиш\w+|створи\w*|розроби\w*|реалізу\w+|згенеру\w+", r"код\b|алгоритм|скрипт|програму|функцію|запит\b"
        ),
        "ur": Making("لکھ|بنا", "کوڈ|پروگرام|الگورتھم|فنکشن|اسکرپٹ", verb_last=True),
        "vi": Making(
            r"viết|tạo|triển khai|sửa",
            r"đoạn mã|mã nguồn|hàm (?:để|trả|tính|kiểm)|chương trình (?:để|tính|in|máy tính|C\b)|thuật toán|truy vấn"
            r"|script",
            always=r"\bđoạn mã (?:sau|này|dưới)",
        ),
        "zh": Making(
            "编写|編寫|写|寫|创建|創建|生成|设计|設計|开发|開發|实现|實現|构建|修改|优化|调试",
            "代码|代碼|程式碼|程序(?!员)|(?<!方)程式(?!員)|函数|函數|算法|演算法|SQL|查询|正则表达式|网页"
            "|(?<!广告|电影|视频|戏剧|话剧|短剧)脚本(?!.{0,6}(?:电影|戏|剧))",
            always="(?:以下|给定的?|这段|此)(?:代码|函数|程序|算法)",
            spaced=False,
        ),
    }
)

# Names of languages, formats and tools that ask for code in any language, and what code itself looks like.
_TOOLS = (
    r"\b(?:Python|JavaScript|TypeScript|Java(?= (?:code|program|class|method|function|script))|HTML5?|CSS3?|SQL|MySQL"
    r"|PostgreSQL|MongoDB|XML(?!:)|JSON|YAML|PHP|Perl|Kotlin|Golang|MATLAB|VBA|LaTeX|jQuery|NumPy|Pandas|Django"
    r"|Node\.js"
    r"|React\.js|regexp?|pseudo-?code)\b"
)
_CODE_ITSELF = (
    r"```|</\w+>|<\w+/>|\bdef \w+\(|\bprint ?\(|\bconsole\.log|\bSELECT\b.{1,80}\bFROM\b|#include\b|\bpublic static\b"
    r"|\bfor ?\(\w+ \w+|\bif ?\(\w+ ?[=<>!]|\w+\(\w*\) ?\{|^import \w+$|\breturn \w+;|[\w\])] ?[+=]= ?\w+;"
    r"|\\begin\{\w+\}|\bC\+\+|\bC#|\.(?:py|js|java|cpp|css|sh)\b|(?<!\w)\.(?:html|php)\b|\bin Java\b"
)
# Every match of the code itself holds one of these, in lower case.
_SYMBOLS = (
    "```", "</", "/>", "def ", "print(", "print (", "console.", "select ", "#include", "public static", "for (", "for(",
    "if (", "if(", ") {", "){", "import ", "return ", "+=", "-=", "==", "\\begin", "c++", "c#", "in java", ".js", ".py",
    ".sh", ".java", ".cpp", ".html", ".css", ".php",
)  # fmt: skip


@lru_cache(maxsize=128)
def translation_requests(language: str) -> Finder:
    """What finds a request for a translation in a prompt in ``language``. Raises UserError for an unknown language."""
    code = get_language(language).code
    own = TRANSLATION.get(code) or TRANSLATION.get(code.split("-")[0]) or TRANSLATION["en"]
    pattern = "|".join(dict.fromkeys((own, TRANSLATION["en"])))
    return finder(pattern, words_in(pattern), regex.IGNORECASE | regex.MULTILINE)


@lru_cache(maxsize=128)
def code_requests(language: str) -> Finder:
    """What finds a request for code, or some code, in a prompt in ``language``. Raises UserError for an unknown one."""
    code = get_language(language).code
    kinds = [CODE["en"], *(row for row in (CODE.get(code.split("-")[0]),) if row)]
    pattern = "|".join(dict.fromkeys([*(kind.pattern() for kind in kinds), _TOOLS, f"(?-i:{_CODE_ITSELF})"]))
    things = [part for kind in kinds for part in (kind.things, kind.always) if part]
    words = words_in("|".join([*things, _TOOLS]))
    return finder(pattern, [*words, *_SYMBOLS], regex.IGNORECASE | regex.MULTILINE)
