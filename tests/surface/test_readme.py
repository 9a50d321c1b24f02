import re
import shutil
from pathlib import Path

import mediaforensics

ROOT = Path(__file__).parents[2]


def test_the_ten_lines_of_the_readme_run(fixtures, tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.+?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(example.strip().splitlines()) <= 12
    shutil.copy(fixtures / "small.mp4", tmp_path / "video.mp4")
    shutil.copytree(fixtures / "known", tmp_path / "known")
    shutil.copytree(fixtures / "gallery", tmp_path / "people")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    assert (tmp_path / "report.html").stat().st_size > 1000
    capsys.readouterr()


def test_the_example_of_known_pictures_runs(fixtures, tmp_path, monkeypatch, capsys):
    guide = (ROOT / "docs" / "known-pictures.md").read_text()
    (example,) = re.findall(r"```python\n(.+?)```", guide, re.DOTALL)
    pictures = sorted(path for path in (fixtures / "known").iterdir() if path.suffix != ".toml")
    for folder, some in (("pictures", pictures[1:]), ("newsroom", pictures[:1])):
        (tmp_path / folder).mkdir()
        for path in some:
            shutil.copy(path, tmp_path / folder)
    (tmp_path / "agency.csv").write_text(f"hash,name\n{'0123456789abcdef' * 4},one\n")
    shutil.copy(pictures[0], tmp_path / f"photo{pictures[0].suffix}")
    monkeypatch.chdir(tmp_path)
    exec(compile(example.replace("photo.jpg", f"photo{pictures[0].suffix}"), "known-pictures.md", "exec"), {})
    assert "False newsroom" in capsys.readouterr().out
    assert len(mediaforensics.KnownSet.open(tmp_path / "wanted.set")) == len(pictures) + 1


def test_the_example_of_the_gallery_runs(fixtures, tmp_path, monkeypatch, capsys):
    guide = (ROOT / "docs" / "gallery.md").read_text()
    (example,) = re.findall(r"```python\n(.+?)```", guide, re.DOTALL)
    shutil.copytree(fixtures / "gallery", tmp_path / "people")
    (tmp_path / "people" / "ada-north").rename(tmp_path / "people" / "jane-doe")
    (tmp_path / "people" / "jane-doe" / "notes.txt").write_text("no picture")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "gallery.md", "exec"), {})
    assert capsys.readouterr().out.startswith("jane-doe notes.txt")
    left = [person.person_id for person in mediaforensics.Gallery.open("people.gallery").people]
    assert left == ["bea-south", "executive-a", "executive-b"]


def test_the_person_file_of_the_guide_is_read(tmp_path):
    from mediaforensics.faces.person import read_person

    guide = (ROOT / "docs" / "gallery.md").read_text()
    (example,) = re.findall(r"```toml\n(.+?)```", guide, re.DOTALL)
    (tmp_path / "person.toml").write_text(example)
    person = read_person(tmp_path)
    assert all((person.name, person.aliases, person.organisations, person.source, person.legal_basis))
    assert person.expires is not None


def test_the_commands_of_the_readme_exist():
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", readme, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_links_of_the_documents_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_changelog_speaks_of_this_version():
    assert f"[{mediaforensics.__version__}]" in (ROOT / "CHANGELOG.md").read_text()
