"""The training core: model, batches, optimizers, the loop, and the files that launch it on Ray Train.

Plain torch: everything but ``ray_run.py``, ``job_watch.py`` and ``ray_train.py`` runs in a debugger without Ray. It may
not know sweeps, laws or searches.
"""
