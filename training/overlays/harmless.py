"""Whatever is laid over faces in peace, in the shares it is painted with."""

from __future__ import annotations

from training.overlays import captions, graphics, lighting, worn
from training.overlays.layers import Face, Layer, Rng

_PAINTERS = (
    (captions.caption, 0.26),
    (captions.shapes, 0.15),
    (graphics.lower_third, 0.06),
    (graphics.score_board, 0.05),
    (graphics.telestration, 0.07),
    (graphics.small_sign, 0.05),
    (graphics.landmarks, 0.04),
    (graphics.patches, 0.08),
    (worn.worn, 0.13),
    (lighting.light, 0.11),
)
_SHARES = [share for _, share in _PAINTERS]


def harmless(rng: Rng, face: Face) -> Layer:
    """One of them."""
    return _PAINTERS[int(rng.choice(len(_PAINTERS), p=_SHARES))][0](rng, face)
