"""What cameras, editors and the web do to a picture: grading, rescaling, blur, noise, JPEG and H.264."""

from __future__ import annotations

import io

import av
import cv2
import numpy as np

from training.overlays.layers import SIDE_PX, Picture, Rng


def graded(rng: Rng, picture: Picture) -> Picture:
    """Exposure, contrast, tint, saturation: as a camera, a projector or an editor leaves them."""
    picture = cv2.pow(np.clip(picture, 0, 1), rng.uniform(0.65, 1.6))
    picture = picture * np.float32(rng.uniform(0.65, 1.15)) + np.float32(rng.uniform(-0.03, 0.08))
    if rng.random() < 0.35:
        picture = picture * (1 + rng.normal(0, 0.12, 3).astype(np.float32))
    if rng.random() < 0.3:
        grey = picture.mean(2, keepdims=True)
        picture = grey + (picture - grey) * np.float32(rng.uniform(0.0, 1.5))
    return np.clip(picture, 0, 1).astype(np.float32)


def damaged(rng: Rng, picture: Picture) -> np.ndarray:
    """Blur, rescaling, noise and JPEG in the amounts seen in shared video; uint8 of the same size."""
    out = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    if rng.random() < 0.35:
        side = int(np.exp(rng.uniform(np.log(40), np.log(SIDE_PX))))
        small = cv2.resize(out, (side, side), interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            small = _jpeg(rng, small, 25)
        method = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        out = cv2.resize(small, (SIDE_PX, SIDE_PX), interpolation=method)
    if rng.random() < 0.2:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.08:  # sharpened
        out = cv2.addWeighted(out, 1.7, cv2.GaussianBlur(out, (0, 0), 1.2), -0.7, 0)
    if rng.random() < 0.25:
        grain = rng.normal(0, rng.uniform(1.5, 12), out.shape).astype(np.float32)
        out = np.clip(out + grain, 0, 255).astype(np.uint8)
    for _ in range(int(rng.choice([0, 1, 1, 2]))):
        out = _jpeg(rng, out, 30)
    return out


def _jpeg(rng: Rng, picture: np.ndarray, low: int) -> np.ndarray:
    ok, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(low, 95))])
    return cv2.imdecode(data, cv2.IMREAD_COLOR) if ok else picture


def filmed(rng: Rng, crops: np.ndarray) -> np.ndarray:
    """Crops ``(n, side, side, 3)`` as frames of a H.264 video come out: tiles of one clip of three frames.

    The two frames before the last show the tiles slightly moved, so that the last one is predicted.
    """
    n, side = crops.shape[:2]
    columns = int(np.ceil(np.sqrt(n)))
    rows = int(np.ceil(n / columns))
    tiles = np.zeros((rows * columns, side, side, 3), np.uint8)
    tiles[:n] = crops
    out = np.empty_like(tiles)
    container = av.open(buffer := io.BytesIO(), "w", format="mp4")
    stream = container.add_stream("libx264", rate=25)
    stream.width, stream.height, stream.pix_fmt = columns * side, rows * side, "yuv420p"
    stream.options = {"crf": str(int(rng.integers(24, 39))), "preset": "veryfast", "threads": "1", "bf": "0"}
    for k in range(3):
        moved = (
            np.roll(tiles, (int(rng.integers(-2, 3)), int(rng.integers(-2, 3))), (1, 2)) if k < 2 else tiles
        )
        sheet = (
            moved.reshape(rows, columns, side, side, 3).swapaxes(1, 2).reshape(rows * side, columns * side, 3)
        )
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(sheet), format="rgb24")))
    container.mux(stream.encode())
    container.close()
    buffer.seek(0)
    with av.open(buffer) as read:
        read.streams.video[0].thread_count = 1
        *_, last = read.decode(video=0)
        sheet = last.to_ndarray(format="rgb24")
    out = sheet.reshape(rows, side, columns, side, 3).swapaxes(1, 2).reshape(rows * columns, side, side, 3)
    return out[:n]
