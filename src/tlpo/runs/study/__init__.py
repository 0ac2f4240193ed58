"""A study: a grid of methods, learning rates and seeds, run piece by piece, and compared at the end.

Reading order: `config` (the file), `plan` (stages and what they are made of), `choice` (the learning rate), `schedule`
(what comes next), `process` (a stage at work), `study` (the whole), `report` (what comes of it). Nothing here imports
torch: every stage is a `tlpo` command in a process of its own, which gives its memory back and whose crash loses
nothing else.
"""
