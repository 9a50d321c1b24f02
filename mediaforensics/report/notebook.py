"""The report in a notebook: a static card without script, and one data frame per list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mediaforensics.errors import MissingDependency
from mediaforensics.report.codec import to_mapping
from mediaforensics.report.model import Report

if TYPE_CHECKING:
    import pandas

_LISTS = ("texts", "threats", "known", "faces", "overlays", "findings")


def to_frames(report: Report) -> dict[str, pandas.DataFrame]:
    """One data frame per list, columns as in the JSON; an empty list keeps its columns.

    Raises
    ------
    MissingDependency
        pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingDependency(
            "data frames need pandas: install mediaforensics with its extra 'notebook'"
        ) from error
    from mediaforensics.report.codec import columns

    data: dict[str, Any] = to_mapping(report)
    return {name: pandas.DataFrame(data[name], columns=columns(name)) for name in _LISTS}


def to_card(report: Report) -> str:
    """Build a compact HTML card: no script; pictures are blurred until their details are opened."""
    from mediaforensics.report.html import to_card as render

    return render(report)
