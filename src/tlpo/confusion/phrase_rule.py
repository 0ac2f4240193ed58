"""Rule ``language`` for Latin words: phrases of another language."""

from __future__ import annotations

from tlpo.confusion import lid
from tlpo.confusion.latin_words import Word
from tlpo.confusion.options import Options
from tlpo.confusion.phrases import Phrase


def foreign_phrases(words: list[Word], options: Options) -> list[Phrase]:
    """The phrases among ``words`` that are in no allowed language."""
    plain = [word for word in words if not word.masked]
    if len(plain) < 4:
        return []
    allowed = options.codes | ({"en"} if options.english == "neutral" else set())
    ranked = lid.predict(" ".join(word.text for word in plain), 5)
    own = sum(probability for code, probability in ranked if code in allowed)
    if ranked and ranked[0][0] not in allowed and ranked[0][1] >= 0.8 and own < 0.1:
        return [Phrase(plain[0].start, plain[-1].end, ranked[0][0], ranked[0][1])]
    return []
