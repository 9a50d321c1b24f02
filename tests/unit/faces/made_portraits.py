"""Portraits with similarities to order, without pictures."""

from __future__ import annotations

import hashlib

import numpy as np

from mediaforensics.faces.embed import unit
from mediaforensics.faces.enrol import Portrait


def direction(nth):
    """Unit vectors at right angles to one another."""
    return np.eye(128, dtype=np.float32)[nth]


def towards(one, other, similarity):
    """A unit vector with this similarity to ``one``, in the plane of it and ``other``."""
    across = unit(other - (other @ one) * one)
    return unit(similarity * one + np.sqrt(1 - similarity**2) * across)


def portrait(person_id, file, embedding, thumbnail=None):
    sha256 = hashlib.sha256(f"{person_id}/{file}".encode("utf-8", "surrogatepass")).hexdigest()
    return Portrait(person_id=person_id, file=file, sha256=sha256, embedding=embedding, thumbnail=thumbnail)
