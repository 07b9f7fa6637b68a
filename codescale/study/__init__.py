"""study.yaml, a file per section of it, and the study's folder. Schemas and paths, no work; neither torch nor Ray."""
