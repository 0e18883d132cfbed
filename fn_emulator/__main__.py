"""`python -m fn_emulator`: the same as the command `fn-emulator`."""

from fn_emulator.cli import main

main()
