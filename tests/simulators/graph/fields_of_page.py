"""The fields of a page that an app can subscribe. Values only.

https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps, and `Page.SubscribedFields` of
Meta's SDK.
"""

MESSAGING_FIELDS = (
    "messages",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "message_reads",
    "message_deliveries",
    "messaging_postbacks",
    "messaging_referrals",
    "messaging_optins",
    "messaging_handovers",
    "messaging_policy_enforcement",
    "standby",
)
"""What an inbox subscribes to, and what a page of the simulator has subscribed unless it is told otherwise."""

OTHER_MESSAGING_FIELDS = (
    "calls",
    "conversations",
    "inbox_labels",
    "message_context",
    "message_mention",
    "message_template_status_update",
    "messaging_account_linking",
    "messaging_appointments",
    "messaging_customer_information",
    "messaging_direct_sends",
    "messaging_feedback",
    "messaging_integrity",
    "messaging_optouts",
    "response_feedback",
    "send_cart",
)
OTHER_FIELDS = ("feed", "leadgen", "mention", "name", "ratings")
"""Fields that have nothing to do with messages."""

NEEDS_MESSAGING = frozenset(MESSAGING_FIELDS + OTHER_MESSAGING_FIELDS)
"""What only an app with `pages_messaging` may subscribe."""
FIELDS = NEEDS_MESSAGING | set(OTHER_FIELDS)
