"""The dialog as HTML: forms without a script, so that any browser can click through it. Pure.

A test finds things by role and name: the person's button, "Continue", "Cancel", a tick box per page and permission.
"""

from collections.abc import Iterable, Mapping
from html import escape

from tests.simulators.graph.admins import Admin
from tests.simulators.graph.login.request import DialogRefused
from tests.simulators.graph.world import Page

PERSON, ANSWER, PAGE, PERMISSION, EVERY_PAGE = "sim_user", "sim_answer", "sim_page_", "sim_permission_", "sim_all_pages"
"""Names of the fields that the dialog adds to what the site asked."""
OURS = "sim_"
"""What they all begin with."""
CONTINUE, CANCEL = "continue", "cancel"

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 34rem; padding: 1.5rem; color: #1c1e21 }
button { font: inherit; padding: .6rem 1.2rem; border-radius: .4rem; border: 1px solid #ccd0d5; margin: .2rem 0 }
button.primary { background: #0866ff; border-color: #0866ff; color: #fff }
fieldset { border: 1px solid #dadde1; border-radius: .4rem; margin: 1rem 0 } label { display: block; padding: .3rem 0 }
"""


def sign_in_page(app_name: str, admins: Iterable[Admin], asked: Mapping[str, str]) -> str:
    """Ask who is there."""
    people = "".join(
        f'<p><button name="{PERSON}" value="{escape(admin.id)}">{escape(admin.name)}</button></p>' for admin in admins
    )
    body = people or "<p>Nobody has an account here: add_admin first.</p>"
    return _page("Log in to Facebook", f"<p>to go on to {escape(app_name)}</p>{_form('get', asked, body)}")


def consent_page(
    app_name: str, admin: Admin, pages: Iterable[Page], permissions: Iterable[str], asked: Mapping[str, str]
) -> str:
    """Ask which pages, and what the app may do with them."""
    chosen = {page.id for page in pages if admin.ticked is None or not admin.ticked or page.id in admin.ticked}
    page_boxes = "".join(_box(PAGE + page.id, page.name, ticked=page.id in chosen) for page in pages)
    every = _box(EVERY_PAGE, "All current and future Pages", ticked=False)
    boxes = "".join(_box(PERMISSION + name, name, ticked=True) for name in permissions)
    body = (
        f"<fieldset><legend>Choose the Pages</legend>{page_boxes}{every}</fieldset>"
        + (f"<fieldset><legend>What is allowed</legend>{boxes}</fieldset>" if boxes else "")
        + f'<button class="primary" name="{ANSWER}" value="{CONTINUE}">Continue</button> '
        f'<button name="{ANSWER}" value="{CANCEL}">Cancel</button>'
    )
    title = f"{app_name} would like to manage Pages"
    return _page(title, f"<p>as {escape(admin.name)}</p>{_form('post', {**asked, PERSON: admin.id}, body)}")


def refusal_page(refused: DialogRefused) -> str:
    """Say why there is no dialog."""
    return _page(refused.title, f"<p>{escape(refused.sentence)}</p>")


def _box(name: str, text: str, *, ticked: bool) -> str:
    checked = " checked" if ticked else ""
    return f'<label><input type="checkbox" name="{escape(name)}"{checked}> {escape(text)}</label>'


def _form(method: str, asked: Mapping[str, str], body: str) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in asked.items()
    )
    return f'<form method="{method}">{hidden}{body}</form>'


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
