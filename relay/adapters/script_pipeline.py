"""Several runs of one script in one round trip, sent again in full where Redis had lost it."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from relay.adapters.replicas import Replicas
from relay.adapters.scripts import Script

Call = tuple[list[str], list[Any]]
"""Keys and arguments of one run."""


async def run_all(
    redis: Redis, script: Script, calls: Sequence[Call], *, before: Sequence[Sequence[Any]] = (), replicas: Replicas
) -> list[Any]:
    """Run the script once for each call, after the commands of `before`; in place of an answer may stand its error.

    Raises RedisError, StoreUnavailable where it concerns all of them.

    On a cluster each node gets its part at once, so that `before` may come after there; whoever relies on it must have
    the whole answer first.
    """
    answers = await _send(redis, [*before, *(_run("EVALSHA", script.sha, call) for call in calls)], replicas)
    first, answers = answers[: len(before)], answers[len(before) :]
    lost = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
    if lost:
        again = await _send(redis, [_run("EVAL", script.source, calls[index]) for index in lost], replicas)
        for index, answer in zip(lost, again, strict=True):
            answers[index] = answer
    for answer in first:
        if isinstance(answer, Exception):
            raise answer
    return answers


def _run(command: str, script: str, call: Call) -> Sequence[Any]:
    keys, args = call
    return (command, script, len(keys), *keys, *args)


async def _send(redis: Redis, commands: Sequence[Sequence[Any]], replicas: Replicas) -> list[Any]:
    pipeline = redis.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)  # by word: a cluster's pipeline has no method for scripts
    replicas.ask(pipeline)
    answers: list[Any] = await pipeline.execute(raise_on_error=False)
    await replicas.judge(redis, answers)
    return answers
