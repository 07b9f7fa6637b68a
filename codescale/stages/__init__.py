"""One file per command of a study: artifacts in, artifact out. Stages meet in files only."""
