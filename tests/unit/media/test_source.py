from __future__ import annotations

import hashlib
import io
import os
import socket
import threading
from pathlib import Path

import pytest

from mediaforensics.errors import CannotOpen, LimitExceeded, OptionError
from mediaforensics.media.source import Source, displayed_name
from mediaforensics.options import LimitOptions

CONTENT = bytes(range(256)) * 5000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "evidence.bin"
    path.write_bytes(CONTENT)
    return path


def test_path_bytes_and_file_object_give_the_same(file):
    with file.open("rb") as handle:
        for evidence in (str(file), file, CONTENT, bytearray(CONTENT), memoryview(CONTENT), handle):
            with Source.open(evidence) as source:
                assert source.size_bytes == len(CONTENT)
                assert source.reader().read() == CONTENT
                assert source.digests.sha256 == hashlib.sha256(CONTENT).hexdigest()
                assert source.digests.md5 == hashlib.md5(CONTENT).hexdigest()
                assert source.digests.sha1 == hashlib.sha1(CONTENT).hexdigest()


def test_readers_do_not_disturb_each_other(file):
    with Source.open(file) as source:
        one, other = source.reader(), source.reader()
        assert one.read(10) == CONTENT[:10]
        other.seek(-6, io.SEEK_END)
        assert other.read(100) == CONTENT[-6:]
        assert one.read(10) == CONTENT[10:20]
        with pytest.raises(OSError):
            one.seek(-1)


def test_a_callers_file_object_stays_open_where_it_was(file):
    with file.open("rb") as handle:
        handle.seek(77)
        with Source.open(handle) as source:
            assert source.reader().read(3) == CONTENT[:3]
        assert not handle.closed
        assert handle.tell() == 77


def test_a_file_object_that_answers_too_long_is_cut():
    class Generous(io.BytesIO):
        def read(self, count: int | None = -1) -> bytes:
            return super().read(None if count is None or count < 0 else count * 2)

    with Source.open(Generous(CONTENT)) as source:
        assert source.reader().read(100) == CONTENT[:100]


def test_what_is_no_regular_file_is_refused_at_once(tmp_path, file):
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    link = tmp_path / "link"
    link.symlink_to(file)
    place = tmp_path / "s"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place))
    cases = {
        fifo: "named pipe",
        link: "symbolic link",
        tmp_path: "folder",
        Path("/dev/null"): "character device",
        place: "socket",
        tmp_path / "absent": "No such file",
    }
    for path, what in cases.items():
        done: list[BaseException] = []

        def attempt(path: Path = path, done: list[BaseException] = done) -> None:
            with pytest.raises(CannotOpen) as caught:
                Source.open(path)
            done.append(caught.value)

        thread = threading.Thread(target=attempt, daemon=True)
        thread.start()
        thread.join(10)
        assert done, f"opening {path} hangs"
        assert what in str(done[0])
    listener.close()


def test_a_nul_in_the_path_is_a_typed_error():
    with pytest.raises(CannotOpen):
        Source.open("a\0b")


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.bin", b"a\nb", "x\u202egpj.exe".encode(), b"concat:a|b", b"http:x"]
)
def test_any_file_name_opens_and_is_safe_to_show(tmp_path, name):
    path = os.fsencode(tmp_path) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(b"abc")
    with Source.open(os.fsdecode(path)) as source:
        assert source.reader().read() == b"abc"
        assert source.name.isprintable()
        assert "\u202e" not in source.name


def test_escapes_say_which_byte_or_character():
    assert displayed_name(b"\xffa\n") == "\\xffa\\x0a"
    assert displayed_name("a\u202eb".encode()) == "a\\u202eb"
    assert displayed_name("صورة.mp4".encode()) == "صورة.mp4"


def test_text_mode_unseekable_and_wrong_types_say_what_to_do(file):
    with file.open(encoding="latin-1") as handle, pytest.raises(OptionError, match="'rb'"):
        Source.open(handle)
    with pytest.raises(OptionError, match="'rb'"):
        Source.open(io.StringIO("x"))
    with pytest.raises(OptionError, match="binary file object"):
        Source.open(12)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as handle, pytest.raises(OptionError, match="seek"):
        Source.open(handle)
    os.close(writing)


def test_file_size_limit(file):
    with pytest.raises(LimitExceeded) as caught:
        Source.open(file, LimitOptions(max_file_bytes=1000))
    assert caught.value.actual == len(CONTENT)


def test_a_change_under_our_hands_is_noticed(file):
    with Source.open(file) as source:
        assert not source.changed
        file.write_bytes(b"shorter")
        assert source.changed
        with pytest.raises(CannotOpen, match="shorter"):
            _ = source.digests


def test_evidence_is_left_as_it_was(file):
    os.utime(file, ns=(1_000_000_000, 2_000_000_000))
    before = file.stat()
    with Source.open(file) as source:
        _ = source.digests
    after = file.stat()
    assert (after.st_mtime_ns, after.st_size) == (before.st_mtime_ns, before.st_size)
    if hasattr(os, "O_NOATIME") and before.st_uid == os.geteuid():
        assert after.st_atime_ns == before.st_atime_ns


def test_a_closed_source_never_reads_what_took_its_descriptor(file, tmp_path):
    source = Source.open(file)
    source.close()
    source.close()
    other = tmp_path / "other"
    other.write_bytes(b"x" * len(CONTENT))
    with other.open("rb"):
        with pytest.raises(OSError):
            source.read_at(0, 10)
        with pytest.raises(CannotOpen):
            _ = source.digests


def test_repr_shows_no_content(file):
    with Source.open(file) as source:
        assert repr(source) == f"Source(name='evidence.bin', size_bytes={len(CONTENT)})"
