"""Seats and templates of the user's own: what is read from where, what is told, and that the panel hears it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import frozen

from rebuttal.debate.prompts import load_prompts
from rebuttal.review.own_prompts import MOST_BYTES, MOST_FILES, OwnPrompts, own_prompts
from rebuttal.review.run import review
from rebuttal.settings import Settings
from tests.emulator.server import Emulator
from tests.gitrepo import GitRepo
from tests.review.conftest import Door, Open, request_for

SEAT = "---\nid: api-steward\nname: API Steward\n---\nLook for\n- promises that are broken.\n"
TEMPLATE = "---\nkind: payments\nname: Payments\npaths: billing/\n---\n## opening\nCount the cents.\n"
REPAIR = "---\nkind: bug-fix\nname: Repair\n---\n## opening\nFind what else is broken.\n"


@frozen
class Base:
    files: Mapping[str, str | None]

    def read(self, path: str) -> str | None:
        return self.files[path]

    def paths(self) -> frozenset[str]:
        return frozenset(self.files)


NOTHING = Base({})


def put(home: Path, path: str, text: str | bytes) -> Path:
    target = home / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode() if isinstance(text, str) else text)
    return target


def ids(own: OwnPrompts) -> tuple[list[str], list[str]]:
    return [seat.id for seat in own.seats], [one.kind for one in own.templates]


def test_without_any_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert own_prompts(tmp_path / "none", NOTHING, trusted=True) == OwnPrompts()


def test_those_in_the_users_home_count_always(tmp_path: Path) -> None:
    put(tmp_path, "seats/api.md", SEAT)
    put(tmp_path, "templates/payments.md", TEMPLATE)
    put(tmp_path, "seats/README.md", "How to write seats")
    put(tmp_path, "seats/notes.txt", "not read")
    put(tmp_path, "seats/old/api.md", "not read")
    own = own_prompts(tmp_path, NOTHING, trusted=False)
    assert ids(own) == (["api-steward"], ["payments"])
    assert own.notes == ()


BASE = Base(
    {
        ".rebuttal/seats/api.md": SEAT,
        ".rebuttal/templates/payments.md": TEMPLATE,
        ".rebuttal/seats/README.md": "x",
        "docs/.rebuttal/seats/other.md": "x",
    }
)


def test_those_of_a_repository_count_only_where_it_is_trusted(tmp_path: Path) -> None:
    assert ids(own_prompts(tmp_path, BASE, trusted=True)) == (["api-steward"], ["payments"])
    left_out = own_prompts(tmp_path, BASE, trusted=False)
    assert ids(left_out) == ([], [])
    (note,) = left_out.notes
    assert note.startswith("The repository's own seats and templates (2 files in .rebuttal) were left out: trust the")


def test_the_users_own_goes_before_the_repositorys(tmp_path: Path) -> None:
    mine = put(tmp_path, "seats/mine.md", SEAT.replace("promises", "other promises"))
    own = own_prompts(tmp_path, BASE, trusted=True)
    assert "other promises" in own.seats[0].lens
    assert own.notes == (f".rebuttal/seats/api.md: {mine} is the seat api-steward already. It was left out.",)


def test_what_takes_the_place_of_the_packages_is_told(tmp_path: Path) -> None:
    seat = put(tmp_path, "seats/a.md", SEAT.replace("api-steward", "security-analyst"))
    template = put(tmp_path, "templates/a.md", REPAIR)
    own = own_prompts(tmp_path, NOTHING, trusted=False)
    assert ids(own) == (["security-analyst"], ["bug-fix"])
    assert own.notes == (
        f"{seat} takes the place of the seat Security Analyst.",
        f"{template} takes the place of the template Bug fix.",
    )


def test_a_seat_that_takes_anothers_place_has_what_it_does_not_say_from_it(tmp_path: Path) -> None:
    put(tmp_path, "seats/a.md", SEAT.replace("api-steward", "database").replace("name:", "cost: high\nname:"))
    (seat,) = own_prompts(tmp_path, NOTHING, trusted=False).seats
    package = load_prompts().seats["database"]
    assert (seat.tiers, seat.priority, seat.areas) == (package.tiers, package.priority, package.areas)
    assert (seat.name, seat.cost) == ("API Steward", "high")


@pytest.mark.parametrize("seat", ["moderator", "examiner"])
def test_who_rules_cannot_be_replaced(tmp_path: Path, seat: str) -> None:
    put(tmp_path, "seats/a.md", SEAT.replace("api-steward", seat))
    own = own_prompts(tmp_path, NOTHING, trusted=True)
    assert own.seats == ()
    assert "cannot be replaced: choose another id. It was left out." in own.notes[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "front matter"),
        (b"\xff\xfe\x00", "save it as UTF-8"),
        (SEAT.encode() + b"x" * MOST_BYTES, "shorten it"),
        (SEAT.replace("id: api-steward", "id: API").encode(), "lower-case words"),
        (SEAT.replace("Look", "x" * 9000).encode(), "shorten it to"),
    ],
)
def test_a_file_that_is_wrong_is_told_once_and_the_rest_counts(tmp_path: Path, text: bytes, why: str) -> None:
    wrong = put(tmp_path, "seats/a.md", text)
    put(tmp_path, "seats/b.md", SEAT)
    own = own_prompts(tmp_path, NOTHING, trusted=False)
    assert ids(own)[0] == ["api-steward"]
    (note,) = own.notes
    assert note.startswith(f"{wrong}: ")
    assert note.endswith(" It was left out.")
    assert why in note


def test_a_template_that_nothing_would_call_for_is_told(tmp_path: Path) -> None:
    put(tmp_path, "templates/a.md", TEMPLATE.replace("paths: billing/\n", ""))
    own = own_prompts(tmp_path, NOTHING, trusted=False)
    assert own.templates == ()
    assert "name its files under `paths`, or take one of migration, security" in own.notes[0]


def test_too_many_are_cut_and_told(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 5):
        put(tmp_path, f"seats/s{number:02}.md", SEAT.replace("api-steward", f"s{number}"))
    many = {f".rebuttal/seats/t{number:02}.md": SEAT.replace("api-steward", f"t{number}") for number in range(30)}
    own = own_prompts(tmp_path, Base(many), trusted=True)
    assert len(own.seats) == 2 * MOST_FILES
    assert [note.partition(" holds ")[2] for note in own.notes] == [
        f"25 files: only the first {MOST_FILES} by name were read.",
        f"30 files: only the first {MOST_FILES} by name were read.",
    ]


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    put(tmp_path, "seats", "a file")
    (note,) = own_prompts(tmp_path, NOTHING, trusted=False).notes
    assert "cannot be read" in note


def test_strange_files_of_a_repository_cannot_steer_a_terminal(tmp_path: Path) -> None:
    base = Base({".rebuttal/seats/\x1b[31m\nx.md": None, ".rebuttal/seats/long.md": "x" * (MOST_BYTES + 1)})
    notes = own_prompts(tmp_path, base, trusted=True).notes
    assert len(notes) == 2
    assert all(note.isprintable() for note in notes)


def test_the_version_names_them_by_content(tmp_path: Path) -> None:
    versions = [own_prompts(tmp_path, NOTHING, trusted=True).version]
    put(tmp_path, "seats/a.md", SEAT)
    versions.append(own_prompts(tmp_path, NOTHING, trusted=True).version)
    put(tmp_path, "templates/a.md", TEMPLATE)
    versions.append(own_prompts(tmp_path, NOTHING, trusted=True).version)
    put(tmp_path, "seats/a.md", SEAT + "- more\n")
    versions.append(own_prompts(tmp_path, NOTHING, trusted=True).version)
    assert versions[0] == ""
    assert len(set(versions)) == 4
    (tmp_path / "seats/a.md").rename(tmp_path / "seats/b.md")
    assert own_prompts(tmp_path, NOTHING, trusted=True).version == versions[3]


# --- in a review --------------------------------------------------------------------------------------------


@pytest.fixture
def repo(git_repo: GitRepo) -> GitRepo:
    code = "def total(items):\n    if len(items) < 1:\n        return 0\n    return sum(items)\n"
    git_repo.commit("base", {"shop/cart.py": code, ".rebuttal/seats/api.md": SEAT, ".rebuttal/templates/r.md": REPAIR})
    git_repo.write("shop/cart.py", code.replace("< 1", "<= 1"))
    return git_repo


def heard(panel: Emulator) -> str:
    """All that was asked of it."""
    blocks = [block for one in panel.records for block in one.body["messages"][-1]["content"]]
    return "\n".join(block["text"] for block in blocks)


async def test_a_trusted_repositorys_panel_is_heard(open_services: Open, repo: GitRepo, emulator: Emulator) -> None:
    services = open_services(emulator.environment())
    result = await review(request_for(repo.root, agreed=True, trusted=True), services, Door())
    assert "# You are: API Steward" in heard(emulator)
    assert "# This kind of change: Repair\n\nFind what else is broken." in heard(emulator)
    assert "API Steward" in result.transcript
    assert "kind: Repair (a few altered lines, a condition among them)." in result.transcript
    assert ".rebuttal/templates/r.md takes the place of the template Bug fix." in result.report.notes


async def test_another_repositorys_panel_is_not(open_services: Open, repo: GitRepo, emulator: Emulator) -> None:
    services = open_services(emulator.environment())
    result = await review(request_for(repo.root, agreed=True), services, Door())
    assert "API Steward" not in heard(emulator)
    assert "# This kind of change: Bug fix" in heard(emulator)
    assert any("2 files in .rebuttal" in note for note in result.report.notes)


async def test_a_change_cannot_seat_its_own_reviewers(open_services: Open, repo: GitRepo, emulator: Emulator) -> None:
    repo.write(".rebuttal/seats/api.md", SEAT.replace("promises that are broken", "nothing at all"))
    repo.write(".rebuttal/seats/new.md", SEAT.replace("api-steward", "yes-man").replace("API Steward", "Yes Man"))
    services = open_services(emulator.environment())
    await review(request_for(repo.root, agreed=True, trusted=True), services, Door())
    assert "You are: Yes Man" not in heard(emulator)
    assert "- promises that are broken." in heard(emulator).partition("# You are: API Steward")[2]


async def test_another_seat_text_is_another_debate(open_services: Open, repo: GitRepo, emulator: Emulator) -> None:
    services = open_services(emulator.environment())
    home = services.home
    put(home, "seats/mine.md", SEAT.replace("api-steward", "mine"))

    async def again() -> bool:
        report = (await review(request_for(repo.root, agreed=True), services, Door())).report
        return any(note.startswith("Nothing is new since the debate") for note in report.notes)

    assert not await again()
    assert await again()
    put(home, "seats/mine.md", SEAT.replace("api-steward", "mine") + "- something else.\n")
    assert not await again()


async def test_the_static_panel_reads_none_of_them(open_services: Open, repo: GitRepo) -> None:
    services = open_services()
    put(services.home, "seats/a.md", "wrong")
    report = (await review(request_for(repo.root, settings=Settings(panel="static")), services, Door())).report
    assert not any("seats" in note for note in report.notes)
