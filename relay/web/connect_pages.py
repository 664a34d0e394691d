"""What a person sees who connects pages: each page from its template and what it shows."""

from aiohttp import web

from relay.core.connecting.refusals import ConnectRefused
from relay.engine.connecting import Choice, Outcome, Welcome
from relay.web.html import html_page

_OURS = "'self'"


def welcome_page(welcome: Welcome) -> web.Response:
    """Say what the link is for. Browsers ask the policy also where a form's answer leads: there, to Facebook."""
    return html_page("welcome.html", forms=f"{_OURS} {welcome.dialog_sources}", welcome=welcome)


def choice_page(choice: Choice, *, action: str, form_token: str, again: str) -> web.Response:
    """Ask which pages."""
    open_pages = [page for page in choice.pages if page.id not in choice.taken and not page.lacks]
    ticked = set(choice.connected) if len(open_pages) > 1 else {page.id for page in open_pages}
    return html_page(
        "choose.html",
        forms=_OURS,
        choice=choice,
        open_pages=open_pages,
        ticked=ticked,
        action=action,
        token=form_token,
        again=again,
    )


def outcome_page(outcome: Outcome) -> web.Response:
    """Say what came of each page."""
    return html_page("outcome.html", outcome=outcome)


def refusal_page(refused: ConnectRefused, *, again: str) -> web.Response:
    """Say why it does not go on; `again` is where it can be tried once more, empty where it cannot."""
    words = refused.reason.words
    return html_page("refusal.html", status=words.status, words=words, details=refused.details, again=again)
