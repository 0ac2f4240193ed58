"""Results for people to read: terminal tables, the audit's web page, the model card. Never imports torch."""

from tlpo.reports.html import render_audit, write_audit_page
from tlpo.reports.model_card import render_model_card, write_model_card
from tlpo.reports.tables import audit_table, comparison_table, example_text

__all__ = [
    "audit_table",
    "comparison_table",
    "example_text",
    "render_audit",
    "render_model_card",
    "write_audit_page",
    "write_model_card",
]
