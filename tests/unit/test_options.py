import pytest

from mediaforensics.errors import OptionError
from mediaforensics.options import FaceOptions, LimitOptions, Options, TextOptions


def test_options_round_trip_through_plain_data():
    options = Options(text=TextOptions(languages=("eng", "fas")), overlays=None)
    assert Options.from_mapping(options.to_mapping()) == options


def test_the_digest_changes_with_every_value_and_with_nothing_else():
    assert Options().digest() == Options.from_mapping({}).digest()
    assert Options().digest() != Options(text=None).digest()
    assert Options().digest() != Options(limits=LimitOptions(max_frames=7)).digest()


def test_an_unknown_key_names_its_nearest_neighbour():
    with pytest.raises(OptionError, match=r"options\.limits\.max_frame .*'max_frames'"):
        Options.from_mapping({"limits": {"max_frame": 1}})


@pytest.mark.parametrize(
    "mapping",
    [
        {"limits": {"max_frames": "many"}},
        {"limits": {"max_frames": True}},
        {"limits": None},
        {"limits": {"max_frames": -1}},
        {"text": {"languages": "eng"}},
        {"text": {"languages": [1]}},
        {"text": {"languages": []}},
        {"text": {"languages": ["eng; rm -rf /"]}},
        {"faces": {"false_positive_identification_rate": 2}},
        {"limits": {"deadline_s": 0}},
        {"sampling": []},
    ],
)
def test_wrong_values_are_refused(mapping):
    with pytest.raises(OptionError):
        Options.from_mapping(mapping)


def test_a_part_set_to_none_is_off():
    assert Options.from_mapping({"known": None}).known is None


def test_whole_numbers_are_fine_where_a_fraction_is_asked():
    assert Options.from_mapping({"limits": {"deadline_s": 5}}).limits.deadline_s == 5.0


def test_options_cannot_be_changed():
    with pytest.raises(AttributeError):
        FaceOptions().false_positive_identification_rate = 0.1
