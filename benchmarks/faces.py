"""Who is recognised, through what is laid over the face, and which strangers are taken for somebody.

    MF_TEST_DATA=DATA python benchmarks/faces.py [--only clean covered ...] [--people 60] [--half 1]

Sections: ``clean``, ``turned`` (upside down), ``covered`` (still pictures, another photograph than the
enrolled one), ``fire`` (a portrait that stands still under moving flames, clips of 3 s), ``enrolled`` (the
enrolled photograph itself, 60 % of the face covered), ``cost``. Everything goes through ``Analyzer``; text
and lists of known pictures are switched off. Beside it: YuNet and SFace as OpenCV's example uses them
(detection 0.9, cosine 0.363, frame by frame). ``--half 0`` is what the routes were tuned with; 1 was not. Per
cent, 95 % intervals.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import clips
import cv2
import numpy as np
from face_frames import SIZE_PX, Person, laid, moving_fire, people, portrait, posed
from figures import share
from rich.console import Console
from rich.table import Table

import mediaforensics as mf
from mediaforensics.faces.embed import SFACE, FaceEmbedder, align
from mediaforensics.faces.gallery import Gallery
from mediaforensics.faces.locate import YUNET, FaceLocator
from mediaforensics.faces.roster import Roster
from mediaforensics.media.frame import Pixels
from mediaforensics.observations import FaceMatched, FaceSeen
from mediaforensics.types import Box

COVERED = {"crosshair": 0.12, "crossed_out": 0.12, "bullet_hole": 0.20, "blood": 0.20, "flames": 0.36}
ENROLLED_FRACTION, FIRE_FRACTION, FIRE_S, FPS = 0.60, 0.55, 3.0, 25
AIMS = {
    "clean": "FNIR <= 6", "turned": ">= 75", "crosshair": ">= 50", "crossed_out": ">= 50",
    "bullet_hole": ">= 50", "blood": ">= 50", "flames": "", "fire": ">= 60", "enrolled": ">= 95",
}  # fmt: skip
_OPENCV_DETECTION, _OPENCV_COSINE = 0.9, 0.363
_NEAREST = 0.2


@dataclass(slots=True)
class Tally:
    """What became of those shown: enrolled people, and strangers."""

    located: list[bool] = field(default_factory=list)
    first: list[bool] = field(default_factory=list)
    matched: list[bool] = field(default_factory=list)
    lead: list[bool] = field(default_factory=list)
    strangers: list[bool] = field(default_factory=list)
    plain_matched: list[bool] = field(default_factory=list)
    plain_strangers: list[bool] = field(default_factory=list)
    routes: dict[str, int] = field(default_factory=dict)


class Watched(Gallery):
    """A gallery that remembers what it was asked: the nearest person is told only where there is a match."""

    def __init__(self, roster: Roster, folder: Path) -> None:
        super().__init__(roster, folder)
        self.asked: list[tuple[float, int]] = []

    def similarities(self, embedding):  # type: ignore[no-untyped-def]
        """As ``Gallery``."""
        alike = super().similarities(embedding)
        self.asked.append((float(alike.max()), int(alike.argmax())))
        return alike


class Plain:
    """YuNet and SFace as they come: surest face of a frame, nearest enrolled picture, one threshold."""

    def __init__(self, pictures: dict[str, Path]) -> None:
        self._locator, self._embedder = FaceLocator(YUNET.read()), FaceEmbedder(SFACE.read())
        self._known = {name: self._vector(_read(path)) for name, path in pictures.items()}

    def _vector(self, frame: Pixels):  # type: ignore[no-untyped-def]
        faces = [f for f in self._locator.upright(frame) if f.confidence >= _OPENCV_DETECTION]
        return self._embedder.embed(align(frame, faces[0].landmarks)) if faces else None

    def name(self, frames: Sequence[Pixels]) -> str | None:
        """Whom any of the frames matches, the nearest."""
        best: tuple[float, str] | None = None
        for frame in frames:
            vector = self._vector(frame)
            for name, known in self._known.items():
                if vector is not None and known is not None:
                    alike = float(vector @ known)
                    if alike >= _OPENCV_COSINE and (best is None or alike > best[0]):
                        best = alike, name
        return best[1] if best else None


def _read(path: Path) -> Pixels:
    return np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])


class Bench:
    """The people, the gallery of one picture each, and the scenes behind."""

    def __init__(self, data: Path, half: int, count: int, folder: Path, random: np.random.Generator) -> None:
        self._locator, self.random = FaceLocator(YUNET.read()), random
        known, others = people(data, half)
        self.enrolled: list[Person] = []
        pictures: dict[str, Path] = {}
        for person in (known[i] for i in random.permutation(len(known))):
            shown = portrait(person.photographs[0], person.name, self._locator)
            if shown is not None and len(self.enrolled) < count:
                (folder / person.name).mkdir()
                pictures[person.name] = folder / person.name / "one.png"
                cv2.imwrite(str(pictures[person.name]), shown.rgb[..., ::-1])
                self.enrolled.append(person)
        self.strangers = [others[i] for i in random.permutation(len(others))]
        scenes = sorted((data / "hashes" / "pictures").glob("*.jpg"))
        self._scenes = [_read(path) for path in scenes]
        self.gallery = Watched(Roster.open(folder), folder)
        self.names = [person.person_id for person in self.gallery.people]
        options = mf.Options(text=None, evidence=None)
        self.analyzer = mf.Analyzer(gallery=self.gallery, options=options, threads=1)
        self.plain = Plain(pictures)

    def shown(self, count: int, *, enrolled_picture: bool = False) -> Iterator[tuple[Person, bool, Path]]:
        """Whom to show, whether enrolled, and by which photograph; as many strangers."""
        for n in range(count):
            person = self.enrolled[n % len(self.enrolled)]
            others = person.photographs[1:]
            path = (
                person.photographs[0] if enrolled_picture else others[n // len(self.enrolled) % len(others)]
            )
            yield person, True, path
        for person in self.strangers[:count]:
            yield person, False, person.photographs[0]

    def frame(self, path: Path, person: Person) -> tuple[Pixels, tuple[float, float, float, float]] | None:
        """The photograph in a frame, and where its face is."""
        seen = portrait(path, person.name, self._locator)
        scene = self._scenes[int(self.random.integers(len(self._scenes)))]
        return None if seen is None else posed(seen, scene, self.random)

    def judge(self, tally: Tally, source: bytes | Path, frames: Sequence[Pixels], person: Person, *,
              enrolled: bool, face: tuple[float, float, float, float]) -> None:  # fmt: skip
        """Analyse, and count."""
        self.gallery.asked.clear()
        with self.analyzer.stream(source) as events:
            said = [event for event in events if isinstance(event, FaceSeen | FaceMatched)]
        last = {one.track: one for one in said if isinstance(one, FaceMatched)}
        names = {one.person_id: one for one in last.values() if one.tier == "match"}
        plainly = self.plain.name(frames)
        if not enrolled:
            tally.strangers.append(bool(names))
            tally.plain_strangers.append(plainly is not None)
            return
        where = Box(*(round(v) for v in face))
        boxes = [one.box for one in said if isinstance(one, FaceSeen)]
        tally.located.append(any(box.iou(where) > _NEAREST for box in boxes))
        nearest = max(self.gallery.asked, default=(0.0, -1))[1]
        tally.first.append(nearest >= 0 and self.names[nearest] == person.name)
        tally.matched.append(person.name in names)
        tally.lead.append(any(m.person_id == person.name for m in last.values()))
        tally.plain_matched.append(plainly == person.name)
        if person.name in names:
            route = names[person.name].route
            tally.routes[route] = tally.routes.get(route, 0) + 1


def _jpeg(frame: Pixels) -> bytes:
    return bytes(cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())


def still(
    bench: Bench, count: int, change: Callable[[Pixels, tuple[float, float, float, float]], Pixels],
    *, enrolled_picture: bool = False, turned: bool = False,
) -> Tally:  # fmt: skip
    """Still pictures."""
    tally = Tally()
    for person, enrolled, path in bench.shown(count, enrolled_picture=enrolled_picture):
        posed_frame = bench.frame(path, person)
        if posed_frame is None:
            continue
        frame, face = posed_frame
        altered = change(frame, face)
        if turned:
            altered = np.ascontiguousarray(altered[::-1, ::-1])
            x0, y0, x1, y1 = face
            face = SIZE_PX[0] - x1, SIZE_PX[1] - y1, SIZE_PX[0] - x0, SIZE_PX[1] - y0
        bench.judge(tally, _jpeg(altered), [altered], person, enrolled=enrolled, face=face)
    return tally


def fire(bench: Bench, count: int, folder: Path) -> tuple[Tally, float]:
    """Clips of a portrait under moving flames; and what they cover on average."""
    tally, covers, path = Tally(), [], folder / "fire.mp4"
    for person, enrolled, photograph in bench.shown(count):
        posed_frame = bench.frame(photograph, person)
        if posed_frame is None:
            continue
        frame, face = posed_frame
        burning, covered = moving_fire(face, FIRE_FRACTION, bench.random)
        covers.append(covered)
        shown = [burning(n / FPS).over(frame) for n in range(round(FIRE_S * FPS))]
        clips.encode(path, iter(shown), SIZE_PX, FPS, 25)
        bench.judge(tally, path, _decoded(path)[::5], person, enrolled=enrolled, face=face)
    return tally, float(np.mean(covers))


def _decoded(path: Path) -> list[Pixels]:
    with av.open(str(path)) as container:
        return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in container.decode(video=0)]


def cost(console: Console, bench: Bench) -> None:
    """CPU time of one look and of one vector, one thread."""
    frame = bench.frame(bench.enrolled[0].photographs[1], bench.enrolled[0])
    assert frame is not None
    locator, embedder = FaceLocator(YUNET.read()), FaceEmbedder(SFACE.read())
    crop = np.ascontiguousarray(frame[0][:112, :112])
    for name, call, aim in (
        ("find faces, 640 x 360", lambda: locator.upright(frame[0]), 20),
        ("compare a face", lambda: embedder.embed(crop), 25),
    ):
        times = []
        for _ in range(30):
            started = time.process_time()
            call()
            times.append(1000 * (time.process_time() - started))
        console.print(f"{name}: {np.median(times):.1f} ms of CPU (aim {aim})")


def main() -> None:
    """Run the sections that were asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    sections = ("clean", "turned", "covered", "fire", "enrolled", "cost")
    parser.add_argument("--only", nargs="+", choices=sections, default=sections)
    parser.add_argument("--people", type=int, default=60, help="size of the gallery, one picture each")
    parser.add_argument("--shown", type=int, default=60, help="enrolled people, and strangers, by each sort")
    parser.add_argument("--clips", type=int, default=30, help="the same, of clips")
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    data = Path(os.environ["MF_TEST_DATA"])
    console = Console(width=150)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "people").mkdir()
        random = np.random.default_rng(args.seed)
        bench = Bench(data, args.half, args.people, folder / "people", random)
        console.print(bench.gallery)
        rows: list[tuple[str, str, Tally]] = []
        if "clean" in args.only:
            rows.append(("clean", "clean", still(bench, args.shown, lambda f, _: f)))
        if "turned" in args.only:
            rows.append(("turned", "upside down", still(bench, args.shown, lambda f, _: f, turned=True)))
        for section, kinds in (("covered", COVERED), ("enrolled", COVERED)):
            for kind, fraction in kinds.items() if section in args.only else ():
                itself = section == "enrolled"
                wanted = ENROLLED_FRACTION if itself else fraction

                def change(frame, face, kind=kind, wanted=wanted):  # type: ignore[no-untyped-def]
                    return laid(kind, face, wanted, random).over(frame)

                name = f"{kind} {100 * wanted:.0f} %" + (", enrolled picture" if itself else "")
                tally = still(bench, args.shown, change, enrolled_picture=itself)
                rows.append(("enrolled" if itself else kind, name, tally))
        if "fire" in args.only:
            tally, covers = fire(bench, args.clips, folder)
            rows.append(("fire", f"moving flames {100 * covers:.0f} %", tally))
        table = Table(
            title=f"Gallery of {len(bench.names)}, one picture each; per cent", title_justify="left"
        )
        for name in ("", "located", "rank 1", "matched", "aim", "match or lead", "strangers matched",
                     "OpenCV: matched", "OpenCV: strangers", "routes", "shown"):  # fmt: skip
            table.add_column(name)
        for aim, name, tally in rows:
            routes = ", ".join(f"{route} {n}" for route, n in sorted(tally.routes.items()))
            table.add_row(
                name, share(tally.located), share(tally.first), share(tally.matched), AIMS[aim],
                share(tally.lead), share(tally.strangers), share(tally.plain_matched),
                share(tally.plain_strangers), routes, f"{len(tally.matched)} + {len(tally.strangers)}",
            )  # fmt: skip
        console.print(table)
        if "cost" in args.only:
            cost(console, bench)
    console.print(f"{time.process_time():.0f} s CPU")


if __name__ == "__main__":
    main()
