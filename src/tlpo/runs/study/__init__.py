"""A study: a grid of methods, learning rates and seeds, run piece by piece, and compared at the end.

Reading order: `config` (the file), `plan` (stages and what they are made of), `options` and `budget` (what is refused
before the first stage), `choice` (the learning rate), `schedule` (what comes next), `process` (a stage at work),
`study` (the whole), `overlap` (training on what is evaluated), `report` and `notes` (what comes of it). Importing it
loads no torch; reading a study's file does, to check the options of its trainings. Every stage is a `tlpo` command in a
process of its own, which gives its memory back and whose crash loses nothing else.
"""
