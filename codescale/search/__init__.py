"""Search: the best mixture (and hyperparameters) by real training runs around what the laws already know.

This room says what may vary (``space``, ``coordinates``), proposes trials (``samplers``, ``optuna_search``), stops
those that cannot win (``stopping``, ``scheduler``) and joins them in one Tune run (``run``). It may not train: a trial
is a :class:`~codescale.search.session.Session` that somebody hands in. It fits no law: the law's optimum is handed in.
"""
