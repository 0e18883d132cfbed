"""Tokens: what keeps a stranger out and lets every shop in, without anything stored."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.config import Tenant, hash_password
from fleet.web import tokens as module
from fleet.web.tokens import SecretError, Tokens, load_secret

NOW = 1_795_428_000.0
HASH = hash_password("correct horse", salt=b"salt of the test")
SHOP = Tenant(name="shop", login="shop", password_hash=HASH, inn="9900000000")
CAFE = Tenant(name="cafe", login="cafe", password_hash=HASH, inn="7707083893")
SECRET = bytes(range(32))


def make(*tenants: Tenant, ttl_s: float = 86400.0, secret: bytes = SECRET) -> Tokens:
    return Tokens(secret, tenants or (SHOP, CAFE), ttl_s=ttl_s)


def test_a_token_is_a_lower_case_uuid_in_shape() -> None:
    """One client finds tokens with a UUID pattern; every sample of the vendor is lower case."""
    text = make().issue(SHOP, now=NOW).text
    assert [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12]
    assert text == text.lower()


def test_a_token_is_valid_until_it_expires_and_not_a_second_longer() -> None:
    """Clients renew by the expiry they were told."""
    tokens = make(ttl_s=100)
    token = tokens.issue(SHOP, now=NOW)
    assert token.expires_at == NOW + 100
    assert tokens.tenant(token.text, now=NOW + 99) == SHOP
    assert tokens.tenant(token.text, now=NOW + 100) is None


def test_several_tokens_are_valid_side_by_side_and_after_a_restart() -> None:
    """Shops log in before every receipt, from several machines; a restart must not log all of them out."""
    first, second = make().issue(SHOP, now=NOW), make().issue(SHOP, now=NOW + 5)
    again = make()
    assert again.tenant(first.text, now=NOW + 6) == again.tenant(second.text, now=NOW + 6) == SHOP


def test_each_tenant_is_told_apart_even_when_numbers_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two bytes of a hash may be the same for two logins; the seal still knows whose token it is."""
    monkeypatch.setattr(module, "_number", lambda tenant: b"\0\0")
    tokens = make()
    assert tokens.tenant(tokens.issue(SHOP, now=NOW).text, now=NOW) == SHOP
    assert tokens.tenant(tokens.issue(CAFE, now=NOW).text, now=NOW) == CAFE


def test_a_new_password_ends_the_old_tokens() -> None:
    """Whoever changes a password wants the old sessions gone."""
    token = make().issue(SHOP, now=NOW)
    changed = msgspec.structs.replace(SHOP, password_hash=hash_password("new", salt=b"salt of the test"))
    assert make(changed).tenant(token.text, now=NOW) is None


def test_another_secret_knows_none_of_the_tokens() -> None:
    """Deleting the file is the way to log everybody out."""
    assert make(secret=bytes(32)).tenant(make().issue(SHOP, now=NOW).text, now=NOW) is None


def test_no_bit_of_a_token_can_be_changed() -> None:
    """The expiry and the tenant stand in the open: the seal must cover them."""
    tokens = make()
    token = tokens.issue(SHOP, now=NOW).text
    for place, digit in enumerate(token):
        if digit != "-":
            forged = token[:place] + format(int(digit, 16) ^ 1, "x") + token[place + 1 :]
            assert tokens.tenant(forged, now=NOW) is None, place


@given(text=st.text(max_size=40))
def test_any_text_is_a_tenant_or_nobody(text: str) -> None:
    """A token comes from the query string: anything may stand there."""
    assert make().tenant(text, now=NOW) is None


async def test_login_gives_a_token_and_every_mistake_gives_none() -> None:
    """A wrong password and an unknown login cannot be told apart by the answer."""
    tokens = make()
    token = await tokens.login("shop", "correct horse", now=NOW)
    assert token is not None
    assert tokens.tenant(token.text, now=NOW) == SHOP
    assert await tokens.login("shop", "wrong", now=NOW) is None
    assert await tokens.login("nobody", "correct horse", now=NOW) is None
    assert await Tokens(SECRET, (), ttl_s=1).login("shop", "correct horse", now=NOW) is None


async def test_scrypt_runs_for_a_wrong_login_too_and_once_for_a_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown login must cost what a wrong password costs; a shop that logs in before each receipt pays once."""
    asked: list[str] = []

    def verify(password: str, password_hash: str) -> bool:
        asked.append(password)
        return password == "correct horse"

    monkeypatch.setattr(module, "verify_password", verify)
    tokens = make()
    assert await tokens.login("nobody", "correct horse", now=NOW) is None
    assert await tokens.login("shop", "wrong", now=NOW) is None
    assert await tokens.login("shop", "wrong", now=NOW) is None
    assert asked == ["correct horse", "wrong", "wrong"]  # refusals are not remembered
    for _ in range(3):
        assert await tokens.login("cafe", "correct horse", now=NOW) is not None
    assert asked == ["correct horse", "wrong", "wrong", "correct horse"]


async def test_the_memory_of_logins_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand logins with right passwords must not grow the process for ever."""
    monkeypatch.setattr(module, "verify_password", lambda password, password_hash: True)
    monkeypatch.setattr(module, "VERIFIED_MAX", 3)
    tokens = make()
    for number in range(10):
        assert await tokens.login("shop", str(number), now=NOW) is not None
    assert len(tokens._verified) == 3


def test_the_memory_of_tokens_is_bounded_and_forgets_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens that were right are remembered until there are too many; then they are looked at anew."""
    monkeypatch.setattr(module, "KNOWN_MAX", 3)
    tokens = make()
    texts = [tokens.issue((SHOP, CAFE)[number % 2], now=NOW + number).text for number in range(10)]
    for _ in range(2):
        assert [tokens.tenant(text, now=NOW) for text in texts] == [SHOP, CAFE] * 5
        assert len(tokens._known) <= 3
    assert tokens.tenant(texts[0], now=NOW + 86400) is None
    assert tokens.tenant(texts[1], now=NOW + 86400) == CAFE


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    """It seals every token: whoever reads it can log in as anybody."""
    secret = load_secret(tmp_path / "state")
    path = tmp_path / "state" / "secret"
    assert len(secret) == 32
    assert load_secret(tmp_path / "state") == secret == path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret"]


def test_a_secret_that_cannot_be_used_says_what_to_do(tmp_path: Path) -> None:
    """A short key would be a weak key; it is refused rather than filled up."""
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(SecretError, match="delete it"):
        load_secret(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SecretError, match="cannot be"):
        load_secret(tmp_path / "file" / "state")


def test_a_token_does_not_show_itself_in_logs() -> None:
    """A repr ends up in log lines and tracebacks."""
    token = make().issue(SHOP, now=NOW)
    assert token.text not in repr(token)
