"""What models write, judged: generation, programs held out to score by, toolchains found, and a sandbox to run them in.

It may run nothing outside its sandbox, unpickles nothing, and trains nothing.
"""
