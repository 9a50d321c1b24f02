from __future__ import annotations

import numpy as np
import pytest
from lettering import ground, write

from mediaforensics.errors import MissingTool, OptionError
from mediaforensics.media.allowance import Allowance
from mediaforensics.media.frame import View
from mediaforensics.text.foreign import ForeignReader
from mediaforensics.text.layout import messages
from mediaforensics.text.network import LineNetwork, Reading, decode
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

    monkeypatch.setattr(Tesseract, "_attempt", refuse)
    assert read(reader, write(ground(), "Nobody came ashore", (640, 360), 44)).legible


def test_a_missing_language_says_what_to_install():
    with pytest.raises(MissingTool, match="apt install tesseract-ocr-xyz"):
        Tesseract(("xyz",))


def test_missing_tesseract_says_what_to_install(monkeypatch):
    monkeypatch.setattr("mediaforensics.text.tesseract._PROGRAM", "no-such-tesseract")
    with pytest.raises(MissingTool, match="apt install tesseract-ocr tesseract-ocr-heb"):
        MessageReader(("eng", "heb"))
    # The networks need nothing that is not in the package.
    MessageReader(("eng", "fra", "rus", "ara"))


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


@pytest.mark.parametrize("code", ["tlh", "vie", "xyz"])
def test_a_language_that_nothing_here_reads_is_named(code):
    with pytest.raises((MissingTool, OptionError), match=code):
        MessageReader(("eng", code))


def test_what_is_no_language_is_named():
    with pytest.raises(OptionError, match="osd"):
        MessageReader(("eng", "osd"))


def test_a_program_that_fails_says_so_and_one_that_hangs_is_ended(monkeypatch, tmp_path):
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\n[ $1 = --list-langs ] && exit 0\necho out of memory >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr("mediaforensics.text.tesseract._PROGRAM", str(program))
    line = np.full((40, 200, 3), 255, np.uint8)
    with pytest.raises(RuntimeError, match="status 3: out of memory"):
        next(Tesseract(()).readings(line, "rus", "Cyrillic"))
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr("mediaforensics.text.tesseract._TIMEOUT_S", 0.2)
    with pytest.raises(MissingTool, match=r"no answer within"):
        Tesseract(())


def test_lines_that_were_sure_are_not_read_again(reader, monkeypatch):
    view = View(write(ground(), "The tide was out\nand 12 boats waited", (640, 360), 44), (1.0, 1.0))
    (message,) = messages(LineDetector().locate(view, 0.5))
    first = reader.read(view, message)
    assert len(first.readings) == len(message.lines) == 2
    calls = []
    monkeypatch.setattr(reader._ppocr, "read", lambda line: calls.append(line) or first.readings[0])
    known = dict(zip(message.lines, first.readings, strict=True))
    assert reader.read(view, message, known=known).text == first.text
    assert not calls


def _blank(line):
    return Reading(text="", confidence=0.0, engine="pp-ocrv6")


@pytest.fixture
def by_tesseract(monkeypatch):
    """A reader whose networks see nothing and which gives Tesseract two languages of one script."""
    reader = MessageReader(("eng",))
    reader._foreign = ForeignReader(Tesseract(("ara", "fas")), ("ara", "fas"))
    monkeypatch.setattr(reader._ppocr, "read", _blank)
    return reader


def test_of_languages_of_one_script_the_surest_reads(by_tesseract, monkeypatch):
    sure = {"ara": 0.80, "fas": 0.95}

    def attempt(self, picture, language):
        return Reading(text="متن آزمایشی", confidence=sure[language.split("+")[0]], engine="tesseract")

    monkeypatch.setattr(Tesseract, "_attempt", attempt)
    picture = write(ground(), "any line that is wide", (640, 360), 44)
    assert read(by_tesseract, picture).code == "fas"
    sure["fas"] = 0.81
    assert read(by_tesseract, picture).code == "ara"


def test_attempts_end_with_their_allowance(by_tesseract, monkeypatch):
    calls = []

    def attempt(self, picture, language):
        calls.append(language)
        return Reading(text="", confidence=0.0, engine="tesseract")

    monkeypatch.setattr(Tesseract, "_attempt", attempt)
    view = View(write(ground(), "any line that is wide", (640, 360), 44), (1.0, 1.0))
    (message,) = messages(LineDetector().locate(view, 0.5))
    left = Allowance(3, 0.0)
    by_tesseract.read(view, message, attempts_left=left)
    assert len(calls) == 3 and left.refused > 0


@pytest.fixture
def two_lines():
    """A view with two lines, the second the narrower, and the message that they are."""
    view = View(write(ground(), "The tide was out at last\nand they waited", (640, 360), 44), (1.0, 1.0))
    (message,) = messages(LineDetector().locate(view, 0.5))
    return view, message


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("Northport 14º", "Northport 14°"),
        ("14º C", "14° C"),
        ("14º Congreso", "14º Congreso"),
        ("nº 3", "nº 3"),
    ],
)
def test_degrees_are_no_ordinals(read, meant, monkeypatch):
    network = LineNetwork()
    monkeypatch.setattr(
        "mediaforensics.text.network.decode", lambda *_: Reading(text=read, confidence=0.9, engine="pp-ocrv6")
    )
    assert network.read(np.zeros((48, 200, 3), np.uint8)).text == meant


def test_blank_stretches_are_measured():
    alphabet = ["", "a", "b", " "]
    for path, longest in (
        ([1, 0, 0, 0, 0, 0, 2, 0], 5 / 8),
        ([0, 0, 0, 1, 2, 0, 1, 0], 3 / 8),
        ([1] * 8, 0.0),
    ):
        probability = np.full((8, 4), 0.01, np.float32)
        probability[np.arange(8), path] = 0.97
        assert decode(probability, alphabet).longest_blank_fraction == pytest.approx(longest)


def _answers(monkeypatch, reader, plain, overlay):
    """Let both networks give prepared answers by the width of the line, and count what each is shown."""
    shown = {"plain": 0, "overlay": 0}

    def answer(name, engine, answers):
        def read(line):
            shown[name] += 1
            text, confidence = answers[0 if line.shape[1] > 420 else 1]
            return Reading(text=text, confidence=confidence, engine=engine)

        return read

    monkeypatch.setattr(reader._ppocr, "read", answer("plain", "pp-ocrv6", plain))
    monkeypatch.setattr(reader._overlay, "read", answer("overlay", "overlay-lines", overlay))
    return shown


def test_a_cyrillic_message_shows_ppocr_one_line(reader, two_lines, monkeypatch):
    shown = _answers(
        monkeypatch,
        reader,
        [("HKT", 0.5), ("3a", 0.5)],
        [("Никто не вышел на берег", 0.98), ("за ними", 0.95)],
    )
    reading = reader.read(*two_lines)
    assert reading.text == "Никто не вышел на берег\nза ними"
    assert (reading.script, reading.language, reading.engine) == ("Cyrillic", "ru", "overlay-lines")
    assert shown == {"plain": 1, "overlay": 2}


def test_the_latin_line_of_a_cyrillic_message_is_latin(reader, two_lines, monkeypatch):
    _answers(
        monkeypatch,
        reader,
        [("HKT", 0.5), ("naïveté française", 0.98)],
        [("Никто не вышел на берег", 0.98), ("naivete francaise", 0.6)],
    )
    assert reader.read(*two_lines).text == "Никто не вышел на берег\nnaïveté française"


def test_a_surely_latin_message_is_not_shown_to_the_other_network(reader, two_lines, monkeypatch):
    shown = _answers(
        monkeypatch,
        reader,
        [("The tide was out at last", 0.99), ("and they waited", 0.99)],
        [("Ия", 1.0)] * 2,
    )
    assert reader.read(*two_lines).engine == "pp-ocrv6"
    assert shown == {"plain": 2, "overlay": 0}


def test_a_name_with_a_long_blank_beside_it_is_part_of_a_longer_line(reader, two_lines, monkeypatch):
    _answers(monkeypatch, reader, [("Peter Lang", 0.99)] * 2, [("قال Peter Lang إن الاتفاق انتهى", 0.95)] * 2)
    monkeypatch.setattr(
        reader._ppocr,
        "read",
        lambda line: Reading(
            text="Peter Lang and them", confidence=0.99, engine="pp-ocrv6", longest_blank_fraction=0.4
        ),
    )
    assert reader.read(*two_lines).script == "Arabic"


def test_the_expected_script_saves_a_look_but_does_not_win(reader, two_lines, monkeypatch):
    shown = _answers(
        monkeypatch,
        reader,
        [("HKT", 0.5), ("3a", 0.5)],
        [("Никто не вышел на берег", 0.98), ("за ними", 0.95)],
    )
    assert reader.read(*two_lines, expected="Cyrillic").script == "Cyrillic"
    assert shown == {"plain": 0, "overlay": 2}
    _answers(
        monkeypatch,
        reader,
        [("The tide was out at last", 0.99), ("and they waited", 0.99)],
        [("The tide was out at last", 0.97), ("and they waited", 0.97)],
    )
    reading = reader.read(*two_lines, expected="Cyrillic")
    assert (reading.text, reading.engine) == ("The tide was out at last\nand they waited", "pp-ocrv6")


def test_damaged_latin_is_not_mixed_with_cyrillic(reader, two_lines, monkeypatch):
    _answers(
        monkeypatch,
        reader,
        [("Thete is ma sele plaee lolt", 0.72), ("for traitors", 0.99)],
        [("Thete 18 ma sele placв lolt 101 нвнois", 0.73), ("for traitors", 0.9)],
    )
    assert reader.read(*two_lines).text == "Thete is ma sele plaee lolt\nfor traitors"


def test_texture_that_both_networks_doubt_is_no_text(reader, two_lines, monkeypatch):
    _answers(monkeypatch, reader, [("l", 0.3), ("-", 0.3)], [("ти", 0.4), ("", 0.0)])
    reading = reader.read(*two_lines)
    assert reading is None or not reading.legible


def test_a_script_that_was_not_asked_for_is_not_read(two_lines, monkeypatch):
    reader = MessageReader(("eng",))
    shown = _answers(
        monkeypatch, reader, [("HKT", 0.5), ("3a", 0.5)], [("Никто не вышел на берег", 0.98)] * 2
    )
    reading = reader.read(*two_lines)
    assert reading is None or not reading.legible
    assert shown["overlay"] == 0
