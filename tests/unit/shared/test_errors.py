"""The tree of errors in the docstring is the tree in the code."""

import inspect

from shared import errors


def test_every_error_is_drawn_where_it_hangs() -> None:
    drawn = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if "\u2500\u2500 " not in line:
            continue
        branch, _, words = line.partition("\u2500\u2500 ")
        depth = len(branch) // 4
        path[depth - 1 :] = [words.split()[0]]
        drawn[path[-1]] = path[-2] if len(path) > 1 else "SocialRelayError"

    classes = dict(inspect.getmembers(errors, inspect.isclass))
    del classes["SocialRelayError"]
    assert drawn == {name: error.__bases__[0].__name__ for name, error in classes.items()}


def test_a_mistake_ends_a_command_with_1_and_settings_with_2() -> None:
    assert errors.UserError.exit_code == 1
    assert errors.SettingsError(["a"]).exit_code == 2
