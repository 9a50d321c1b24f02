"""TextDetector: the door of the room. What it does with one file is in ``examiner``."""

from __future__ import annotations

from collections.abc import Sequence

from mediaforensics.detect import Surroundings
from mediaforensics.models import Model
from mediaforensics.observations import Observation, TextGone, TextSeen
from mediaforensics.options import TextOptions
from mediaforensics.text.examiner import TextExaminer
from mediaforensics.text.network import OVERLAY_MODEL, RECOGNITION_MODEL
from mediaforensics.text.recognize import MessageReader
from mediaforensics.text.regions import DETECTION_MODEL, LineDetector


class TextDetector:
    """Finds, reads and follows overlaid text. Immutable; its examiners hold the state."""

    def __init__(self, options: TextOptions) -> None:
        """Load and verify the networks, check Tesseract.

        Raises
        ------
        MissingTool
            Tesseract or one of the languages is not installed.
        ModelMismatch
            Weights are missing or altered.
        """
        self._lines = LineDetector()
        self._reader = MessageReader(options.languages)

    @property
    def name(self) -> str:
        """``text``."""
        return "text"

    @property
    def version(self) -> str:
        """Changes whenever its answers may."""
        return "3"

    @property
    def models(self) -> Sequence[Model]:
        """The networks: one finds lines, two read them."""
        return (DETECTION_MODEL, RECOGNITION_MODEL, OVERLAY_MODEL)

    @property
    def notes(self) -> Sequence[str]:
        """Nothing."""
        return ()

    @property
    def needs(self) -> Sequence[type[Observation]]:
        """Nothing."""
        return ()

    @property
    def emits(self) -> Sequence[type[Observation]]:
        """Texts, and when they have gone."""
        return (TextSeen, TextGone)

    def begin(self, surroundings: Surroundings) -> TextExaminer:
        """Start on a file."""
        return TextExaminer(self._lines, self._reader, surroundings)
