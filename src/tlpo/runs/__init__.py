"""Whole jobs, put together from training, evaluation and reports."""
