"""Prompts: records, loading, and encoding into token ids. Imports no torch."""

from tlpo.data.encoding import encode_prompt
from tlpo.data.prompts import PROMPT_LANGUAGES, load_prompts
from tlpo.data.records import PromptRecord
from tlpo.data.templates import DEFAULT_TEMPLATES, default_template

__all__ = [
    "DEFAULT_TEMPLATES",
    "PROMPT_LANGUAGES",
    "PromptRecord",
    "default_template",
    "encode_prompt",
    "load_prompts",
]
