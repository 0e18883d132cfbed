"""Twin of `fleet.web.asgi`: what a call is asked. Bodies and replies are tested at the doors that use them."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from fleet.web.asgi import Call

NAMES = st.sampled_from(["a", "AuthToken", "é", "b c", ""])


@given(pairs=st.lists(st.tuples(NAMES, st.text(max_size=6)), max_size=4))
def test_a_parameter_is_found_however_it_was_quoted(pairs: list[tuple[str, str]]) -> None:
    """A shop may quote more than it must; the first of several counts."""
    call = Call({"query_string": urlencode(pairs).encode()})
    for name in ("a", "AuthToken", "é", "b c"):
        assert call.query(name) == next((value for key, value in pairs if key == name), None)


@given(raw=st.text(alphabet="aA=&%+;20é\x00", max_size=12))
def test_any_query_string_is_read_as_the_library_reads_it(raw: str) -> None:
    """Halves of escapes, pairs without a sign, nothing at all."""
    found = dict(reversed(parse_qsl(raw, keep_blank_values=True)))
    assert Call({"query_string": raw.encode("latin-1")}).query("a") == found.get("a")
