"""`python -m ffd`: the same as the command `ffd`."""

from ffd.cli import main

main()
