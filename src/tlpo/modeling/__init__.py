"""Models and tokenizers: loading, and what is read off them token by token."""
