"""Programs that models write: toolchains found, a sandbox to run them in, and the programs held out to score them by.

It may run nothing outside its sandbox, and knows no model: what is to be checked is handed in as text.
"""
