"""The training core: model, batches, optimizers, the loop, and the one file that launches it on Ray Train.

Plain torch: everything but ``ray_train.py`` runs in a debugger without Ray. It may not know sweeps, laws or searches.
"""
