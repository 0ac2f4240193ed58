"""Pass rates of language confusion, by three definitions: `lcb`, `tlpo` and `default` (docs/definitions.md).

    from tlpo.metrics import check_response, score_files

    check_response("안녕하세요 hello", "ko", "confusion").confusion_point   # 6
    score_files(["outputs.csv"], "lcb", word_list="words")["rows"]

Nothing here imports torch; jieba, MeCab, fastText and lingua load when a language first needs them.
"""

from tlpo.metrics.passrates import ResponseCounts, check_response
from tlpo.metrics.profile import Profile, Tally
from tlpo.metrics.records import Response, read_responses
from tlpo.metrics.registry import PROFILES, get_profile
from tlpo.metrics.score import score_files, score_responses

__all__ = [
    "PROFILES",
    "Profile",
    "Response",
    "ResponseCounts",
    "Tally",
    "check_response",
    "get_profile",
    "read_responses",
    "score_files",
    "score_responses",
]
