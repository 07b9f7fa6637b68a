"""``python -m codescale.cli``: the command line without its installed script."""

from codescale.cli import main

main()
