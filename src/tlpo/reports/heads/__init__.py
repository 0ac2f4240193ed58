"""Results of head selection for people to read: tables, figures and one web page. Never imports torch."""
