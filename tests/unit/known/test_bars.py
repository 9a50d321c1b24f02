from __future__ import annotations

import cv2
import numpy as np
import pytest
from known_pictures import fitted, photo

from mediaforensics.known.bars import pictures_between_bars
from mediaforensics.known.hashes import pdq
from mediaforensics.media.frame import Pixels

WIDTH, HEIGHT = 480, 360


def blurred(picture: Pixels) -> Pixels:
    """What phone videos have behind a picture of another shape: itself, enlarged, out of focus, darker."""
    cover = fitted(picture, 2 * WIDTH, 2 * HEIGHT)[HEIGHT // 2 :, WIDTH // 2 :][:HEIGHT, :WIDTH]
    return (cv2.GaussianBlur(cover, (0, 0), 12) * 0.7).astype(np.uint8)


def background(fill: str, picture: Pixels) -> Pixels:
    if fill.startswith("blurred"):
        frame = blurred(picture)
    else:
        frame = np.full((HEIGHT, WIDTH), 16 if fill.startswith("black") else 250, np.uint8)
    if fill.endswith("text"):
        for x, y in ((20, 24), (20, HEIGHT - 12)):
            cv2.putText(frame, "we will come for you", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 130, 2)
    if fill.endswith("logo"):
        cv2.circle(frame, (30, 20), 12, 90, -1)
    return frame


def compressed(luma: Pixels) -> Pixels:
    _, data = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, 60])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


INNER = {
    "letterbox": (0, 45, 480, 315),
    "pillarbox": (120, 0, 360, 360),
    "windowbox": (60, 40, 420, 320),
    "off centre": (0, 36, 480, 270),
}


@pytest.mark.parametrize("layout", INNER)
@pytest.mark.parametrize("fill", ["black", "white", "blurred", "black text", "blurred text", "white logo"])
def test_the_picture_between_bars_is_found_and_hashes_as_itself(layout: str, fill: str) -> None:
    picture = photo(1)
    x0, y0, x1, y1 = INNER[layout]
    frame = background(fill, picture)
    frame[y0:y1, x0:x1] = fitted(picture, x1 - x0, y1 - y0)
    found = pictures_between_bars(compressed(frame))
    assert found
    errors = [max(abs(a - b) for a, b in zip(r, INNER[layout], strict=True)) for r in found]
    best = found[int(np.argmin(errors))]
    assert min(errors) <= 2, found
    assert len(found) <= 4
    cropped = pdq(frame[best[1] : best[3], best[0] : best[2]])
    assert cropped.value().distance_bits(pdq(picture).value()) <= 31


def test_a_dark_edge_of_the_picture_is_not_eaten() -> None:
    night = photo(2)
    night[:90] = np.random.default_rng(0).integers(14, 20, (90, WIDTH))
    frame = np.full((HEIGHT, WIDTH), 16, np.uint8)
    frame[45:315] = fitted(night, WIDTH, 270)
    assert any(abs(y0 - 45) <= 2 and abs(y1 - 315) <= 2 for _, y0, _, y1 in pictures_between_bars(frame))


def test_a_larger_picture_is_answered_in_its_own_pixels() -> None:
    frame = np.zeros((1080, 1440), np.uint8)
    frame[:, 300:1140] = photo(3, 840, 1080)
    x0, y0, x1, y1 = pictures_between_bars(frame)[0]
    assert (y0, y1) == (0, 1080)
    assert abs(x0 - 300) <= 4 and abs(x1 - 1140) <= 4


def test_no_bars_where_there_are_none() -> None:
    assert pictures_between_bars(photo(4)) == []
    assert pictures_between_bars(np.zeros((200, 200), np.uint8)) == []


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (31, 400), (40, 33), (2, 4000)])
def test_small_and_narrow_pictures_are_looked_at_without_harm(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    for x0, y0, x1, y1 in pictures_between_bars(noise):
        assert 0 <= x0 < x1 <= shape[1] and 0 <= y0 < y1 <= shape[0]
