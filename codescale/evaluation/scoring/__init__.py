"""One model in one language: what it writes is generated, checked and counted, program by program."""
