"""The forms of a law, one small class in one file each; ``registry.py`` lists them, ``base.py`` says what a form is.

Machinery that forms share: ``curve.py`` (a law of each target's own loss), ``terms.py`` (its power laws), ``solver.py``
(many least-squares problems at once), ``stack.py`` (a weighted mean of forms).
"""
