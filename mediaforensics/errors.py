"""Every error this library raises on purpose.

::

    MediaForensicsError
    ├── MediaError                 the evidence itself
    │   ├── CannotOpen             OSError       not a regular file, unreadable, or a link
    │   ├── UnsupportedMedia       ValueError    no decoder for what the bytes are
    │   ├── NoFrames               ValueError    opened, but not one picture could be decoded
    │   └── LimitExceeded          ValueError    larger than the limits allow
    ├── SetupError                 the installation
    │   ├── MissingDependency      ImportError
    │   ├── MissingTool            OSError       Tesseract or one of its languages
    │   └── ModelMismatch          ValueError    a weight file is not the one that was shipped
    ├── DataError                  what the user brought to compare with
    │   ├── BadHash                ValueError
    │   ├── IncompatibleHash       TypeError
    │   ├── BadGallery             ValueError
    │   ├── BadLexicon             ValueError    a file of threat rules
    │   ├── BadSet                 ValueError    the files of a set of known pictures
    │   └── BadReport              ValueError
    └── OptionError                ValueError    a wrong option or argument

Set-up and misuse raise when an Analyzer is built. Damage inside evidence does not raise: it becomes part
of the report. Each error says what to do.
"""

from __future__ import annotations


class MediaForensicsError(Exception):
    """The root of all errors of this library."""


class MediaError(MediaForensicsError):
    """The evidence could not be read at all."""


class CannotOpen(MediaError, OSError):
    """Not a regular file, a link, or not readable."""


class UnsupportedMedia(MediaError, ValueError):
    """No decoder on the allow-list reads these bytes."""


class NoFrames(MediaError, ValueError):
    """The container opened, but not one picture could be decoded."""


class LimitExceeded(MediaError, ValueError):
    """The evidence is larger than a limit allows.

    Parameters
    ----------
    resource : str
        What ran out, with its unit, such as ``"pixels per frame"``.
    limit, actual : float
        The limit, and what the evidence has or claims.
    """

    def __init__(self, resource: str, limit: float, actual: float) -> None:
        self.resource, self.limit, self.actual = resource, limit, actual
        super().__init__(f"{resource}: {actual:g} is over the limit of {limit:g}; raise it in LimitOptions")


class SetupError(MediaForensicsError):
    """The installation is incomplete."""


class MissingDependency(SetupError, ImportError):
    """An optional Python package is not installed."""


class MissingTool(SetupError, OSError):
    """A program of the system, or data that it needs, is not installed."""


class ModelMismatch(SetupError, ValueError):
    """A weight file is missing, or its SHA-256 is not the recorded one."""


class DataError(MediaForensicsError):
    """Known images, a gallery or a report could not be used."""


class BadHash(DataError, ValueError):
    """Not a hash value of the stated algorithm and width."""


class IncompatibleHash(DataError, TypeError):
    """Two hash values of different algorithms or widths were compared."""


class BadGallery(DataError, ValueError):
    """The gallery of enrolled people cannot be used."""


class BadLexicon(DataError, ValueError):
    """A file of threat rules is malformed; the message names the file, the line and the rule."""


class BadSet(DataError, ValueError):
    """The files of a set of known pictures are damaged, incomplete or contradict each other."""


class BadReport(DataError, ValueError):
    """Not a report of a schema this version reads."""


class OptionError(MediaForensicsError, ValueError):
    """A wrong option or argument."""
