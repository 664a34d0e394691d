"""What can end a benchmark: it measured nothing, and says why.

SocialRelayError
└── BenchFailed   a process did not do its part, or an event was lost, doubled or overtaken
"""

from shared.errors import UserError


class BenchFailed(UserError):
    """The benchmark measured nothing."""
