from __future__ import annotations

import numpy as np
import pytesseract
import pytest
from lettering import ground, write

from mediaforensics.errors import MissingTool
from mediaforensics.media.frame import View
from mediaforensics.text.layout import messages
from mediaforensics.text.ppocr import Reading, decode
from mediaforensics.text.recognize import MessageReader
from mediaforensics.text.regions import LineDetector
from mediaforensics.text.tesseract import Tesseract, letter_colours


def test_repeats_are_joined_and_blanks_dropped():
    alphabet = ["", "a", "b", " "]
    path = [1, 1, 0, 1, 2, 0, 3, 2]
    probability = np.full((len(path), 4), 0.02, np.float32)
    probability[np.arange(len(path)), path] = 0.94
    reading = decode(probability, alphabet)
    assert reading.text == "aab b"
    assert reading.confidence == pytest.approx(0.94)


def test_only_blanks_are_no_text():
    probability = np.zeros((5, 4), np.float32)
    probability[:, 0] = 1
    assert decode(probability, ["", "a", "b", " "]) == Reading(text="", confidence=0.0, engine="pp-ocrv6")


@pytest.fixture(scope="module")
def reader():
    return MessageReader(("eng", "rus", "ara"))


def read(reader, picture):
    view = View(picture, (1.0, 1.0))
    (message,) = messages(LineDetector().locate(view, 0.5))
    return reader.read(view, message)


def test_stacked_lines_are_read_as_one_message(reader):
    reading = read(reader, write(ground(), "The tide was out\nand 12 boats waited", (640, 360), 44))
    assert reading.text == "The tide was out\nand 12 boats waited"
    assert (reading.script, reading.language, reading.engine) == ("Latin", "en", "pp-ocrv6")
    assert reading.legible and reading.confidence > 0.9


def test_dark_letters_on_a_light_ground(reader):
    picture = np.full((720, 1280, 3), 235, np.uint8)
    assert read(reader, write(picture, "Nobody came ashore", (640, 360), 44, fill=(20, 20, 40))).text == (
        "Nobody came ashore"
    )


def test_latin_never_asks_tesseract(reader, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("Tesseract was started for a Latin text")

    monkeypatch.setattr(pytesseract, "image_to_data", refuse)
    assert read(reader, write(ground(), "Nobody came ashore", (640, 360), 44)).legible


def test_a_missing_language_says_what_to_install():
    with pytest.raises(MissingTool, match="apt install tesseract-ocr-xyz"):
        Tesseract(("xyz",))


def test_missing_tesseract_says_what_to_install(monkeypatch):
    monkeypatch.setattr(pytesseract.pytesseract, "tesseract_cmd", "no-such-tesseract")
    with pytest.raises(MissingTool, match="apt install tesseract-ocr tesseract-ocr-rus"):
        MessageReader(("eng", "rus"))
    MessageReader(("eng", "fra"))


def test_letters_are_told_from_the_ground_by_their_colour():
    picture = ground(2, 200)[300:360, 300:900].copy()
    picture = np.ascontiguousarray(picture)
    clean = write(np.zeros_like(picture), "yellow letters", (300, 30), 40, fill=(255, 220, 0))
    lettered = write(picture, "yellow letters", (300, 30), 40, fill=(255, 220, 0))
    best = letter_colours(lettered)[0] == 0
    wanted = clean[..., 0] > 128
    assert (best & wanted).sum() / (best | wanted).sum() > 0.7


def test_the_surest_attempt_wins_and_a_sure_one_ends_the_search(monkeypatch):
    tesseract = Tesseract(("rus",))
    line = write(ground(), "any", (640, 360))[320:400, 500:800]
    answers = iter([("мир", 0.4), ("всё мирно", 0.6), ("мы здесь", 0.95), ("нет", 0.99)])

    def attempt(self, picture, language):
        text, confidence = next(answers)
        return Reading(text=text, confidence=confidence, engine="tesseract")

    monkeypatch.setattr(Tesseract, "_attempt", attempt)
    read = list(tesseract.readings(line, "rus", "Cyrillic"))
    assert [reading.text for reading in read] == ["мир", "всё мирно", "мы здесь"]
