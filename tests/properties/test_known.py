"""Hash lists against any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaforensics.errors import BadHash
from mediaforensics.types import HashValue

near = st.lists(st.integers(0, 255), max_size=40).map(lambda bits: sum({1 << bit for bit in bits}))
values = st.one_of(st.integers(0, 2**256 - 1), near).map(
    lambda number: HashValue("pdq", 256, number.to_bytes(32, "big"))
)


@given(st.text(max_size=70))
def test_fixed_width_hexadecimal_only(text: str) -> None:
    try:
        value = HashValue.from_hex("pdq", 256, text)
    except BadHash:
        return
    assert value.hex() == text.strip().lower()


def test_a_leading_zero_is_part_of_the_value() -> None:
    digits = "00" * 4 + "ab" * 28
    assert HashValue.from_hex("pdq", 256, digits).hex() == digits
    with pytest.raises(BadHash):
        HashValue.from_hex("pdq", 256, digits.lstrip("0"))
