"""What every detector promises, run over all of them and over a fake."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mediaforensics.detect import Surroundings, in_working_order
from mediaforensics.media.decode import open_media
from mediaforensics.media.sample import Sampler
from mediaforensics.media.source import Source
from mediaforensics.observations import Observation
from mediaforensics.options import LimitOptions, SamplingOptions

NAMES = ("text", "known", "faces", "overlays", "identity")


@pytest.fixture(scope="module")
def detectors(analyzer):
    return {detector.name: detector for detector in analyzer._plan.detectors}


@pytest.fixture(scope="module")
def samples(fixtures):
    with Source.open(fixtures / "small.mp4", LimitOptions()) as source:
        decoder = open_media(source, LimitOptions())
        sampler = Sampler(SamplingOptions())
        taken = [s for frame in decoder.frames() for s in sampler.push(frame)]
        taken += sampler.finish()
        yield decoder.size_px, taken[:12]
        decoder.close()


def walk(detectors, size_px, samples, wanted):
    """Everything one detector says, given what those before it say."""
    order = in_working_order(list(detectors.values()))
    examiners = {d.name: d.begin(Surroundings(size_px=size_px, moving=True)) for d in order}
    said = []
    for sample in samples:
        seen: list[Observation] = []
        for detector in order:
            given = [o for o in seen if isinstance(o, tuple(detector.needs))] if detector.needs else []
            spoken = list(examiners[detector.name].examine(sample, given))
            seen += spoken
            if detector.name == wanted:
                said.append((sample.time, spoken))
    return said, list(examiners[wanted].end())


def test_all_detectors_are_built(detectors):
    assert set(detectors) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_observations_are_about_the_sample_and_of_a_declared_type(detectors, samples, name):
    said, last = walk(detectors, *samples, name)
    times = {time for time, _ in said}
    for time, spoken in said:
        for observation in spoken:
            assert observation.time == time
            assert observation.detector == name
            assert isinstance(observation, tuple(detectors[name].emits))
    for observation in last:
        assert observation.time in times
        assert isinstance(observation, tuple(detectors[name].emits))


@pytest.mark.parametrize("name", NAMES)
def test_two_threads_say_what_one_says(detectors, samples, name):
    alone = walk(detectors, *samples, name)
    with ThreadPoolExecutor(2) as pool:
        together = [pool.submit(walk, detectors, *samples, name) for _ in range(2)]
    assert [f.result() for f in together] == [alone, alone]


@pytest.mark.parametrize("name", NAMES)
def test_boxes_lie_in_the_frame(detectors, samples, name):
    size_px, taken = samples
    said, _ = walk(detectors, size_px, taken, name)
    for _, spoken in said:
        for observation in spoken:
            box = getattr(observation, "box", None)
            if box is not None:
                assert box == box.clipped(size_px)


@pytest.mark.parametrize("name", NAMES)
def test_a_detector_states_who_it_is(detectors, name):
    detector = detectors[name]
    assert detector.version
    for model in detector.models:
        assert len(model.sha256) == 64
        assert model.licence
        assert model.source


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_look_at_is_nothing_to_say(detectors, name):
    examiner = detectors[name].begin(Surroundings(size_px=(64, 64), moving=True))
    assert list(examiner.end()) == []
