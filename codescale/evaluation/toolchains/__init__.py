"""Compilers and interpreters of the evaluated languages: found here, tried in the sandbox, versions noted."""
