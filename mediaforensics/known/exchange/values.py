"""The words by which lists call a kind of hash, and the digits of a value."""

from __future__ import annotations

from mediaforensics.errors import BadHash

BYTES_OF = {
    "pdq": (32,),
    "phash": (8, 32),
    "dhash": (8, 32),
    "whash": (8, 32),
    "ahash": (8, 32),
    "md5": (16,),
    "sha1": (20,),
    "sha256": (32,),
}
"""Widths of each algorithm; imagehash writes 8x8 bits by default, and 16x16 is the other width in use."""
ALGORITHMS = frozenset(BYTES_OF)
BY_DIGITS = {64: "pdq", 40: "sha1", 32: "md5", 16: "phash"}
"""What a value is where nothing says so; the widest first."""

_WORDS = {
    "pdq": "pdq pdq256 pdqhash pdqhex hashpdq imagepdq",
    "phash": "phash phash64 hashphash perceptualhash",
    "dhash": "dhash dhash64 hashdhash differencehash",
    "whash": "whash whash64 hashwhash wavelethash",
    "ahash": "ahash ahash64 hashahash averagehash",
    "md5": "md5 md5hash hashmd5 videomd5 hashvideomd5 imagemd5",
    "sha1": "sha1 sha1hash hashsha1",
    "sha256": "sha256 sha256hash hashsha256",
}
_ALGORITHM_OF = {word: algorithm for algorithm, words in _WORDS.items() for word in words.split()}
_NEVER_WORDS = (
    "photodna pdna ssvhpdna ssvhsaferhash saferhash netclean videntifier tmk tmkpdqf hashtmk videotmk "
    "vpdq pdqocr hashpdqocr text rawtext textstring texttlsh tlsh trendquery url urlmd5 hashurlmd5 uri "
    "domain ipaddress ssdeep sha384 sha512 crc32"
)
_NEVER_COMPARED = frozenset(_NEVER_WORDS.split())
_AS_WRITTEN = str.maketrans("", "", "-_ ")
_LONGEST_WORD = 20


def _bare(word: str) -> str:
    return word.translate(_AS_WRITTEN).lower()


def algorithm_named(word: str) -> str | None:
    """The algorithm that a word names, whatever its case and hyphens; None for any other word."""
    if len(word) > _LONGEST_WORD or "." in word:  # as most names are, which come by the million
        return None
    return _ALGORITHM_OF.get(_bare(word))


def never_compared(word: str) -> bool:
    """Whether a word names something that cannot be compared with a picture: PhotoDNA, TMK, URLs, text."""
    return len(word) <= _LONGEST_WORD and _bare(word) in _NEVER_COMPARED


def value_of(algorithm: str, digits: str) -> bytes:
    """Bytes of a value.

    Parameters
    ----------
    algorithm : str
        One of ``ALGORITHMS``.
    digits : str
        Hexadecimal, either case, without space.

    Raises
    ------
    BadHash
        Not hexadecimal, or not of a width of this algorithm.
    """
    try:
        value = bytes.fromhex(digits)
    except ValueError:
        value = b""
    widths = BYTES_OF[algorithm]
    if len(value) in widths and 2 * len(value) == len(digits):
        return value
    expected = " or ".join(str(2 * width) for width in widths)
    if len(digits) in {2 * width for width in widths}:
        raise BadHash(f"{algorithm}: not hexadecimal: {digits[:80]!r}")
    raise BadHash(f"{algorithm} has {expected} hexadecimal digits; found {len(digits)} characters")
