"""The weights that ship with the package: name, file, SHA-256, licence, source; checked at every load."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from mediaforensics.errors import ModelMismatch

_FOLDER = Path(__file__).parent / "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One weight file.

    Attributes
    ----------
    name : str
        Stable name, as the report writes it.
    file : str
        File name in ``mediaforensics/models/``.
    sha256 : str
        Of the file, lower-case hexadecimal.
    licence : str
        SPDX identifier.
    source : str
        Where ``tools/vendor_models.py`` or ``training/`` takes it from.
    """

    name: str
    file: str
    sha256: str
    licence: str
    source: str

    def read(self) -> bytes:
        """Return the verified bytes.

        Raises
        ------
        ModelMismatch
            The file is missing or altered.
        """
        path = _FOLDER / self.file
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelMismatch(
                f"model {self.name} is missing ({path.name}): reinstall mediaforensics"
            ) from error
        actual = hashlib.sha256(data).hexdigest()
        if actual != self.sha256:
            raise ModelMismatch(
                f"model {self.name} ({path.name}) has SHA-256 {actual}, "
                f"expected {self.sha256}: reinstall mediaforensics"
            )
        return data
