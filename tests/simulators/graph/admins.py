"""Those who run pages: their roles, their businesses, and what they have allowed the app. State only.

A permission counts when it is granted, and for the pages that were ticked in the dialog; both are asked anew with each
call, so whatever a person takes back is gone at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

GRANTED, DECLINED = "granted", "declined"

PERMISSIONS = (
    "public_profile",
    "email",
    "pages_show_list",
    "pages_messaging",
    "pages_manage_metadata",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_manage_posts",
    "pages_manage_engagement",
    "pages_utility_messaging",
    "business_management",
    "instagram_basic",
    "instagram_manage_messages",
)
"""What an app may ask for here; anything else is an invalid scope."""
ALWAYS_GRANTED = "public_profile"

FULL_CONTROL = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")
NEW_PAGES = "PROFILE_PLUS_"
"""What tasks of New Pages begin with."""


@dataclass(slots=True, eq=False)
class Business:
    """A business portfolio."""

    id: str
    name: str
    owned_pages: list[str] = field(default_factory=list)
    client_pages: list[str] = field(default_factory=list)
    in_accounts: bool = True
    """Whether its pages are in `/me/accounts` once `business_management` is granted; some are not even then."""

    @property
    def pages(self) -> list[str]:
        """Every page that is held through it."""
        return self.owned_pages + self.client_pages


@dataclass(slots=True, eq=False)
class Admin:
    """A person of Facebook who runs pages."""

    id: str
    """App-scoped."""
    name: str
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Tasks by page, in the old names or those of New Pages."""
    businesses: list[Business] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=dict)
    """What the app was allowed: granted, declined or expired. Empty: the person does not use the app."""
    ticked: frozenset[str] | None = frozenset()
    """Pages chosen in the dialog; None: all, now and later."""
    checkpoint: bool = False
    """Facebook wants to see them first; until then every token of theirs is refused."""

    def allows(self, permission: str) -> bool:
        """Whether a permission is granted."""
        return self.permissions.get(permission) == GRANTED

    @property
    def scopes(self) -> list[str]:
        """Everything that is granted, in Meta's order of no meaning."""
        return [name for name, status in self.permissions.items() if status == GRANTED]

    def shows(self, page_id: str) -> bool:
        """Whether the app may know that this person runs this page."""
        return page_id in self.roles and (self.ticked is None or page_id in self.ticked)

    def may(self, page_id: str, tasks: Iterable[str]) -> bool:
        """Whether the person has one of these tasks on a page."""
        return bool(plain_tasks(self.roles.get(page_id, ())) & set(tasks))

    def business_of(self, page_id: str) -> Business | None:
        """Return the portfolio through which the person holds a page."""
        return next((business for business in self.businesses if page_id in business.pages), None)

    def grant(self, permissions: Iterable[str], pages: Iterable[str] | None) -> None:
        """Allow the app these permissions, on these pages or on all."""
        self.permissions |= dict.fromkeys([ALWAYS_GRANTED, *permissions], GRANTED)
        self.ticked = None if pages is None else frozenset(pages)

    def withdraw(self) -> None:
        """Allow nothing any more."""
        self.permissions.clear()
        self.ticked = frozenset()


def plain_tasks(tasks: Iterable[str]) -> set[str]:
    """Translate tasks of New Pages into the old names; full control is all of them."""
    plain = {task.removeprefix(NEW_PAGES) for task in tasks}
    return plain | set(FULL_CONTROL) if "FULL_CONTROL" in plain else plain
