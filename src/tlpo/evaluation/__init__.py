"""Audits of a model's answers: sampling, scoring, comparing, and the likelihood of clean text.

`scoring`, `intervals`, `records` and `compare_audits` need no torch; `audit` and `nll` import it when they run.
"""

from tlpo.evaluation.compare_audits import compare_audits
from tlpo.evaluation.records import ResponseRecord, read_records
from tlpo.evaluation.scoring import score, score_by_language

__all__ = ["ResponseRecord", "compare_audits", "read_records", "score", "score_by_language"]
