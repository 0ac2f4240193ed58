"""``tlpo heads`` as whole jobs: task embeddings, head selection, the comparison of methods, and the analyses.

All four commands share one output folder (`folder.HeadsFolder`) and one set of options (`settings.HeadsSettings`); each
does what its predecessors have left undone for the tasks and seeds asked for, and nothing twice.
"""
