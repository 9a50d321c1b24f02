from __future__ import annotations

import numpy as np
import pytest
from lettering import write

from mediaforensics.media.frame import View
from mediaforensics.text.fuse import Fusion


def over_moving(fill, samples=6, seed=3, still=False):
    """Lettering over patches of light that are elsewhere in every sample."""
    rng = np.random.default_rng(seed)
    views = []
    for _ in range(samples):
        if not views or not still:
            coarse = rng.integers(30, 230, (9, 60, 3), dtype=np.uint8)
        ground = np.ascontiguousarray(np.kron(coarse, np.ones((10, 10, 1), np.uint8)))
        views.append(View(write(ground, "steady letters", (300, 45), 40, fill=fill), (1.0, 1.0), (100, 500)))
    return views


def contrast(pixels, fill):
    """How far the mean ground lies from the letters, in grey levels."""
    clean = write(np.zeros((90, 600, 3), np.uint8), "steady letters", (300, 45), 40, fill=(255, 255, 255))
    ground = clean[..., 0] == 0
    return abs(float(pixels[ground].mean()) - fill)


@pytest.mark.parametrize("level", [255, 0])
def test_letters_stand_out_of_what_moves(level):
    views = over_moving((level,) * 3)
    fusion = Fusion(views[0])
    assert all(fusion.add(view) for view in views[1:])
    fused = fusion.view()
    assert contrast(fused.pixels, level) > contrast(views[0].pixels, level) + 50
    assert (fused.origin_px, fused.source_per_view) == (views[0].origin_px, views[0].source_per_view)


def test_where_nothing_moves_there_is_nothing_to_fuse():
    views = over_moving((255, 255, 255), still=True)
    fusion = Fusion(views[0])
    for view in views[1:]:
        fusion.add(view)
    assert fusion.view() is None


def test_one_sample_is_not_fused_and_another_place_is_refused():
    views = over_moving((255, 255, 255))
    fusion = Fusion(views[0])
    assert fusion.view() is None
    assert not fusion.add(View(views[1].pixels, (1.0, 1.0), (102, 500)))
    assert not fusion.add(View(views[1].pixels[:, 1:], (1.0, 1.0), (100, 500)))
    assert fusion.samples == 1


def test_what_was_given_is_not_written_into():
    views = over_moving((255, 255, 255))
    before = [view.pixels.copy() for view in views]
    fusion = Fusion(views[0])
    for view in views[1:]:
        fusion.add(view)
    fusion.view()
    assert all((view.pixels == was).all() for view, was in zip(views, before, strict=True))
