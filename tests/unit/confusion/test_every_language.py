"""One clean sentence of every language, alone and with a planted phrase."""

from __future__ import annotations

import pytest

from tlpo.confusion import ConfusionDetector
from tlpo.languages import LANGUAGES

CLEAN = {
    "af": "Die kinders speel elke dag in die tuin agter ons huis.",
    "am": "ልጆቹ በየቀኑ በአትክልት ስፍራ ይጫወታሉ።",
    "ar": "يلعب الأطفال كل يوم في الحديقة خلف بيتنا.",
    "az": "Uşaqlar hər gün evimizin arxasındakı bağçada oynayırlar.",
    "be": "Дзеці кожны дзень гуляюць у садзе за нашым домам.",
    "bg": "Децата всеки ден играят в градината зад нашата къща.",
    "bn": "শিশুরা প্রতিদিন আমাদের বাড়ির পেছনের বাগানে খেলে।",
    "ca": "Els nens juguen cada dia al jardí de darrere de casa nostra.",
    "cs": "Děti si každý den hrají na zahradě za naším domem.",
    "da": "Børnene leger hver dag i haven bag vores hus.",
    "de": "Die Kinder spielen jeden Tag im Garten hinter unserem Haus.",
    "el": "Τα παιδιά παίζουν κάθε μέρα στον κήπο πίσω από το σπίτι μας.",
    "en": "The children play every day in the garden behind our house.",
    "es": "Los niños juegan todos los días en el jardín detrás de nuestra casa.",
    "et": "Lapsed mängivad iga päev meie maja taga aias.",
    "fa": "بچه‌ها هر روز در باغ پشت خانهٔ ما بازی می‌کنند.",
    "fi": "Lapset leikkivät joka päivä puutarhassa talomme takana.",
    "fr": "Les enfants jouent tous les jours dans le jardin derrière notre maison.",
    "gu": "બાળકો દરરોજ અમારા ઘરની પાછળના બગીચામાં રમે છે.",
    "he": "הילדים משחקים כל יום בגינה מאחורי הבית שלנו.",
    "hi": "बच्चे हर दिन हमारे घर के पीछे बगीचे में खेलते हैं।",
    "hr": "Djeca se svaki dan igraju u vrtu iza naše kuće.",
    "hu": "A gyerekek minden nap a kertben játszanak a házunk mögött.",
    "hy": "Երեխաներն ամեն օր խաղում են մեր տան հետևի այգում։",
    "id": "Anak-anak bermain setiap hari di kebun di belakang rumah kami.",
    "it": "I bambini giocano ogni giorno nel giardino dietro casa nostra.",
    "ja": "子どもたちは毎日、家の裏の庭で遊んでいます。",
    "ka": "ბავშვები ყოველდღე თამაშობენ ბაღში ჩვენი სახლის უკან.",
    "kk": "Балалар күн сайын біздің үйдің артындағы бақта ойнайды.",
    "km": "ក្មេងៗលេងរាល់ថ្ងៃនៅក្នុងសួនក្រោយផ្ទះរបស់យើង។",
    "kn": "ಮಕ್ಕಳು ಪ್ರತಿದಿನ ನಮ್ಮ ಮನೆಯ ಹಿಂದಿನ ತೋಟದಲ್ಲಿ ಆಡುತ್ತಾರೆ.",
    "ko": "아이들은 매일 우리 집 뒤에 있는 정원에서 놉니다.",
    "lo": "ເດັກນ້ອຍຫຼິ້ນທຸກມື້ຢູ່ໃນສວນຫຼັງເຮືອນຂອງພວກເຮົາ.",
    "lt": "Vaikai kiekvieną dieną žaidžia sode už mūsų namo.",
    "lv": "Bērni katru dienu spēlējas dārzā aiz mūsu mājas.",
    "mk": "Децата секој ден си играат во градината зад нашата куќа.",
    "ml": "കുട്ടികൾ എല്ലാ ദിവസവും ഞങ്ങളുടെ വീടിന് പിന്നിലെ തോട്ടത്തിൽ കളിക്കുന്നു.",
    "mn": "Хүүхдүүд өдөр бүр манай байшингийн ард байгаа цэцэрлэгт тоглодог.",
    "mr": "मुले दररोज आमच्या घरामागील बागेत खेळतात.",
    "ms": "Kanak-kanak bermain setiap hari di taman di belakang rumah kami.",
    "my": "ကလေးများသည် နေ့တိုင်း ကျွန်ုပ်တို့အိမ်နောက်ရှိ ဥယျာဉ်တွင် ကစားကြသည်။",
    "ne": "केटाकेटीहरू हरेक दिन हाम्रो घर पछाडिको बगैंचामा खेल्छन्।",
    "nl": "De kinderen spelen elke dag in de tuin achter ons huis.",
    "no": "Barna leker hver dag i hagen bak huset vårt.",
    "or": "ପିଲାମାନେ ପ୍ରତିଦିନ ଆମ ଘର ପଛରେ ଥିବା ବଗିଚାରେ ଖେଳନ୍ତି।",
    "pa": "ਬੱਚੇ ਹਰ ਰੋਜ਼ ਸਾਡੇ ਘਰ ਦੇ ਪਿੱਛੇ ਬਾਗ਼ ਵਿੱਚ ਖੇਡਦੇ ਹਨ।",
    "pl": "Dzieci codziennie bawią się w ogrodzie za naszym domem.",
    "pt": "As crianças brincam todos os dias no jardim atrás da nossa casa.",
    "ro": "Copiii se joacă în fiecare zi în grădina din spatele casei noastre.",
    "ru": "Дети каждый день играют в саду за нашим домом.",
    "si": "ළමයි සෑම දිනකම අපේ නිවස පිටුපස ඇති වත්තේ සෙල්ලම් කරති.",
    "sk": "Deti sa každý deň hrajú v záhrade za naším domom.",
    "sl": "Otroci se vsak dan igrajo na vrtu za našo hišo.",
    "sr": "Деца се сваки дан играју у башти иза наше куће.",
    "sr-Cyrl": "Деца се сваки дан играју у башти иза наше куће.",
    "sr-Latn": "Deca se svaki dan igraju u bašti iza naše kuće.",
    "sv": "Barnen leker varje dag i trädgården bakom vårt hus.",
    "sw": "Watoto hucheza kila siku katika bustani nyuma ya nyumba yetu.",
    "ta": "குழந்தைகள் தினமும் எங்கள் வீட்டின் பின்னால் உள்ள தோட்டத்தில் விளையாடுகிறார்கள்.",
    "te": "పిల్లలు ప్రతిరోజూ మా ఇంటి వెనుక ఉన్న తోటలో ఆడుకుంటారు.",
    "th": "เด็กๆ เล่นทุกวันในสวนหลังบ้านของเรา",
    "tl": "Naglalaro ang mga bata araw-araw sa hardin sa likod ng aming bahay.",
    "tr": "Çocuklar her gün evimizin arkasındaki bahçede oynuyorlar.",
    "uk": "Діти щодня граються в саду за нашим будинком.",
    "ur": "بچے ہر روز ہمارے گھر کے پیچھے باغ میں کھیلتے ہیں۔",
    "vi": "Bọn trẻ chơi mỗi ngày trong khu vườn phía sau nhà chúng tôi.",
    "zh": "孩子们每天在我们家后面的花园里玩。",
    "zh-Hans": "孩子们每天在我们家后面的花园里玩。",
    "zh-Hant": "孩子們每天在我們家後面的花園裡玩。",
}


def test_there_is_a_sentence_for_every_row() -> None:
    assert set(CLEAN) == set(LANGUAGES)


@pytest.mark.parametrize("code", sorted(CLEAN))
def test_clean(code: str) -> None:
    for english in ("neutral", "confusion"):
        assert ConfusionDetector(code, english=english).check(CLEAN[code]).verdict == "clean"


@pytest.mark.parametrize("code", sorted(CLEAN))
def test_a_planted_phrase_is_found_at_its_first_character(code: str) -> None:
    planted = "Дети играют" if "Cyrl" not in LANGUAGES[code].scripts else "아이들은 매일"
    text = f"{CLEAN[code]} {planted} {CLEAN[code]}"
    assert ConfusionDetector(code).confusion_point(text) == len(CLEAN[code]) + 1


@pytest.mark.parametrize("code", sorted(code for code in CLEAN if not LANGUAGES[code].latin))
def test_small_english_words_are_found(code: str) -> None:
    text = f"{CLEAN[code]} because {CLEAN[code]}"
    assert ConfusionDetector(code, english="confusion").confusion_point(text) == len(CLEAN[code]) + 1


@pytest.mark.parametrize("code", sorted(CLEAN))
def test_an_answer_in_english_is_confused(code: str) -> None:
    text = "Sure, here is the answer that you were looking for: the children are playing outside."
    verdict = ConfusionDetector(code).check(text).verdict
    assert verdict == ("clean" if code == "en" else "confused")
