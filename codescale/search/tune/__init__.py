"""The search on Ray Tune: trials on warm workers, suggested by an Optuna sampler."""
