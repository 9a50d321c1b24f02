"""Files appear whole or not at all, and nothing of others is overwritten."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import pytest
import report_samples as samples

from mediaforensics.report.model import Report


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_json_and_page_are_written_as_they_are_made(tmp_path):
    report = samples.rich()
    report.write_json(tmp_path / "report.json")
    report.write_html(str(tmp_path / "report.html"))
    assert (tmp_path / "report.json").read_bytes() == report.to_json().encode()
    assert (tmp_path / "report.html").read_text("utf-8") == report.to_html()
    assert Report.from_json((tmp_path / "report.json").read_bytes()) == Report.from_json(report.to_json())
    assert names(tmp_path) == ["report.html", "report.json"]


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    path.write_text("old")

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        samples.empty().write_json(path)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.json"]


def test_evidence_folder(tmp_path):
    report = samples.rich()
    folder = tmp_path / "new" / "evidence"
    written = report.write_evidence(folder)
    assert len(written) == 6
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert written[0].name == f"frame_000000014000000us_{report.evidence[0].frame_sha256[:16]}.jpg"
    before = {path: path.stat().st_mtime_ns for path in written}
    assert report.write_evidence(folder) == written
    assert {path: path.stat().st_mtime_ns for path in written} == before


def test_evidence_folder_overwrites_nothing(tmp_path):
    (tmp_path / "SHA256SUMS").write_text("somebody else's")
    with pytest.raises(FileExistsError, match="choose an empty evidence folder"):
        samples.rich().write_evidence(tmp_path)
    assert names(tmp_path) == ["SHA256SUMS"]


def test_evidence_folder_follows_no_link(tmp_path):
    target = tmp_path / "elsewhere"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "SHA256SUMS").symlink_to(target)
    with pytest.raises(FileExistsError):
        replace(samples.rich(), evidence=()).write_evidence(tmp_path / "out")
    assert not target.exists()
