"""Search: the best mixture (and hyperparameters) by real training runs around what the laws already know.

This room says what may vary (``space``, ``coordinates``), proposes points (``samplers``; ours is ``law_sampler``, which
reads what trials ``told``, comes to a ``belief`` and asks its ``adviser``), makes trials of them (``optuna_search``),
stops those that cannot win (``stopping``, ``scheduler``) and joins all that in one search (``run``, ``tune_run``). It
may not train: a trial is a ``Session`` that somebody hands in. It fits no law to a
sweep: the law and its optimum are handed in.
"""
