"""Small files of questions in every layout that the shipped tasks read, written for the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CHOICES = [
    {"query": "Question: What falls from clouds?", "choices": ["rain", "sand", "coins"], "gold": 0},
    {"query": "Question: What do bees make?", "choices": ["milk", "honey", "paper"], "gold": 1},
    {"query": "Question: What is frozen water?", "choices": ["steam", "salt", "ice"], "gold": 2},
    {"query": "Question: What gives light at night?", "choices": ["the moon", "a stone", "a shoe"], "gold": 0},
]
HELLASWAG = {
    "activity_label": "Cooking soup", "ctx_a": "A man stands in a kitchen.", "ctx_b": "he",
    "endings": ["stirs a pot.", "flies away.", "rests [laughs] a while.", "paints a wall."], "label": 0,
}  # fmt: skip
WINOGRANDE = {
    "context_options": ["The cup fell so the cup", "The cup fell so the floor"], "continuation": "broke.", "gold": 0,
}  # fmt: skip
XCOPA = {
    "premise": "La strada era bagnata.", "choice1": "Pioveva.", "choice2": "Era festa.", "question": "cause",
    "label": 0,
}  # fmt: skip
JCOMMONSENSEQA = {
    "q_id": 1, "question": "雨の日に使う物は？", "choice0": "傘", "choice1": "机", "choice2": "本", "choice3": "皿",
    "choice4": "靴", "label": 0,
}  # fmt: skip
KOBEST_COPA = (
    "ID\tsentence\tquestion\t1\t2\tAnswer\n"
    "1\t비가 왔다.\t결과\t우산을 썼다.\t해가 떴다.\t1\n"
    "2\t배가 고팠다.\t결과\t잠을 잤다.\t밥을 먹었다.\t2\n"
)
KOBEST_HELLASWAG = (
    'context\tchoice1\tchoice2\tchoice3\tchoice4\tlabel\n아이가 뛴다.\t넘어진다.\t"""야""라고 한다."\t난다.\t잔다.\t1\n'
)
KOBEST_BOOLQ = "ID\tText\tQuestion\tAnswer\n1\t개는 짖는다.\t개는 나는가?\tFalse \n2\t눈은 희다.\t눈은 흰가?\tTRUE\n"
KOBEST_WIC = (
    "ID\tTarget\tSENTENCE1\tDictionary 1\tSENTENCE2\tANSWER\n1\t배\t[배]를 탔다.\t1\t[배]를 먹었다.\tFALSE\n"
    "2\t눈\t[눈]이 왔다.\t2\t[눈]이 녹았다.\tTrue\n"
)
KOBEST_SENTINEG = "ID\tLabel\tText\n1\t1\t아주 좋아요\n2\t0\t안 사요\n"
MGSM = 'Ein "Apfel" kostet 2 Euro. Was kosten drei?\t6\nWas ist 1.000 mal 2?\t2,000\n'


def write_questions(folder: Path) -> Path:
    """Every file, in a folder of that name."""
    folder.mkdir(parents=True, exist_ok=True)

    def lines(rows: list[dict[str, Any]]) -> str:
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    files = {
        **{f"en.{task}.jsonl": lines(CHOICES) for task in ("arc_easy", "arc_challenge", "openbook_qa", "copa")},
        "en.piqa.jsonl": lines([{**row, "query": f"{row['query']}\n"} for row in CHOICES]),
        "en.hellaswag.jsonl": lines([HELLASWAG]),
        "en.winogrande.jsonl": lines([WINOGRANDE]),
        "it.xcopa.test.jsonl": lines([XCOPA]),
        "it.xcopa.val.jsonl": lines([XCOPA, {**XCOPA, "question": "effect"}]),
        "ja.jcommonsenseqa.valid.jsonl": lines([JCOMMONSENSEQA]),
        "ko.kobest_copa.test.tsv": KOBEST_COPA,
        "ko.kobest_hellaswag.test.tsv": KOBEST_HELLASWAG,
        "ko.kobest_boolq.test.tsv": KOBEST_BOOLQ,
        "ko.kobest_wic.test.tsv": KOBEST_WIC,
        "ko.kobest_sentineg.test.tsv": KOBEST_SENTINEG,
        "de.mgsm.tsv": MGSM,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
