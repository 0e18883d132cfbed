"""Tokens of the Ferma façade: stateless, shaped like the UUIDs that its clients expect, valid until they expire.

A token is 16 bytes: expiry (4, unix seconds), the tenant's number (2), and the first 10 bytes of an HMAC over both,
the login and the password hash. Nothing is stored, any number are valid side by side, a restart changes nothing, and
a new password ends the old tokens. The key is a file in the state directory, made at the first start.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import trio

from fleet.config import Tenant, verify_password
from fleet.errors import FleetError

__all__ = ["SecretError", "Token", "Tokens", "load_secret"]

SECRET_SIZE = 32
SEAL_SIZE = 10
EXPIRY_MAX = 2**32 - 1
VERIFIED_MAX = 1024  # remembered logins: a few per tenant, and a rack has tens of tenants
KNOWN_MAX = 4096  # remembered tokens, 200 bytes each; shops that log in before every receipt have many valid at a time
VERIFYING_MAX = 2  # scrypt runs side by side; each takes 16 MiB and a core, the rest of the machine makes receipts

_TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class SecretError(FleetError):
    """The key that seals tokens cannot be used."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What a login is answered with."""

    text: str
    expires_at: int

    def __repr__(self) -> str:
        return f"Token(expires_at={self.expires_at})"  # the text is a password for a day: not for logs


class Tokens:
    """Gives tokens to tenants and knows the tenant of a token."""

    def __init__(self, secret: bytes, tenants: Sequence[Tenant], *, ttl_s: float) -> None:
        self._secret = secret
        self._ttl_s = ttl_s
        self._by_login = {tenant.login: tenant for tenant in tenants}
        self._by_number: dict[bytes, list[Tenant]] = {}
        for tenant in tenants:
            self._by_number.setdefault(_number(tenant), []).append(tenant)
        self._somebody = tenants[0] if tenants else None
        self._verified: OrderedDict[bytes, None] = OrderedDict()
        self._known: dict[str, tuple[Tenant, int]] = {}
        """Tokens that were right, and until when: an HMAC for each receipt of a day would find the same again."""
        self._pepper = os.urandom(16)
        self._limiter = trio.CapacityLimiter(VERIFYING_MAX)

    async def login(self, login: str, password: str, *, now: float) -> Token | None:
        """A new token, or None for a wrong login or password, which take the same time."""
        tenant = self._by_login.get(login)
        checked = tenant or self._somebody
        if checked is None or not await self._verify(checked, password) or tenant is None:
            return None
        return self.issue(tenant, now=now)

    def issue(self, tenant: Tenant, *, now: float) -> Token:
        """A token for a tenant whose password was checked."""
        expires_at = min(int(now + self._ttl_s), EXPIRY_MAX)
        head = expires_at.to_bytes(4, "big") + _number(tenant)
        digits = (head + self._seal(head, tenant)).hex()
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        return Token(text="-".join(parts), expires_at=expires_at)

    def tenant(self, text: str, *, now: float) -> Tenant | None:
        """Whose token this is; None when it is nobody's, or its time is over."""
        known = self._known.get(text) or self._checked(text)
        return known[0] if known is not None and known[1] > now else None

    def _checked(self, text: str) -> tuple[Tenant, int] | None:
        """Whose token this is and when it ends, whether or not that is over."""
        if not _TOKEN.fullmatch(text):
            return None
        raw = bytes.fromhex(text.replace("-", ""))
        head, seal = raw[:-SEAL_SIZE], raw[-SEAL_SIZE:]
        for tenant in self._by_number.get(head[4:], ()):  # numbers may collide; the seal tells tenants apart
            if hmac.compare_digest(seal, self._seal(head, tenant)):
                if len(self._known) >= KNOWN_MAX:
                    self._known.clear()
                self._known[text] = found = tenant, int.from_bytes(head[:4], "big")
                return found
        return None

    def _seal(self, head: bytes, tenant: Tenant) -> bytes:
        text = head + tenant.login.encode() + b"\0" + tenant.password_hash.encode()
        return hmac.digest(self._secret, text, "sha256")[:SEAL_SIZE]

    async def _verify(self, tenant: Tenant, password: str) -> bool:
        """scrypt in a thread; a right password is remembered, since some shops log in before every receipt."""
        text = f"{tenant.login}\0{tenant.password_hash}\0{password}".encode(errors="surrogatepass")
        key = hashlib.blake2b(text, digest_size=32, key=self._pepper).digest()
        if key in self._verified:
            self._verified.move_to_end(key)
            return True
        if not await trio.to_thread.run_sync(
            verify_password, password, tenant.password_hash, limiter=self._limiter, abandon_on_cancel=True
        ):
            return False
        self._verified[key] = None
        if len(self._verified) > VERIFIED_MAX:
            self._verified.popitem(last=False)
        return True


def load_secret(state_dir: Path) -> bytes:
    """The key in ``state_dir/secret``; made with mode 0600 when there is none."""
    path = state_dir / "secret"
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        return _make_secret(path)
    except OSError as error:
        raise SecretError(f"{path}: cannot be read: {error.strerror}") from error
    if len(secret) != SECRET_SIZE:
        raise SecretError(f"{path}: must hold {SECRET_SIZE} bytes, not {len(secret)}: delete it to make a new one")
    return secret


def _make_secret(path: Path) -> bytes:
    """Written beside and renamed, so that a crash leaves no half of it."""
    secret = os.urandom(SECRET_SIZE)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(descriptor)
        beside.rename(path)
    except OSError as error:
        raise SecretError(f"{path}: cannot be made: {error.strerror}") from error
    return secret


def _number(tenant: Tenant) -> bytes:
    """Two bytes that stay the same when tenants are added or reordered."""
    return hashlib.sha256(tenant.login.encode()).digest()[:2]
