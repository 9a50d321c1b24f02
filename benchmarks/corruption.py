"""Text as a recogniser misreads it: confusions of look-alikes, wrong letters, losses, additions, spaces.

Seeded, so that two runs corrupt alike. The tables are visual confusions of each script and are written apart
from those of the reader, which must not be measured with its own mirror.
"""

from __future__ import annotations

import random
import unicodedata


def _table(entries: str) -> dict[str, list[str]]:
    """``a:o,e`` says that "a" may be read as "o" or "e"."""
    return {entry[0]: entry[2:].split(",") for entry in entries.split()}


_LATIN = _table(
    "a:o,e,4,@ b:h,6 c:e,o d:cl,o e:c,o f:t,l g:q,9,y h:b,n i:l,1,!,j j:i,; k:l,x l:1,I,|,i,t "
    "m:rn,n,in n:ri,m,h o:0,c,e p:n q:g,9 r:n,t s:5,$,z t:f,l u:v,ii,n v:u,y w:vv,v x:k y:v,g z:2,s "
    "0:O,o 1:l,I 5:S 8:B"
)
_ARABIC = _table(
    "ب:ت,ي,ن,ث ت:ب,ن,ث ث:ت,ب ن:ب,ت ي:ب,ى,ت ج:ح,خ ح:ج,خ خ:ح,ج د:ذ,ر ذ:د,ز ر:ز,د ز:ر,ذ س:ش ش:س ص:ض ض:ص "
    "ط:ظ ظ:ط ع:غ غ:ع,ف ف:ق,غ ق:ف ه:ة ة:ه ا:ل ل:ا و:ر أ:ا إ:ا ك:ل م:ه"
)
_CYRILLIC = _table(
    "а:a,о б:6,в в:B,ь г:т,r д:л е:e,с ж:х з:3,э и:й,н й:и к:k,н л:п,д м:н н:и,п о:0,c п:л,н р:p "
    "с:c,о т:г,т у:y,ч ц:щ ч:у,4 ш:щ щ:ш ъ:ь ы:ь,i ь:ъ э:з ю:о я:л"
)
_TABLES = (_LATIN, _ARABIC, _CYRILLIC)
_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
)

MIXED = {"confusion": 50, "substitution": 20, "deletion": 15, "insertion": 10, "space": 5}
"""Shares of the damage, in percent. No recogniser makes exactly these; none makes only one of them either."""
UNIFORM = {"substitution": 100}
CONFUSED = {"confusion": 100}


def corrupted(text: str, rate: float, seed: int, shares: dict[str, int]) -> str:
    """``text`` with each letter or digit damaged with probability ``rate``."""
    rng = random.Random(f"{seed}:{text}")
    kinds, weights = list(shares), list(shares.values())
    out: list[str] = []
    for c in text:
        if not c.isalnum() or rng.random() >= rate:
            out.append(c)
            continue
        kind = rng.choices(kinds, weights)[0]
        out.append(_damaged(c, kind, out, rng))
    return "".join(out)


def _damaged(c: str, kind: str, before: list[str], rng: random.Random) -> str:
    alphabet = next((a for a in _ALPHABETS if _bare(c) in a), _ALPHABETS[0])
    if kind == "deletion":
        return ""
    if kind == "insertion":
        return c + rng.choice(alphabet)
    if kind == "space":
        if before and before[-1] == " ":
            before.pop()
            return c
        return c + " "
    if kind == "confusion":
        for table in _TABLES:
            choices = table.get(c.lower()) or table.get(_bare(c))
            if choices:
                chosen = rng.choice(choices)
                return chosen.upper() if c.isupper() else chosen
    return rng.choice(alphabet.replace(_bare(c), ""))


def _bare(c: str) -> str:
    return unicodedata.normalize("NFD", c.lower())[0]
