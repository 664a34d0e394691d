"""The root of all errors that a person may have caused and can mend.

    SocialRelayError
    ├── UserError            said in words, without a traceback; `exit_code` of the command
    │   ├── SettingsError    all problems of the settings at once; exit code 2
    │   └── VaultError       a value at rest that no key opens (`shared.vault`)
    ├── WireError            a body between relay and site that breaks the contract (`shared.wire`)
    ├── SignatureInvalid     a signature between relay and site that does not hold (`shared.signing`)
    └── InvalidSiteSecret    a text that is no site secret (`shared.site_secret`)

Each half hangs its own tree below `SocialRelayError` in its `core/errors.py`.
"""


class SocialRelayError(Exception):
    """Something of this product's own went wrong."""


class UserError(SocialRelayError):
    """A person can mend this: the message says what happened, where, and what to do."""

    exit_code = 1


class SettingsError(UserError):
    """The settings do not fit; the message lists every problem, a line each."""

    exit_code = 2

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        heading = "1 setting needs attention:" if len(problems) == 1 else f"{len(problems)} settings need attention:"
        super().__init__("\n".join([heading, *(f"  - {problem}" for problem in problems)]))


class WireError(SocialRelayError):
    """A body between relay and site breaks the contract."""


class SignatureInvalid(SocialRelayError):
    """A signature between relay and site does not hold; the message says why and repeats no secret."""


class InvalidSiteSecret(SocialRelayError):
    """The text is no site secret: `whsec_` and 24 to 64 bytes in base64."""


class VaultError(UserError):
    """No key at hand opens the encrypted value."""
