"""The plan of a history is a pure function of its seed, and every plan can be carried out."""

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.draw import plan_of
from tests.faults.fates import Fate
from tests.faults.kinds import NATURES, Aim, FaultKind
from tests.faults.plan import Plan, mid_of
from tests.faults.run.service import ROOT
from tests.faults.size import ALONE, FULL, SHORT, SIZES, Size

SEEDS = st.integers(0, 10**6)
SIZE = st.sampled_from(list(SIZES.values()))


@settings(max_examples=25)
@given(SEEDS, SIZE)
def test_the_same_seed_gives_the_same_history(seed: int, size: Size) -> None:
    assert plan_of(seed, size) == plan_of(seed, size)


def test_the_same_seed_gives_the_same_history_in_every_process() -> None:
    """Whatever order sets and dicts have there."""
    command = [sys.executable, "-m", "tests.faults", "--seed", "7", "--show"]
    plans = [
        subprocess.run(
            command, cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]

    assert plans[0] == plans[1]
    assert json.loads(plans[0])["seed"] == 7


def test_another_seed_gives_another_history() -> None:
    assert plan_of(1).steps != plan_of(2).steps
    assert plan_of(1).bodies != plan_of(2).bodies


@settings(max_examples=25)
@given(SEEDS, SIZE)
def test_a_plan_can_be_printed(seed: int, size: Size) -> None:
    plan = plan_of(seed, size)

    assert json.loads(json.dumps(plan.as_json()))["seed"] == seed
    assert str(seed) in plan.command


@pytest.mark.parametrize(
    ("size", "command"),
    [
        pytest.param(FULL, "python -m tests.faults --seed 7", id="full"),
        pytest.param(SHORT, "python -m tests.faults --seed 7 --size short", id="short"),
    ],
)
def test_the_command_that_replays_a_history_names_what_it_takes(size: Size, command: str) -> None:
    assert plan_of(7, size).command == command


@settings(max_examples=25)
@given(SEEDS, SIZE)
def test_no_target_suffers_two_faults_at_once(seed: int, size: Size) -> None:
    plan = plan_of(seed, size)
    for target in {step.target for step in plan.steps}:
        steps = sorted((step for step in plan.steps if step.target == target), key=lambda step: step.at_s)

        assert all(one.at_s + one.for_s < other.at_s for one, other in pairwise(steps))


@settings(max_examples=25)
@given(SEEDS, SIZE)
def test_every_fault_has_a_target_of_its_kind(seed: int, size: Size) -> None:
    plan = plan_of(seed, size)
    light = {site.name for site in plan.sites if not site.real}
    for step in plan.steps:
        match NATURES[step.kind].aim:
            case Aim.LIGHT:
                assert step.target in light
            case Aim.SITE:
                assert step.target in {site.name for site in plan.sites}
            case Aim.PAGE:
                assert step.target in {page.id for page in plan.pages}
                assert step.value in {site.name for site in plan.sites}
            case aim:
                assert step.target.startswith(aim.value)


@settings(max_examples=25)
@given(SEEDS, SIZE)
def test_every_conversations_events_are_numbered_in_the_order_of_the_bodies(seed: int, size: Size) -> None:
    plan = plan_of(seed, size)
    said: Counter[str] = Counter()
    for body in plan.bodies:
        for part in body.parts:
            assert part.first == said[part.conversation]
            said[part.conversation] += part.count
    assert sum(said.values()) == plan.events
    assert [body.at_s for body in plan.bodies] == sorted(body.at_s for body in plan.bodies)


@settings(max_examples=25)
@given(SEEDS, SIZE)
def test_every_event_has_a_name_of_its_own(seed: int, size: Size) -> None:
    plan = plan_of(seed, size)
    mids = [
        mid_of(seed, next(each for each in plan.conversations if each.id == part.conversation), number)
        for body in plan.bodies
        for part in body.parts
        for number in range(part.first, part.first + part.count)
    ]

    assert len(set(mids)) == len(mids) == plan.events


@settings(max_examples=25)
@given(SEEDS, SIZE)
def test_a_page_that_no_site_has_is_bound_in_the_end(seed: int, size: Size) -> None:
    plan = plan_of(seed, size)
    unclaimed = {page.id for page in plan.pages if not page.site}

    assert len(unclaimed) == size.unclaimed_pages
    assert unclaimed <= {step.target for step in plan.steps if step.kind is FaultKind.PAGE_REBOUND}


@settings(max_examples=25)
@given(SEEDS, SIZE)
def test_only_a_light_site_that_keeps_its_page_is_written_what_it_refuses(seed: int, size: Size) -> None:
    """Another site would take it, and then nobody could say where it belongs."""
    plan = plan_of(seed, size)
    moved = {step.target for step in plan.steps if step.kind in {FaultKind.PAGE_REBOUND, FaultKind.PAGE_MOVED}}
    light = {site.name for site in plan.sites if not site.real}
    owners = {page.id: page.site for page in plan.pages}
    for conversation in plan.conversations:
        if conversation.fate is not Fate.TAKEN:
            assert conversation.page not in moved
            assert owners[conversation.page] in light


def test_alone_every_kind_comes_in_turn_and_nothing_else() -> None:
    plans = [plan_of(seed, ALONE) for seed in range(len(FaultKind))]

    assert [[step.kind for step in plan.steps] for plan in plans] == [[kind] for kind in FaultKind]
    assert {conversation.fate for plan in plans for conversation in plan.conversations} == {Fate.TAKEN}
    assert all(page.site for plan in plans for page in plan.pages)


def test_every_kind_of_fault_is_drawn_sooner_or_later() -> None:
    plans: list[Plan] = [plan_of(seed) for seed in range(100)]

    assert {step.kind for plan in plans for step in plan.steps} == set(FaultKind)
