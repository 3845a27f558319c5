"""From a brief to the prompts: the same brief and the same state give the same bytes.

Our own words go into `system` and, as the lens and the task, to the end of `ask`. Everything that others
wrote, models included, stands inside the fence. The shared part is the brief's, untouched, for every seat
of a tier that has it in its cache; other tiers get the file in dispute instead, which is much smaller.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from attrs import frozen

from rebuttal.change.model import FileDiff
from rebuttal.context.model import ToolFact
from rebuttal.context.render import fenced, render
from rebuttal.debate.exhibits import Excerpt, Exhibits
from rebuttal.debate.memory import Difference, Memory, claim_once, decisions, positions, remember
from rebuttal.debate.merge import assertion
from rebuttal.debate.model import Brief, Contention, DebatedPhase, Need, Place, Prompt, Seat, Tier
from rebuttal.debate.prompts import Prompts, judging
from rebuttal.debate.recollection import (
    LONGEST_SHOWN,
    Exhibited,
    Material,
    one_line_each,
    recollected,
    settled,
    summed_up,
)
from rebuttal.debate.templates import Values, fill, listed, values_of
from rebuttal.findings.model import Finding
from rebuttal.text.redaction import Redactor
from rebuttal.text.secrets import holds_token

CONTEXT_LINES = 8
"""Unchanged lines around a hunk in a dossier."""
FIRST_REBUTTAL = 3
"""The round in which the first position about a ruling is taken: nothing of what it rests on is old."""
MOST_WORDINGS = 4
"""Wordings of one claim that are shown."""
DOSSIER_LINES = 1200
"""Lines of a dossier; the hunks nearest to the claims are kept."""


@frozen
class Served:
    """What an examiner asked for and got; `excerpt` is None where there is no such code among the exhibits."""

    need: Need
    excerpt: Excerpt | None


@frozen
class Put:
    """A claim as it is put to one seat of a council: with what the seat may read of others, and what of it is new."""

    contention: Contention
    reads: frozenset[str]
    """The seats whose positions it sees, its own among them."""
    since: int
    """The round of its last turn on the claim; 0: it had none."""
    news: Difference


class Assembler:
    """Makes the prompts of one debate."""

    def __init__(self, brief: Brief, prompts: Prompts, exhibits: Exhibits) -> None:
        self._brief = brief
        self._prompts = prompts
        self._exhibits = exhibits
        self._shared = brief.shared or render_shared(brief)

    def shared(self, tier: Tier | None) -> str:
        """What all seats of a tier are sent first."""
        return self._brief.fitted.get(tier, self._shared) if tier is not None else self._shared

    def opening(self, seat: Seat, tier: Tier | None = None) -> Prompt:
        """The change and the lens; nothing of what the author says about it, nothing of other seats."""
        return self._prompt(self.shared(tier), seat, "opening", ())

    def cross_examination(
        self,
        seat: Seat,
        about: Sequence[Contention],
        served: Sequence[Served] = (),
        *,
        warm: bool,
        tier: Tier | None = None,
    ) -> Prompt:
        """The claims without who raised them and why. `warm`: the tier has the shared part in its cache."""
        parts = [
            *self._framing(),
            "# The claims",
            *(self._fenced("claim", _json(_shown(one))) for one in about),
            *self._excerpts(about, warm=warm, tier=tier),
            *self._served(served),
        ]
        return self._prompt(self._ground(about, warm=warm, tier=tier), seat, "cross_examination", parts)

    def rebuttal(
        self, seat: Seat, about: Sequence[Contention], *, warm: bool, now: int = 3, tier: Tier | None = None
    ) -> Prompt:
        """The disputed claims as they stand in round `now`: what is new whole, what was argued before in a line."""
        since = now - 1 if now > FIRST_REBUTTAL else 0
        recalled = [(one, remember((one,), now, since=since)) for one in about]
        told = {one.id: list(recollected(memory, has_seen=since > 0)) for one, memory in recalled}
        parts = [*self._framing(), *self._disputes(about, told), *self._excerpts(about, warm=warm, tier=tier)]
        return self._prompt(self._ground(about, warm=warm, tier=tier), seat, "rebuttal", parts)

    def council(
        self,
        seat: Seat,
        puts: Sequence[Put],
        decided: Iterable[Contention],
        *,
        warm: bool,
        now: int,
        late: bool,
        tier: Tier | None = None,
    ) -> Prompt:
        """Claims with what the seat's neighbours hold about them. `late`: new claims are heard in this round."""
        about = [put.contention for put in puts]
        told = {put.contention.id: self._told(put, now) for put in puts}
        parts = [*self._framing(), *self._disputes(about, told), *self._excerpts(about, warm=warm, tier=tier)]
        parts += self._material(settled(decisions(decided)))
        parts += ["New claims are heard in this round."] if late else []
        return self._prompt(self._ground(about, warm=warm, tier=tier), seat, "rebuttal", parts, self._prompts.council)

    def consensus(self, seat: Seat, about: Sequence[Contention], *, warm: bool, tier: Tier | None = None) -> Prompt:
        """The open claims with every position in one line."""
        told = {one.id: list(one_line_each(claim_once(positions(one)))) for one in about}
        parts = [*self._framing(), *self._disputes(about, told), *self._excerpts(about, warm=warm, tier=tier)]
        return self._prompt(self._ground(about, warm=warm, tier=tier), seat, "consensus", parts)

    def _prompt(
        self, shared: str, seat: Seat, phase: DebatedPhase, material: Iterable[str], task: str | None = None
    ) -> Prompt:
        # Whoever reads a recording or scripts an answer can tell whose turn it is.
        turn = f'<turn seat="{seat.id}" phase="{phase}"/>'
        head = f"The id of all pasted content in this message is `{self._brief.fence}`."
        lens = seat.lens if phase == "opening" else judging(seat.lens)
        who = f"# You are: {seat.name}\n\n{lens.strip()}"
        listings, guides = self._guides(phase)
        task = (task or self._prompts.tasks[phase]).strip()
        ask = [turn, head, *material, *listings, who, *guides, task]
        return Prompt(self._prompts.system, shared, "\n\n".join(ask) + "\n")

    def _guides(self, phase: DebatedPhase) -> tuple[list[str], list[str]]:
        """What to look for in a change of this kind, for all seats alike: lists of names, fenced, and the words."""
        said = [(kind, text) for kind in self._brief.kinds if (text := kind.section(phase))]
        filled = [(kind, fill(text, kind.template.variables, self._values)) for kind, text in said]
        lists = dict.fromkeys(name for _, one in filled for name in one.lists)
        listings = [self._fenced(name, listed(self._values, name)) for name in lists]
        return listings, [f"# This kind of change: {kind.name}\n\n{one.text}" for kind, one in filled]

    @cached_property
    def _values(self) -> Values:
        return values_of(self._brief.change, self._exhibits)

    def _framing(self) -> list[str]:
        author, user = self._brief.framing.strip(), self._brief.remark.strip()
        said = ["# What the author says about the change", self._fenced("author", author)] if author else []
        if user:
            said += ["# What a user says of the claim below: weigh it against the code", self._fenced("user", user)]
        return said

    def _ground(self, about: Sequence[Contention], *, warm: bool, tier: Tier | None) -> str:
        return self.shared(tier) if warm else self._dossier(_places(about))

    def _excerpts(self, about: Sequence[Contention], *, warm: bool, tier: Tier | None) -> list[str]:
        """The lines that the claims and rulings quote, in their symbols, where nothing in front shows them."""
        wanted = _places(about)
        wanted += [ruled.place for one in about for ruled in one.rulings if ruled.place is not None]
        if warm:
            cut = [self._exhibits.around(place) for place in wanted if not self._is_shown(place, tier)]
        else:
            shown = dict(self._diffs(_places(about)))
            around = (self._exhibits.around(place) for place in wanted)
            cut = [one for one in around if one and not _stands_in(one, shown.get(one.file, ""))]
        excerpts = sorted({one for one in cut if one is not None}, key=lambda one: (one.file, one.side, one.first_line))
        return ["# The code around them", *(self._excerpt(one) for one in excerpts)] if excerpts else []

    def _is_shown(self, place: Place, tier: Tier | None) -> bool:
        """Whether the lines stand in the shared part: a diff or a slice may have been cut to its budget."""
        lines = _lines(self._exhibits, place.file, place.side)[place.first_line : place.last_line + 1]
        return place.side == "file" or all(line.strip() in self.shared(tier) for line in lines)

    def _served(self, served: Sequence[Served]) -> list[str]:
        if not served:
            return []
        parts = ["# The code that you asked for"]
        for one in served:
            if one.excerpt is not None:
                parts.append(self._excerpt(one.excerpt))
            else:
                asked = _json({"file": one.need.file, "symbol": one.need.symbol})
                parts.append(self._fenced("not available", asked))
        return [*parts, "Rule now; you cannot ask again."]

    def _disputes(self, about: Sequence[Contention], told: Mapping[str, Iterable[Material]]) -> list[str]:
        parts = ["# The disputed claims" if len(about) > 1 else "# The disputed claim"]
        for one in about:
            parts += [self._fenced("claim", _json(_shown(one))), *self._material(told[one.id])]
        return parts

    def _told(self, put: Put, now: int) -> list[Material]:
        memory: Memory = remember((put.contention,), now, of=put.reads, since=put.since)
        told = list(recollected(memory, has_seen=put.since > 0))
        return [summed_up(put.news), *told] if put.since > 0 else told

    def _material(self, told: Iterable[Material]) -> list[str]:
        return [self._fenced(one.source, _json(one.item)) if isinstance(one, Exhibited) else one for one in told]

    def _excerpt(self, excerpt: Excerpt) -> str:
        side = "after the change" if excerpt.side == "new" else "before the change"
        return self._fenced(f"{excerpt.file}, {side}", excerpt.text)

    def _dossier(self, places: Sequence[Place]) -> str:
        """The disputed files' own diffs: what a tier without a warm cache sees instead of everything."""
        texts = [self._fenced(f"diff of {path}", text) for path, text in self._diffs(places)]
        return "\n\n".join(["# The change in the files in dispute", *texts]) + "\n"

    def _diffs(self, places: Sequence[Place]) -> list[tuple[str, str]]:
        """Path and diff of each file that one of the places is in."""
        files = sorted({place.file for place in places})
        diffs = [diff for file in files if (diff := self._brief.change.file(file)) is not None]
        return [(diff.path, file_diff(diff, self._exhibits)) for diff in diffs]

    def _fenced(self, source: str, text: str) -> str:
        return fenced(text, self._brief.fence, source).rstrip("\n")


def facts(evidence: Iterable[Finding], reported: Iterable[ToolFact] = ()) -> list[str]:
    """What tools have found, a line each, as the panel reads it; `reported` by others than ours, once each.

    What is said more than once of a file is said once, with how often. Nothing of files whose name holds a secret, and
    no such name in what is said of others.
    """
    own = [one for one in evidence if not holds_token(one.file)]
    said = Counter((one.file, one.rule, Redactor().redact_names(one.title)) for one in own)
    lines = [_fact(*one, times) for one, times in said.items()]
    known = {(one.file, one.range.start.line, one.rule.rpartition(":")[2]) for one in own if one.side == "new"}
    return lines + [_reported(one) for one in reported if (one.file, one.line, one.rule) not in known]


def _fact(file: str, rule: str, fact: str, times: int) -> str:
    said = {"file": file, "rule": rule, "fact": fact} | ({"times": times} if times > 1 else {})
    return json.dumps(said, ensure_ascii=False)


def _reported(one: ToolFact) -> str:
    tool = f"{one.tool}({one.rule})" if one.rule else one.tool
    said = {"file": one.file, "line": one.quote, "tool": tool, "severity": one.severity, "says": one.message}
    return json.dumps(said, ensure_ascii=False)


def render_shared(brief: Brief) -> str:
    """The shared part where the caller gives none."""
    return render(brief.context, brief.fence, facts(brief.evidence, brief.context.reported))


def file_diff(diff: FileDiff, exhibits: Exhibits) -> str:
    """A file's hunks with their surroundings, from the redacted texts, at most DOSSIER_LINES lines."""
    old = _lines(exhibits, diff.old_path or diff.path, "old") or _lines(exhibits, diff.path, "old")
    new = _lines(exhibits, diff.path, "new")
    out: list[str] = []
    shown_to = 0
    for number, hunk in enumerate(diff.hunks):
        start = max(hunk.new_start - CONTEXT_LINES, shown_to)
        if start > shown_to or number == 0:
            out.append("@@\n")
        following = diff.hunks[number + 1].new_start if number + 1 < len(diff.hunks) else len(new)
        stop = min(hunk.new_lines.stop + CONTEXT_LINES, following)
        out += [" " + line for line in new[start : hunk.new_start]]
        out += ["-" + line for line in old[hunk.old_start : hunk.old_lines.stop]]
        out += ["+" + line for line in new[hunk.new_start : hunk.new_lines.stop]]
        out += [" " + line for line in new[hunk.new_lines.stop : stop]]
        shown_to = stop
        if len(out) > DOSSIER_LINES:
            out = [*out[:DOSSIER_LINES], "@@ the rest of the file's hunks is left out here\n"]
            break
    return "".join(line if line.endswith("\n") else line + "\n" for line in out)


def _stands_in(excerpt: Excerpt, diff: str) -> bool:
    """Whether the excerpt's lines stand in its file's diff, one after the other and on their side: alike lines
    elsewhere are not the place that is disputed."""
    kept = " -" if excerpt.side == "old" else " +"
    side = [line[1:] if line[0] in kept else "@@" for line in diff.split("\n") if line and line[0] in f"{kept}@"]
    wanted = excerpt.text.removesuffix("\n").split("\n")
    return any(side[at : at + len(wanted)] == wanted for at in range(len(side) - len(wanted) + 1))


def _lines(exhibits: Exhibits, file: str, side: str) -> Sequence[str]:
    return exhibits.lines(file, "old" if side == "old" else "new")


def _places(about: Iterable[Contention]) -> list[Place]:
    """Where the claims stand, and the changed lines that enable those that stand off the change."""
    return [place for one in about for place in (one.lead.place, one.lead.enabled_by) if place is not None]


def _shown(one: Contention) -> dict[str, str]:
    """A claim as others see it: what is asserted and where; not by whom, how surely, how badly, or why.

    Where several seats raised it, in the words of each: else the first could word it so that it is refuted for all.
    """
    claim, place = one.lead.claim, one.lead.place
    asserted = list(dict.fromkeys(assertion(raised.claim) for raised in one.raised))[:MOST_WORDINGS]
    shown = {
        "claim": one.id,
        "file": place.file,
        "side": place.side,
        "quote": claim.quote[:LONGEST_SHOWN],
        "title": claim.title,
        "asserted": asserted[0],
        "category": claim.category,
    }
    return shown | {"also asserted": "\n".join(sorted(asserted[1:]))} if len(asserted) > 1 else shown


def _json(item: Mapping[str, str]) -> str:
    return json.dumps(item, ensure_ascii=False, indent=1)
