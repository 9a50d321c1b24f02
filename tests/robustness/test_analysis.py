"""Whole analyses of what is odd, broken or shared: always a report or a typed failure, never a surprise."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor

import pytest

import mediaforensics as mf
from mediaforensics.errors import OptionError


def without_run(report: mf.Report) -> dict:
    plain = report.to_dict()
    del plain["run"]
    return plain


def test_threads_that_share_an_analyzer_get_what_one_gets(analyzer, fixtures):
    files = [fixtures / "small.mp4", fixtures / "portrait.jpg"] * 3
    alone = [without_run(analyzer.analyze(file)) for file in files[:2]] * 3
    with ThreadPoolExecutor(4) as pool:
        together = [without_run(report) for report in pool.map(analyzer.analyze, files)]
    assert together == alone


def test_a_path_bytes_and_a_file_object_give_the_same_but_for_the_name(analyzer, fixtures):
    path = fixtures / "small.mp4"
    reports = [
        without_run(analyzer.analyze(s)) for s in (path, path.read_bytes(), io.BytesIO(path.read_bytes()))
    ]
    for report in reports:
        del report["media"]["name"]
    assert reports[0] == reports[1] == reports[2]


def test_a_file_open_as_text_is_refused(analyzer, fixtures):
    with (fixtures / "flames.json").open() as text, pytest.raises(OptionError, match="rb"):
        analyzer.analyze(text)


def test_scan_gives_one_result_per_path_in_order(analyzer, fixtures, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"\0" * 1000)
    paths = [
        fixtures / "portrait.jpg",
        tmp_path / "missing.mp4",
        tmp_path / "broken.mp4",
        fixtures / "small.mp4",
    ]
    results = list(analyzer.scan(paths, workers=2))
    assert [type(r) for r in results] == [mf.Report, mf.Failed, mf.Failed, mf.Report]
    assert [getattr(r, "error_type", None) for r in results] == [None, "CannotOpen", "UnsupportedMedia", None]
    assert results[1].name == "missing.mp4"
    assert results[1].sha256 is None
    assert results[2].sha256 == hashlib.sha256(b"\0" * 1000).hexdigest()


def test_evidence_is_left_as_it_was(analyzer, fixtures, tmp_path):
    copy = tmp_path / "copy.mp4"
    copy.write_bytes((fixtures / "small.mp4").read_bytes())
    copy.chmod(0o444)
    before = copy.stat()
    analyzer.analyze(copy)
    after = copy.stat()
    assert (before.st_mtime_ns, before.st_size, before.st_mode) == (
        after.st_mtime_ns,
        after.st_size,
        after.st_mode,
    )
    assert [p.name for p in tmp_path.iterdir()] == ["copy.mp4"]


def test_odd_and_broken_media_end_in_a_report_or_a_typed_failure(analyzer, test_data):
    odd = sorted((test_data / "media/odd").iterdir())
    broken = sorted((test_data / "media/broken").iterdir())
    files = [f for f in odd if not f.name.startswith("bomb_100k")] + broken[::8]
    for file, result in zip(files, analyzer.scan(files, workers=2), strict=True):
        assert isinstance(result, (mf.Report, mf.Failed)), file
        if isinstance(result, mf.Report):
            assert not any(run.failures for run in result.detectors), file
            result.to_html()
        if "trunc" in file.name and isinstance(result, mf.Report):
            assert result.exit_status == 4, file
