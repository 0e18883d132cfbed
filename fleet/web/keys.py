"""Keys of the rack's operators: random, so that their SHA-256 in the configuration gives nothing away.

Besides those in the configuration there is one key for this machine, ``state_dir/admin.key``, readable by the daemon's
user alone: whoever can read it could as well read the journal.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from fleet.config import Admin
from fleet.errors import FleetError

__all__ = ["KEY_FILE", "LOCAL", "Keys", "KeyFileError", "hash_key", "load_local_key", "make_key"]

KEY_FILE = "admin.key"
LOCAL = "local"
"""Who uses the key of this machine, unless the request says who it is."""

KEY_BYTES = 32


class KeyFileError(FleetError):
    """The key of this machine cannot be used."""


class Keys:
    """Knows whose key it is."""

    def __init__(self, admins: Sequence[Admin], local_key: str) -> None:
        self._names = {admin.key_sha256: admin.name for admin in admins} | {hash_key(local_key): LOCAL}

    def whose(self, key: str) -> str | None:
        """The name behind a key; None for anything else. Takes the same time for all."""
        given = hash_key(key)
        found = [name for known, name in self._names.items() if hmac.compare_digest(known, given)]
        return found[0] if found else None


def hash_key(key: str) -> str:
    """What the configuration keeps of a key."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def make_key() -> str:
    """A new key: 43 characters that fit into a header."""
    return secrets.token_urlsafe(KEY_BYTES)


def load_local_key(state_dir: Path) -> str:
    """The key of this machine; made with mode 0600 at the first start."""
    path = state_dir / KEY_FILE
    try:
        key = path.read_text("ascii").strip()
        if len(key) < KEY_BYTES:
            raise KeyFileError(f"{path}: holds no key: delete it to have a new one made")
        return key
    except FileNotFoundError:
        key = make_key()
        _write(path, key)
        return key
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{path}: cannot be read: {error}") from error


def _write(path: Path, key: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be made: {error.strerror}") from error
