"""Errors of the relay.

SocialRelayError
└── RelayError
    ├── BadSignature        a webhook that Meta did not sign: 403
    ├── ChallengeRefused    a verification request with another token or mode: 403
    ├── MalformedBody       an authentic body that is no JSON object: 400
    ├── StoreUnavailable    Redis cannot keep its promise now: 503, so that Meta comes again
    ├── RedisUnusable       Redis cannot be used at start: away, or it refuses us
    ├── VolatileStore       Redis would lose or evict events: refused at start
    ├── WrongMasterKey      Redis holds what this relay's master key does not open: refused at start
    ├── EmbeddedRedisError  the relay's own redis-server cannot run
    ├── SiteNotFound        no such site
    │   └── SiteLeaves      it is being removed
    ├── OutboxNotFound      no such site, and no unclaimed page either
    ├── ChangeOvertaken     a change of a page's binding stood still, and somebody else went on
    ├── PageNotBound        no site has the page
    ├── WithdrawalUnfinished  a person left, and a page of theirs is just being changed: 503
    ├── SiteExists          a site of this name is there already
    ├── NameRests           a site of this name was removed just now
    ├── TrialUnderWay       the site is just being tried, or many others are: 429
    ├── SiteInUse           a site that has pages, or for which something waits, is not removed unasked
    ├── PageTaken           a page belongs to another site
    ├── FacebookRefused     Meta's Graph API says no
    └── FacebookUnreachable Meta's Graph API does not answer

A step in the browser that ends on a page is `core.connecting.refusals.ConnectRefused`.
"""

from shared.errors import SocialRelayError, UserError


class RelayError(SocialRelayError):
    """Something at the relay went wrong."""


class BadSignature(RelayError):
    """The body does not carry Meta's signature under this app's secret."""


class ChallengeRefused(RelayError):
    """The verification request does not know our verify token."""


class MalformedBody(RelayError):
    """The body is signed, but no JSON object."""


class StoreUnavailable(RelayError):
    """Redis is away, read-only, loading, or out of memory: nothing was promised."""


class RedisUnusable(RelayError, UserError):
    """Redis cannot be used at start."""


class VolatileStore(RelayError, UserError):
    """Redis is not set up to keep what it is given."""

    exit_code = 2


class WrongMasterKey(RelayError, UserError):
    """Redis belongs to a relay with another master key."""

    exit_code = 2


class EmbeddedRedisError(RelayError, UserError):
    """The embedded redis-server cannot be found, started, or kept running."""


class SiteNotFound(RelayError, UserError):
    """There is no such site."""

    def __init__(self, site: str) -> None:
        super().__init__(f"there is no site named {site}; `relay site list` shows those there are")


class SiteLeaves(SiteNotFound):
    """A site is being removed."""

    def __init__(self, site: str) -> None:
        UserError.__init__(
            self, f"site {site} is being removed; `relay site remove {site} --force` goes on where that was interrupted"
        )


class OutboxNotFound(RelayError, UserError):
    """The name is no site's and no unclaimed page's."""

    def __init__(self, outbox: str) -> None:
        super().__init__(
            f"there is no outbox {outbox}; `relay outbox list` shows those that hold something, and a page that no site"
            " claims is named by its id and --unclaimed"
        )


class ChangeOvertaken(RelayError, UserError):
    """A change of a page's binding stood still for long, and somebody else finished it: nothing more was changed."""

    def __init__(self, page_id: str) -> None:
        super().__init__(
            f"the change of page {page_id} stood still for long, and was finished by another process;"
            " `relay bindings` shows where the page is now"
        )


class PageNotBound(RelayError, UserError):
    """A page belongs to no site."""

    def __init__(self, page_id: str) -> None:
        super().__init__(f"page {page_id} is not bound; `relay bindings` lists those that are")


class WithdrawalUnfinished(RelayError):
    """Somebody is just changing a page of a person who left: the same request, made again, goes on."""


class SiteExists(RelayError, UserError):
    """A site of this name is there already."""

    def __init__(self, site: str) -> None:
        super().__init__(f"a site named {site} is there already; `relay site show {site}` shows it")


class NameRests(RelayError, UserError):
    """A site of this name was removed just now, and other processes may know it still."""

    def __init__(self, site: str, *, rests_s: int) -> None:
        super().__init__(
            f"a site named {site} was removed just now, and parts of the relay may know it still: add it in {rests_s} s"
        )


class SiteInUse(RelayError, UserError):
    """A site has pages, or something waits for it; the message says what, and which commands help."""


class TrialUnderWay(RelayError, UserError):
    """The site is just being tried, or so many others that it has to wait."""

    def __init__(self) -> None:
        super().__init__("the site is just being tried, or many others are: ask again in some seconds")


class PageTaken(RelayError, UserError):
    """A page is bound to another site, or reserved for it; the message names it and is for the relay's operator."""

    def __init__(self, page_id: str, owner: str) -> None:
        super().__init__(f"page {page_id} is bound to {owner}; add --move to have {owner} hand it over")


class FacebookRefused(RelayError, UserError):
    """Meta's Graph API says no; the message holds its words, and no token."""


class FacebookUnreachable(RelayError, UserError):
    """Meta's Graph API does not answer now."""
