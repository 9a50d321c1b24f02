"""Known pictures inside a frame: candidates by shared features, each laid over the frame and compared."""

from __future__ import annotations

from collections.abc import Callable

import cv2

from mediaforensics.known.candidates import Candidates, Shelf
from mediaforensics.known.features import Features
from mediaforensics.known.placement import Placement, acceptable, place
from mediaforensics.media.frame import Pixels

VIEW_SIDE_PX = 640
"""Longer side of the view of a frame that is looked at."""
_CANDIDATES = 32
"""Of 80 pictures under flames, holes, text and turned 91 of 100 are among so many of 2,825."""
_SAME_PLACE = 0.5
"""Of the smaller one's area."""


class PictureFinder:
    """Finds which pictures of a shelf a frame shows.

    Parameters
    ----------
    shelf : Shelf
        The known pictures.
    candidates : Candidates
        Over the features of the same shelf.

    Notes
    -----
    Keeps nothing between calls; threads may share it. The same frame gives the same answer.
    """

    def __init__(self, shelf: Shelf, candidates: Candidates) -> None:
        self._shelf, self._candidates = shelf, candidates

    def find(
        self, frame: Features, luma: Pixels, wanted: Callable[[int], bool] = lambda picture: True
    ) -> list[tuple[int, Placement]]:
        """All pictures that the frame shows.

        Parameters
        ----------
        frame : Features
            Of the view (``frame_features``).
        luma : ndarray, uint8, shape (height, width)
            View of a frame, its longer side ``VIEW_SIDE_PX``; placements are in its pixels.
        wanted : callable
            Whether a picture, by its number, is still to be looked for.

        Returns
        -------
        list of (int, Placement)
            Number on the shelf and where; best candidates first, each picture once.
        """
        found: dict[int, Placement] = {}
        for candidate in self._candidates.nearest(frame, luma.shape[1], _CANDIDATES):
            if not wanted(candidate.picture):
                continue
            known, features = self._shelf.luma(candidate.picture), self._shelf.features(candidate.picture)
            if candidate.mirrored:
                known, features = known[:, ::-1], features.mirrored(known.shape[1])
            placed = place(frame, luma, features, known, mirrored=candidate.mirrored)
            before = found.get(candidate.picture)
            if placed is not None and (before is None or placed.evidence > before.evidence):
                found[candidate.picture] = placed
        refused = [placed for placed in found.values() if not acceptable(placed)]
        return [
            (picture, placed)
            for picture, placed in found.items()
            if acceptable(placed) and not any(_explains(other, placed) for other in refused)
        ]


def _explains(other: Placement, placed: Placement) -> bool:
    """Whether what is there has more of another picture, one that somebody was cut out of, say: then it is
    neither.
    """
    if other.evidence <= placed.evidence:
        return False
    common, _ = cv2.intersectConvexConvex(other.polygon, placed.polygon)
    smaller = min(cv2.contourArea(other.polygon), cv2.contourArea(placed.polygon))
    return common > _SAME_PLACE * smaller
