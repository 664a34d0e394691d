"""The tree of the relay's errors in the docstring is the tree in the code."""

import inspect
import re

from relay.core import errors
from shared.errors import UserError


def test_every_error_is_drawn() -> None:
    drawn = set(re.findall(r"\u2500\u2500 (\w+)", errors.__doc__ or ""))
    classes = {
        name for name, error in inspect.getmembers(errors, inspect.isclass) if error.__module__ == errors.__name__
    }

    assert drawn == classes


def test_sentences_say_what_to_do() -> None:
    assert str(errors.SiteNotFound("acme")) == ("there is no site named acme; `relay site list` shows those there are")
    assert "`relay site show acme` shows it" in str(errors.SiteExists("acme"))
    assert isinstance(errors.SiteNotFound("acme"), UserError)
    assert errors.VolatileStore("x").exit_code == 2
