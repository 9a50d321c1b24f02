import inspect

import pytest

from mediaforensics import errors


def classes():
    return [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]


@pytest.mark.parametrize("error", classes(), ids=lambda c: c.__name__)
def test_every_error_stands_in_the_tree_drawn_in_the_docstring(error):
    assert error.__name__ in (errors.__doc__ or "")
    assert issubclass(error, errors.MediaForensicsError)


@pytest.mark.parametrize("error", [c for c in classes() if not c.__subclasses__()], ids=lambda c: c.__name__)
def test_every_leaf_is_also_the_builtin_that_fits(error):
    builtin = {ValueError, OSError, TypeError, ImportError}
    assert builtin & set(error.__mro__)


def test_a_limit_says_what_ran_out():
    error = errors.LimitExceeded("pixels per frame", 10, 99)
    assert (error.resource, error.limit, error.actual) == ("pixels per frame", 10, 99)
    assert "LimitOptions" in str(error)
