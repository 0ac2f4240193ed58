"""How a base model, which has no chat template, is shown a question: two labels in the language of the answer.

A plain question may be continued with more questions, or with a web page around it; labels for question and answer make
an answer the likely continuation, and name no language.
"""

from __future__ import annotations

from types import MappingProxyType

from tlpo.errors import UserError

PLACEHOLDER = "{prompt}"

DEFAULT_TEMPLATES = MappingProxyType(
    {
        "ar": "السؤال: {prompt}\nالجواب:",
        "de": "Frage: {prompt}\nAntwort:",
        "en": "Question: {prompt}\nAnswer:",
        "es": "Pregunta: {prompt}\nRespuesta:",
        "fr": "Question : {prompt}\nRéponse :",
        "hi": "प्रश्न: {prompt}\nउत्तर:",
        "id": "Pertanyaan: {prompt}\nJawaban:",
        "it": "Domanda: {prompt}\nRisposta:",
        "ja": "質問：{prompt}\n回答：",
        "ko": "질문: {prompt}\n답변:",
        "nl": "Vraag: {prompt}\nAntwoord:",
        "pt": "Pergunta: {prompt}\nResposta:",
        "ru": "Вопрос: {prompt}\nОтвет:",
        "th": "คำถาม: {prompt}\nคำตอบ:",
        "tr": "Soru: {prompt}\nCevap:",
        "vi": "Câu hỏi: {prompt}\nTrả lời:",
        "zh": "问题：{prompt}\n回答：",
    }
)


def default_template(language: str) -> str | None:
    """The template for answers in ``language``; None if there is none, and the prompt then stands alone."""
    return DEFAULT_TEMPLATES.get(language)


def with_newlines(template: str | None) -> str | None:
    r"""``template`` with its newlines, which a shell passes on as the two characters ``\n``."""
    return None if template is None else template.replace("\\n", "\n")


def fill_template(template: str, prompt: str) -> str:
    """``template`` with the prompt in place of ``{prompt}``; other braces stay as they are.

    Raises:
        UserError: the template lacks the placeholder.
    """
    if PLACEHOLDER not in template:
        raise UserError(f"the prompt template {template!r} lacks the placeholder {PLACEHOLDER}: add it")
    return template.replace(PLACEHOLDER, prompt)
