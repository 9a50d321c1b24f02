"""From what was seen to the report: join, apply the rules, choose the pictures, state the coverage."""

from __future__ import annotations

import datetime
import os
import resource
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from mediaforensics.findings.entries import EnrolledName, Entries, Finding
from mediaforensics.findings.link import Linker
from mediaforensics.findings.rules import apply_rules
from mediaforensics.findings.threats import threat_entries
from mediaforensics.media.facts import Coverage, Gap, MediaFacts
from mediaforensics.report.evidence import EvidenceKeeper
from mediaforensics.report.model import DetectorRun, EvidencePicture, Provenance, Report, Run
from mediaforensics.text.lexicon import Lexicon
from mediaforensics.types import Span, Timestamp

_MICROSECOND = Fraction(1, 1_000_000)
_LONGEST_CLAIM_S = 86_400.0
"""A header may claim years; what was left out is not stretched beyond a day on its word."""


class RunClock:
    """Wall time, processor time (children included) and memory of the process since the run began."""

    def __init__(self) -> None:
        self._started_at = datetime.datetime.now(datetime.UTC)
        self._wall_s = time.monotonic()
        self._cpu_s = self._cpu_now_s()

    def run(self) -> Run:
        """What it took until now."""
        return Run(
            started_at=self._started_at.isoformat(timespec="milliseconds"),
            wall_s=round(time.monotonic() - self._wall_s, 3),
            cpu_s=round(self._cpu_now_s() - self._cpu_s, 3),
            peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        )

    @staticmethod
    def _cpu_now_s() -> float:
        return sum(os.times()[:4])


def assemble(
    *,
    facts: MediaFacts,
    gaps: Sequence[Gap],
    frames: tuple[int, int],
    sampled: tuple[Timestamp, Timestamp],
    stopped: bool,
    linker: Linker,
    people: Sequence[EnrolledName],
    lexicon: Lexicon | None = None,
    keeper: EvidenceKeeper | None,
    detectors: tuple[DetectorRun, ...],
    provenance: Provenance,
    clock: RunClock,
) -> Report:
    """Make the report of one file.

    Parameters
    ----------
    facts, gaps
        What the decoder says of the file and of what it could not read.
    frames : (int, int)
        Frames decoded, and of them sampled.
    sampled : (Timestamp, Timestamp)
        First and last sample that was looked at.
    stopped : bool
        Whether the analysis was cancelled after the last sample.
    linker, keeper
        What was seen, and the pictures kept of it (None: none).
    people
        How enrolled people may be named.
    lexicon
        Threat rules of the user's own.
    detectors, provenance, clock
        How it was made.
    """
    first, last = sampled
    end = max(last, _after(first, facts.duration_s_decoded))
    joined, ids = linker.entries(end)
    entries = replace(joined, threats=threat_entries(joined.texts, people, lexicon), people=tuple(people))
    findings = apply_rules(entries)
    if stopped:
        claimed = _after(first, min(facts.duration_s_from_header or 0.0, _LONGEST_CLAIM_S))
        gaps = [*gaps, Gap(span=Span(last, max(end, claimed)), why="the analysis was stopped here")]
    frames_decoded, frames_sampled = frames
    return Report(
        media=facts,
        coverage=Coverage(
            frames_decoded=frames_decoded,
            frames_sampled=frames_sampled,
            frames_skipped=frames_decoded - frames_sampled,
            undecodable=tuple(sorted(gaps, key=lambda gap: (gap.span.start.exact_s, gap.why))),
        ),
        detectors=detectors,
        texts=entries.texts,
        threats=entries.threats,
        known=entries.known,
        faces=entries.faces,
        overlays=entries.overlays,
        findings=findings,
        provenance=provenance,
        run=clock.run(),
        evidence=_pictures(keeper, entries, findings, ids) if keeper is not None else (),
    )


def _after(start: Timestamp, seconds: float) -> Timestamp:
    return Timestamp(round((start.exact_s + Fraction(seconds)) / _MICROSECOND), _MICROSECOND)


def _pictures(
    keeper: EvidenceKeeper, entries: Entries, findings: Sequence[Finding], ids: Mapping[Hashable, str]
) -> tuple[EvidencePicture, ...]:
    """Pictures of what findings cite come first, in case there are more than may be kept."""
    texts_of = {threat.id: threat.text_ids for threat in entries.threats}
    cited: dict[str, None] = {}
    for finding in findings:
        for entry_id in finding.evidence:
            cited.update(dict.fromkeys(texts_of.get(entry_id, (entry_id,))))
    rank = {entry_id: n for n, entry_id in enumerate(cited)}
    wanted = sorted(ids.items(), key=lambda item: (rank.get(item[1], len(rank)), item[1]))
    return keeper.pictures({key: (entry_id,) for key, entry_id in wanted})
