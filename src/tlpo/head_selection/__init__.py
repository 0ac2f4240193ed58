"""SITE: soft head-selection for injecting task embeddings that come from in-context examples (arXiv 2507.20906)."""
