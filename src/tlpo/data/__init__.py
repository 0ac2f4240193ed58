"""Prompts: records, loading, and encoding into token ids."""
