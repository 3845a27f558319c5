"""What was recorded is what is played; nothing else is in the file, and nothing is spent."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rebuttal.debate.engine import debate
from rebuttal.debate.model import FATAL, Claim, Outcome, Phase, Prompt, Reply, Ruling, Speaker, Statement, Turn
from rebuttal.settings import Settings, SettingsError
from rebuttal.speakers.claude import ClaudeSpeaker
from rebuttal.speakers.recordings import lockstep
from rebuttal.speakers.recordings import replay as replaying
from rebuttal.speakers.recordings.anonymous import Anonymous
from rebuttal.speakers.recordings.recording import RecordingSpeaker
from rebuttal.speakers.recordings.replay import ReplaySpeaker
from rebuttal.speakers.recordings.tape import Entry, RecordingError, Writer, covered, read_tape, turn_key
from tests.debate.conftest import (
    LOOP_CLAIM,
    LOOP_LINE,
    SQL_CLAIM,
    SQL_LINE,
    Said,
    Scripted,
    brief_of,
    rules,
    run,
    says,
)
from tests.emulator import Emulator, Fault, Rule
from tests.speakers.conftest import SHARED, Heard, MakeSpeaker, claim, statement, turn


async def test_a_replay_says_what_was_said_and_costs_nothing(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    emulator.script.add(
        Rule(seat="architect", reply=statement(claim(1), claim(2))),
        Rule(seat="database", fault=Fault("status", status=403, message="No")),
    )
    writing = RecordingSpeaker(speaker, file)
    live, live_heard = [], [Heard(), Heard()]
    for seat, heard in zip(("architect", "database"), live_heard, strict=True):
        live.append(await writing.speak(turn(seat), heard))
    made = len(emulator.records)
    replay = ReplaySpeaker(file)
    for seat, before, heard_before in zip(("architect", "database"), live, live_heard, strict=True):
        heard = Heard()
        reply = await replay.speak(turn(seat), heard)
        assert (reply.statement, reply.failure, reply.model) == (before.statement, before.failure, before.model)
        assert heard.claims == heard_before.claims
        assert (reply.spent, reply.calls, reply.tokens.prompt) == (0, 0, 0)  # type: ignore[comparison-overlap] # money
    assert len(emulator.records) == made


async def test_a_recording_holds_no_key_no_header_and_no_address(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    emulator.script.add(Rule(times=1, reply=statement()), Rule(fault=Fault("status", status=401)))
    writing = RecordingSpeaker(speaker, file)
    await writing.speak(turn(), Heard())
    await writing.speak(turn("database"), Heard())
    text = file.read_text("utf-8")
    assert [entry.seat for entry in read_tape(file).entries] == ["architect", "database"]
    for secret in ("emulator-key", "Bearer", "authorization", "x-api-key", "review-1", str(tmp_path)):
        assert secret not in text


async def test_a_turn_that_was_not_recorded_is_a_failure_that_says_so(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    await RecordingSpeaker(speaker, file).speak(turn(), Heard())
    reply = await ReplaySpeaker(file).speak(turn(ask="Something else."), Heard())
    assert reply.failure is not None
    assert "architect in opening" in reply.failure.message
    assert "record anew" in reply.failure.message


async def test_the_same_question_asked_twice_has_two_answers(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    emulator.script.add(Rule(times=1, reply=statement(claim(1))), Rule(reply=statement(claim(2))))
    writing = RecordingSpeaker(speaker, file)
    live = [await writing.speak(turn(), Heard()) for _ in range(2)]
    replay = ReplaySpeaker(file)
    assert [(await replay.speak(turn(), Heard())).statement for _ in range(2)] == [one.statement for one in live]


async def test_what_was_said_at_the_same_time_is_heard_again_in_the_same_order(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    seats = ("architect", "database", "frontend")
    for number, seat in enumerate(seats):
        claims = [claim(n, title=f"{seat} {n}") for n in range(6)]
        emulator.script.add(Rule(seat=seat, reply=statement(*claims), between=0.004 - 0.001 * number, chunk=60))

    async def debate(speaker: Speaker, order: tuple[str, ...]) -> list[str]:
        titles: list[str] = []

        async def one(seat: str) -> None:
            await speaker.speak(turn(seat), Heard(on_claim=lambda claim: titles.append(claim.title)))
            titles.append(f"{seat} finished")

        await asyncio.gather(*(one(seat) for seat in order))
        return titles

    live = await debate(RecordingSpeaker(speaker, file), seats)
    assert live != sorted(live)
    assert await debate(ReplaySpeaker(file), seats) == live
    assert await debate(ReplaySpeaker(file), seats[::-1]) == live


async def test_a_replay_that_takes_another_course_is_not_held_up_for_ever(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "PATIENCE", 0.05)
    file = tmp_path / "recording.jsonl"
    writing = RecordingSpeaker(speaker, file)
    for seat in ("architect", "database"):
        await writing.speak(turn(seat), Heard())
    replay = ReplaySpeaker(file)
    reply = await asyncio.wait_for(replay.speak(turn("database"), Heard()), 5)
    assert reply.failure is None
    late = await asyncio.wait_for(replay.speak(turn("architect"), Heard()), 5)
    assert late.failure is None


def test_the_fence_of_another_installation_does_not_matter() -> None:
    def fenced(fence: str, code: str) -> Turn:
        shared = f'<pasted_content id="{fence}">\n{code}\n</pasted_content id="{fence}">'
        return evolve(turn(), prompt=Prompt("s", shared, f"The id is {fence}."))

    assert turn_key(fenced("aaaa", "x = 1")) == turn_key(fenced("bbbb", "x = 1"))
    assert turn_key(fenced("aaaa", "x = 1")) != turn_key(fenced("aaaa", "x = 2"))


HEAD = '{"recording":{},"schema":2}\n'


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"schema": 9}', '{"schema": 1}', "\udcff"]
    + [HEAD + rest + "\n" for rest in ("{", HEAD, '{"turn": {}}', '{"turn": []}', "7", '{"schema": 1}')],
)
def test_a_file_that_is_no_recording_is_refused_in_one_sentence(tmp_path: Path, content: str) -> None:
    file = tmp_path / "recording.jsonl"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError) as caught:
        ReplaySpeaker(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        ReplaySpeaker(tmp_path / "none.jsonl")


async def test_a_file_that_cannot_be_written_is_refused_before_anything_is_spent(
    speaker: ClaudeSpeaker, emulator: Emulator, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        RecordingSpeaker(speaker, tmp_path / "missing" / "recording.jsonl")
    assert emulator.records == []


# --- whole, and the same bytes ---


class Talk:
    """A debate's worth of turns, held at once; each asks one more when its first claim is heard."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self.heard: list[str] = []

    async def hold(self, seats: tuple[str, ...]) -> list[str]:
        async with asyncio.TaskGroup() as group:
            for seat in seats:
                group.create_task(self._turn(group, seat, "opening"))
        return self.heard

    async def _turn(self, group: asyncio.TaskGroup, seat: str, phase: Phase) -> None:
        def on_claim(one: Claim) -> None:
            self.heard.append(one.title)
            if phase == "opening":
                # Who is asked next depends on what was heard before.
                group.create_task(self._turn(group, f"{seat}-{len(self.heard)}", "cross_examination"))

        await self._speaker.speak(turn(seat, phase, ask=f"After {len(self.heard)}."), Heard(on_claim=on_claim))
        self.heard.append(f"{seat} finished")


def slowly(emulator: Emulator, seats: tuple[str, ...], pace: float) -> None:
    """Each seat says two claims, the first ones at a pace of their own."""
    emulator.script.rules.clear()
    for number, seat in enumerate(seats):
        said = statement(*(claim(n, title=f"{seat} {n}") for n in range(2)))
        between = 0.004 * abs(pace - number)
        emulator.script.add(Rule(seat=seat, phase="opening", reply=said, between=between, chunk=60))
    emulator.script.add(Rule(reply=statement()))


@pytest.mark.usefixtures("emulator")
async def test_the_same_answers_give_the_same_bytes_whoever_is_faster(
    make_speaker: MakeSpeaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockstep, "HOLD", 60.0)
    seats = ("architect", "database", "frontend")
    files, courses = [], []
    for pace in (0, 1, 2):
        with Emulator() as cold:  # what its cache holds is part of the cost
            slowly(cold, seats, pace)
            files.append(tmp_path / f"{pace}.jsonl")
            writing = RecordingSpeaker(make_speaker(environment=cold.environment()), files[-1])
            courses.append(await Talk(writing).hold(seats))
            writing.finish({})
    assert courses[0] == courses[1] == courses[2]
    assert len({file.read_bytes() for file in files}) == 1


async def test_a_slow_seat_holds_nobody_up_for_long(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lockstep, "HOLD", 0.05)
    emulator.script.add(Rule(seat="architect", fault=Fault("stall")), Rule(reply=statement(claim(1))))
    writing = RecordingSpeaker(speaker, tmp_path / "recording.jsonl")
    stalled = asyncio.create_task(writing.speak(turn("architect", shared="Another change."), Heard()))
    heard = Heard()
    reply = await asyncio.wait_for(writing.speak(turn("database"), heard), 20)
    assert reply.failure is None
    assert len(heard.claims) == 1
    stalled.cancel()
    await asyncio.wait([stalled])


async def test_a_recording_of_a_replay_is_the_recording(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    seats = ("architect", "database", "frontend")
    slowly(emulator, seats, 0)
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    writing = RecordingSpeaker(speaker, first, {"panel": "small"})
    live = await Talk(writing).hold(seats)
    writing.finish({"findings": []})
    again = RecordingSpeaker(ReplaySpeaker(first), second, {"panel": "small"})
    assert await Talk(again).hold(seats) == live
    again.finish({"findings": []})
    assert second.read_bytes() == first.read_bytes()


async def test_turns_stand_in_the_order_in_which_they_were_asked_and_what_they_share_stands_once(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    seats = ("architect", "database", "frontend")
    slowly(emulator, seats, 2)
    writing = RecordingSpeaker(speaker, file)
    await Talk(writing).hold(seats)
    shared = turn().prompt.shared
    writing.finish({})
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    asked = [line["turn"]["asked"] for line in lines if "turn" in line]
    assert asked == sorted(asked)
    assert len(asked) == 9
    assert sum(line.get("is") == shared for line in lines) == 1
    assert all(entry.prompt.shared == shared for entry in read_tape(file).entries)


async def test_what_was_recorded_before_a_crash_is_played(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    emulator.script.add(Rule(reply=statement(claim(1))))
    writing = RecordingSpeaker(speaker, file)
    live = await writing.speak(turn(), Heard())
    whole = file.read_bytes()
    await writing.speak(turn("database"), Heard())
    for end in range(len(whole), len(file.read_bytes()), 97):
        cut = tmp_path / "cut.jsonl"
        cut.write_bytes(file.read_bytes()[:end])
        replay = ReplaySpeaker(cut)
        assert (await replay.speak(turn(), Heard())).statement == live.statement
        assert replay.outcome is None


async def test_an_answer_is_not_lost_where_its_recording_cannot_grow(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    file = tmp_path / "recording.jsonl"
    emulator.script.add(Rule(reply=statement(claim(1))))
    writing = RecordingSpeaker(speaker, file)
    file.unlink()
    file.mkdir()
    reply = await writing.speak(turn(), Heard())
    writing.finish({})
    assert reply.statement is not None
    assert writing.problem is not None
    assert "cannot be written" in writing.problem


def test_a_recording_takes_the_place_of_the_file_that_a_link_leads_to(tmp_path: Path, speaker: ClaudeSpeaker) -> None:
    file, link = tmp_path / "recording.jsonl", tmp_path / "link.jsonl"
    try:
        link.symlink_to(file)
    except OSError:
        pytest.skip("no links here")
    writing = RecordingSpeaker(speaker, link)
    writing.finish({})
    assert link.is_symlink()
    assert read_tape(file).outcome is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.jsonl", "recording.jsonl"]


# --- what a departure says ---


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (turn(ask="Look for nothing."), "the task differs from turn 0"),
        (turn(shared=SHARED.replace("line_7 ", "line_x ")), "the shared context (the change and what belongs to it)"),
        (evolve(turn(), tier="opus"), "was asked of sonnet, not opus"),
        (evolve(turn(), prompt=Prompt("You.", SHARED, turn().prompt.ask)), "the system prompt differs"),
        (evolve(turn(), schema={"type": "object"}), "to be answered in another form"),
        (turn("nobody"), "was not asked when it was recorded"),
    ],
)
async def test_a_replay_that_departs_says_at_which_turn_and_in_what(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path, asked: Turn, says: str
) -> None:
    file = tmp_path / "recording.jsonl"
    await RecordingSpeaker(speaker, file).speak(turn(), Heard())
    replay = ReplaySpeaker(file)
    reply = await replay.speak(asked, Heard())
    assert reply.failure is not None
    assert says in reply.failure.message
    assert "\n" not in reply.failure.message
    if "differs" in reply.failure.message:
        assert replay.difference.startswith("--- recorded\n+++ now\n@@")
        assert len(replay.difference.splitlines()) < 15


# --- whose it is ---


async def test_another_installations_fence_is_in_no_recording_and_its_quotes_are_found_again(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    def fenced(fence: str) -> Turn:
        shared = f'<pasted_content id="{fence}" source="diff">\nx = 1\n</pasted_content id="{fence}">'
        return evolve(turn(), prompt=Prompt("s", shared, f'<turn seat="architect" phase="opening"/>\nIt is {fence}.'))

    file = tmp_path / "recording.jsonl"
    said = claim(1) | {"quote": '<pasted_content id="aaaa1111">'}
    emulator.script.add(Rule(reply=statement(said)))
    await RecordingSpeaker(speaker, file).speak(fenced("aaaa1111"), Heard())
    assert "aaaa1111" not in file.read_text("utf-8")
    reply = await ReplaySpeaker(file).speak(fenced("bbbb2222"), Heard())
    assert reply.statement is not None
    assert reply.statement.claims[0].quote == '<pasted_content id="bbbb2222">'


async def test_a_recording_does_not_say_whose_it_is(emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path) -> None:
    environment = {
        "ANTHROPIC_API_KEY": "sk-ant-thekeyofalice",
        "CI_JOB_TOKEN": "glcbt-0123456789",
        "HOME": "/home/alice.liddell",
        "USER": "alice.liddell",
        "HOSTNAME": "wonderland.example.org",
        "REBUTTAL_HOME": "/home/alice.liddell/.rebuttal",
        "ANTHROPIC_BASE_URL": "https://gateway.example.org:8443/v1",
    }
    anonymous = Anonymous(environment, Path("/home/alice.liddell/src/looking-glass"))
    told = " ".join([*environment.values(), "wonderland", "/home/alice.liddell/src/looking-glass/a.py"])
    file = tmp_path / "recording.jsonl"
    emulator.script.add(Rule(reply=statement(claim(1) | {"argument": told, "quote": "/home/alice.liddell/x"})))
    writing = RecordingSpeaker(speaker, file, {"seats": [told]}, anonymous.cover)
    live = await writing.speak(turn(ask=told), Heard())
    writing.finish({"findings": [{"title": told}]})
    text = file.read_text("utf-8")
    for word in ("sk-ant", "glcbt", "alice", "wonderland", "looking-glass", "gateway"):
        assert word not in text
    assert "«home»" in text
    # On the machine itself it is played as it was.
    reply = await ReplaySpeaker(file, anonymous.cover, anonymous.uncover).speak(turn(ask=told), Heard())
    assert reply.statement is not None
    assert live.statement is not None
    assert reply.statement.claims[0].quote == "/home/alice.liddell/x"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(endpoint="compatible", base_url="http://gpu.wonderland.example:11434/v1"), "gpu.wonderland.example"),
        (Settings(endpoint="compatible", base_url="http://gpu.wonderland.example:8/"), "gpu.wonderland.example:8"),
        (Settings(endpoint="foundry", resource="wonderland-inc"), "wonderland-inc.services.ai.azure.com"),
        (Settings(endpoint="vertex", region="eu", project="wonderland-inc"), "on project wonderland-inc denied"),
    ],
)
def test_an_endpoint_of_the_user_s_settings_was_named_in_recordings(settings: Settings, told: str) -> None:
    environment = {"ANTHROPIC_FOUNDRY_API_KEY": "sk-foundry-0123"}
    anonymous = Anonymous(environment, settings=settings)
    kept = anonymous.cover(f"{told}: cannot be reached")
    assert "wonderland" not in kept
    assert anonymous.uncover(kept) == f"{told}: cannot be reached"


def test_a_server_that_names_its_models_by_their_files_told_whose_they_are() -> None:
    anonymous = Anonymous({"HOME": "/home/erika", "USER": "erika"})
    ruling = Ruling("see /home/erika", "confirmed", "a.py", "q", "", "high")
    reply = Reply(Statement(rulings=(ruling,)), "/home/erika/models/llama.gguf")
    kept = covered(entry_of(0, 1, reply=reply), anonymous.cover).reply
    assert kept.model == "«home»/models/llama.gguf"
    assert kept.statement is not None
    assert kept.statement.rulings[0].claim == "see «home»"


def test_words_that_name_nobody_stay_in_the_code() -> None:
    home = "/" + "root"
    anonymous = Anonymous({"USER": "root", "HOME": home, "HOSTNAME": "localhost", "API_KEY": "short"})
    code = f"root = open('{home}/x'); user = short; localhost"
    assert anonymous.cover(code) == code


def test_a_user_whose_name_is_a_word_of_ours_changes_no_verdict() -> None:
    anonymous = Anonymous({"USER": "security", "HOME": "/home/security"})
    entry = Entry(
        *("key", "security", "opening", "sonnet", 100, Prompt("s", "security", "a")),
        *(
            0,
            None,
            (),
            1,
            Reply(Statement((Claim("f", "new", "q", "t", "security", "security", "high", "likely"),)), "m"),
        ),
    )
    kept = covered(entry, anonymous.cover)
    assert kept.seat == "security"
    assert kept.prompt.shared == "«user»"
    assert kept.reply.statement is not None
    assert (kept.reply.statement.claims[0].category, kept.reply.statement.claims[0].argument) == ("security", "«user»")


TEXTS = st.text(max_size=20) | st.sampled_from(["\u2028", "\r\n", '"', "\ud800", "«fence»", "\x00"])
CLAIMS = st.builds(
    Claim, TEXTS, st.just("new"), TEXTS, TEXTS, TEXTS, st.just("security"), st.just("low"), st.just("likely")
)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, st.lists(CLAIMS, max_size=3), st.booleans()), max_size=4))
def test_whatever_was_said_is_read_as_it_was_written(turns: list[tuple[str, str, str, list[Claim], bool]]) -> None:
    writer, entries = Writer(), []
    for number, (system, shared, ask, claims, streamed) in enumerate(turns):
        heard = tuple((number * 10 + 1 + place, claim) for place, claim in enumerate(claims)) if streamed else ()
        reply = Reply(Statement(tuple(claims), left_out=(ask,)), "m", spent=Decimal("0.10"), notes=(system,))
        prompt = Prompt(system, shared, ask)
        asked = number * 10
        entries.append(Entry("k", "s", "opening", "opus", 9, prompt, asked, None, heard, asked + 9, reply))
    text = "".join([writer.head({}), *map(writer.turn, entries), writer.foot({"findings": []})])
    with TemporaryDirectory() as folder:
        file = Path(folder) / "tape.jsonl"
        file.write_text(text, "utf-8", newline="\n")
        tape = read_tape(file)
    assert tape.entries == tuple(covered(entry, lambda of: of.encode("utf-8", "replace").decode()) for entry in entries)
    assert tape.outcome == {"findings": []}


async def test_a_listener_that_fails_ends_its_own_turn_and_holds_up_no_other(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    def fails(_: Claim) -> None:
        raise ZeroDivisionError

    emulator.script.add(Rule(reply=statement(claim(1))))
    writing = RecordingSpeaker(speaker, tmp_path / "recording.jsonl")
    broken, whole = await asyncio.wait_for(
        asyncio.gather(
            writing.speak(turn(), Heard(on_claim=fails)),
            writing.speak(turn("database"), Heard()),
            return_exceptions=True,
        ),
        30,
    )
    assert isinstance(broken, ZeroDivisionError)
    assert isinstance(whole, Reply)
    assert whole.failure is None


# --- files that others have written ---


def entry_of(asked: int, finished: int, seat: str = "architect", reply: Reply | None = None) -> Entry:
    one = turn(seat)
    key = turn_key(one), seat, one.phase, one.tier, one.max_tokens, one.prompt
    return Entry(*key, asked, None, (), finished, reply or Reply(Statement(), "m"))


def tape_of(file: Path, *entries: Entry) -> Path:
    writer = Writer()
    file.write_text("".join([writer.head({}), *map(writer.turn, entries), writer.foot({})]), "utf-8", newline="\n")
    return file


@pytest.mark.parametrize("numbers", [((0, 5), (0, 5)), ((0, 3), (3, 5)), ((4, 1), (5, 6))])
def test_a_recording_whose_order_was_tampered_with_is_refused_not_waited_for_for_ever(
    tmp_path: Path, numbers: tuple[tuple[int, int], ...]
) -> None:
    seats = ("architect", "database")
    file = tape_of(tmp_path / "t.jsonl", *(entry_of(*of, seat) for of, seat in zip(numbers, seats, strict=True)))
    with pytest.raises(RecordingError, match="has lost its order"):
        ReplaySpeaker(file)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "much"])
def test_a_recording_with_an_amount_that_is_none_is_refused(tmp_path: Path, amount: str) -> None:
    file = tape_of(tmp_path / "t.jsonl", entry_of(0, 1, reply=Reply(Statement(), "m", spent=Decimal("0.25"))))
    file.write_text(file.read_text("utf-8").replace('"0.25"', f'"{amount}"'), "utf-8")
    with pytest.raises(RecordingError, match="line "):
        ReplaySpeaker(file)


def test_a_recording_that_lost_the_end_of_its_last_line_is_still_whole(tmp_path: Path) -> None:
    """As an editor, or a form for bug reports, may leave it."""
    file = tape_of(tmp_path / "t.jsonl", entry_of(0, 1))
    text = file.read_text("utf-8")
    file.write_text(text.rstrip("\n"), "utf-8")
    assert read_tape(file).outcome == {}
    file.write_text(text.rstrip("\n")[:-1], "utf-8")
    assert (read_tape(file).outcome, len(read_tape(file).entries)) == (None, 1)


async def test_of_a_recording_that_breaks_off_only_what_is_missing_is_missing(
    emulator: Emulator, speaker: ClaudeSpeaker, tmp_path: Path
) -> None:
    """A turn that Ctrl-C cut off ended the whole replay, though others had been recorded."""
    file = tmp_path / "t.jsonl"
    writing = RecordingSpeaker(speaker, file, {"panel": "small"})
    await writing.speak(turn("database"), Heard())
    for stopped in (False, True):
        if stopped:
            writing.finish({"stopped_by": "interrupted"})
        reply = await ReplaySpeaker(file).speak(turn("architect"), Heard())
        assert reply.failure is not None
        assert reply.failure.kind not in FATAL
        assert "breaks off" in reply.failure.message


def test_a_debate_that_was_interrupted_is_played_with_all_that_was_argued_until_then(tmp_path: Path) -> None:
    """One seat was still speaking; what the others had said, and what came of it, was lost in the replay."""
    file, brief = tmp_path / "t.jsonl", brief_of(panel="medium", rounds=4)

    def said(one: Turn) -> Said:
        if one.phase == "opening":
            heard = {"code-reviewer": (SQL_CLAIM,), "architect": (LOOP_CLAIM,)}.get(one.seat, ())
            return says(*heard, takes=60.0 if one.seat == "security-analyst" else 1.0)
        return rules(one, SQL=("confirmed", SQL_LINE), first=("refuted", LOOP_LINE))

    def held(answering: Speaker, seconds: float | None = None) -> Outcome:
        async def whole() -> Outcome:
            loop, stop = asyncio.get_running_loop(), asyncio.Event()
            if seconds is not None:
                loop.call_later(seconds, stop.set)
            outcome = await debate(brief, answering, lambda _: None, loop.time, stop)
            left = asyncio.all_tasks() - {asyncio.current_task()}  # who conducts a recording lingers
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            return outcome

        return run(whole())

    writing = RecordingSpeaker(Scripted(said), file, {"panel": "medium"})
    live = held(writing, 20)
    assert live.stopped_by is not None
    writing.finish({"stopped_by": live.stopped_by.kind})
    played = held(ReplaySpeaker(file))
    assert [one.rulings for one in played.contentions] == [one.rulings for one in live.contentions]
    assert all(one.rulings for one in played.contentions)
    assert {one.turn.seat for one in played.exchanges if one.reply.failure} == {"security-analyst"}
