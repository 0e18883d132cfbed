"""Twin of `fleet.web.keys`: whose key it is, and the one that lies on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.config import Admin
from fleet.web.keys import KEY_FILE, LOCAL, KeyFileError, Keys, hash_key, load_local_key, make_key


def test_whose_key() -> None:
    """Only its hash is known; anything else is nobody's."""
    olga, here = make_key(), make_key()
    keys = Keys([Admin(name="olga", key_sha256=hash_key(olga))], here)
    assert (keys.whose(olga), keys.whose(here)) == ("olga", LOCAL)
    for wrong in ("", olga[:-1], hash_key(olga), "ключ", "\ud800"):
        assert keys.whose(wrong) is None


def test_the_key_of_this_machine(tmp_path: Path) -> None:
    """Made once, readable by the daemon's user alone, the same after a restart."""
    key = load_local_key(tmp_path / "state")
    assert load_local_key(tmp_path / "state") == key
    path = tmp_path / "state" / KEY_FILE
    assert path.stat().st_mode & 0o077 == 0
    for content in (b"short", b"\xff" * 50):
        path.write_bytes(content)
        with pytest.raises(KeyFileError, match=KEY_FILE):
            load_local_key(tmp_path / "state")
