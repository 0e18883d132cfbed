"""Emulators on the network: the only part of the package that waits."""
