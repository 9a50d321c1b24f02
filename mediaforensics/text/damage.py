"""What misreadings cost: how far a word on the picture is from the one that may have stood there.

Edits are weighed by how alike the letters look, in tenths of one wrong letter, so that sums are exact.
"""

from __future__ import annotations

from functools import cache

from mediaforensics.text.words import skeleton

EDIT = 10
"""One letter in place of another, one lost or one too many."""
LOOK_ALIKE = 4
"""A letter in place of one of the same shape."""
TWO_FOR_ONE = 5
"""``rn`` for ``m`` and the like."""
THIN = 7
"""A stroke lost or added: the letters that are one."""
DOUBLED = 5
"""One of two equal letters lost, or a letter doubled."""
LOST_SPACE = 5
"""Two words run together, or one torn in two."""

_THIN_LETTERS = frozenset("il1|!tfjاىيإبت")
_TWO_FOR_ONE_PAIRS = "rn:m in:m ni:m vv:w uu:w cl:d ol:d ri:n ii:n ii:u li:h lc:k ьi:ы ьl:ы"
TWO_LOOK_LIKE: dict[str, str] = {}
"""Two letters to all single letters they are mistaken for, and these for them."""
for _pair in _TWO_FOR_ONE_PAIRS.split():
    _two, _, _one = _pair.partition(":")
    TWO_LOOK_LIKE[_two] = TWO_LOOK_LIKE.get(_two, "") + _one
# Beyond the classes of the skeleton, which are shapes alone: letters alike when blurred or partly hidden.
_BLURRED_PAIRS = (
    "ao ae ac oc hb hn hk nm nr nu un vw xk yg ft tl fl lt it rt qg pn dc do da bh eo wv kx gq iy sz bd "
    "гт гп дл бв вь ач ао ео ес ос ни нп нк ик хж йн кж цщ уч чг тм мн юо яд ля ьы эс зв "
    "عف غف غع قغ وز ور دز در ال لك لا كل مه هم حع سص نل يل"
)
_BLURRED = frozenset(map(frozenset, _BLURRED_PAIRS.split()))


@cache
def substitution(seen: str, meant: str) -> int:
    """One letter in place of another."""
    if seen == meant:
        return 0
    if skeleton(seen) == skeleton(meant) or frozenset((seen, meant)) in _BLURRED:
        return LOOK_ALIKE
    return EDIT


def unpaired(word: str) -> list[int]:
    """For each letter what it costs that the other spelling does not have it."""
    return [
        DOUBLED if at and word[at] == word[at - 1] else THIN if c in _THIN_LETTERS else EDIT
        for at, c in enumerate(word)
    ]
