"""A change made of two commits, and what the static panel says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from rebuttal.change.model import Scope
from rebuttal.change.read import read_change
from rebuttal.evidence.model import Evidence
from rebuttal.evidence.panel import collect
from rebuttal.findings.model import Finding
from tests.gitrepo import GitRepo

Files = Mapping[str, str | bytes | None]
Review = Callable[..., Evidence]


@pytest.fixture
def review(git_repo: GitRepo) -> Review:
    """Commits `before`, then `after` on top (None deletes), and gives the evidence on the second commit."""

    def run(before: Files, after: Files, **options: object) -> Evidence:
        commit(git_repo, before)
        commit(git_repo, after)
        with read_change(git_repo.root, Scope("commit", "HEAD")) as reading:
            return collect(reading.change, reading.repository, **options)  # type: ignore[arg-type]  # by keyword

    return run


def commit(repo: GitRepo, files: Files) -> None:
    for path, text in files.items():
        if text is None:
            repo.remove(path)
        else:
            repo.write(path, text)
    repo.commit()


def of(evidence: Evidence, prefix: str) -> list[Finding]:
    """The findings whose rule begins so; nothing may have failed."""
    assert evidence.degraded == ()
    return [one for one in evidence.findings if one.rule.startswith(prefix)]


def callers(finding: Finding) -> list[tuple[str, int]]:
    """File and line (from 1) of the related places."""
    return [(one.file, one.range.start.line + 1) for one in finding.related]
