"""The cards of the demo video, each read from one frame of it."""

from __future__ import annotations

import json

import av
import pytest
from lettering import SIZE, sample

from mediaforensics.detect import Surroundings

LIMITS = {"en": 0.05, "fr": 0.05, "de": 0.05, "ru": 0.15, "ar": 0.30}


def edits(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def frame_at(path, at_s):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        container.seek(round(at_s / stream.time_base), stream=stream)
        for frame in container.decode(stream):
            if frame.time >= at_s:
                return frame.to_ndarray(format="rgb24")
    raise AssertionError(f"no frame at {at_s} s")


@pytest.mark.parametrize("language", sorted(LIMITS))
def test_a_card_is_read(language, fixtures, text_detector):
    texts = json.loads((fixtures / "flames.json").read_text(encoding="utf-8"))["texts"]
    text = max((t for t in texts if t["language"] == language), key=lambda t: len(t["text"]))
    picture = frame_at(fixtures / "flames.mp4", (text["start_s"] + text["end_s"]) / 2)
    examiner = text_detector.begin(Surroundings(size_px=SIZE, moving=False))
    seen = list(examiner.examine(sample(picture, 0.0, new_picture=True), ()))
    read = min(seen, key=lambda o: edits(" ".join(o.text.split()), text["text"]))
    rate = edits(" ".join(read.text.split()), text["text"]) / len(text["text"])
    assert rate <= LIMITS[language], read.text
    assert (read.language, read.script) == (language, text["script"])
    assert read.engine == ("overlay-lines" if language in ("ru", "ar") else "pp-ocrv6")
