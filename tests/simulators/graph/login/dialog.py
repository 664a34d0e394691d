"""The login dialog: `GET` shows it, `POST` is a person's answer. Who is signed in is the test's choice, or a click.

https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow. A permission that was declined
before is asked again only with `auth_type=rerequest`. The dialog lists every page that the person has a role on, those
held through a business too; the app later sees what was ticked.
"""

from collections.abc import Mapping

from tests.simulators.faults import Answer
from tests.simulators.graph.admins import ALWAYS_GRANTED, DECLINED, GRANTED, Admin
from tests.simulators.graph.app import App
from tests.simulators.graph.login import pages
from tests.simulators.graph.login.codes import Codes
from tests.simulators.graph.login.request import KNOWN_PARAMETERS, DialogRefused, LoginRequest, read_login_request
from tests.simulators.graph.world import World
from tests.simulators.ledger import Call

HTML = "text/html; charset=utf-8"
FOUND, BAD_REQUEST = 302, 400


class LoginDialog:
    """Asks people for one app."""

    def __init__(self, app: App, world: World) -> None:
        self.codes = Codes()
        self.signed_in = ""
        """The person whose browser this is; empty: the dialog asks who is there first."""
        self.require_state = True
        """Whether a login without `state` is refused: Meta itself only recommends one."""
        self._app = app
        self._world = world

    def answer(self, call: Call, now: float) -> Answer:
        """Show the dialog, or take the answer."""
        call.ignored = tuple(
            sorted(name for name in call.params if name not in KNOWN_PARAMETERS and not name.startswith(pages.OURS))
        )
        try:
            request = read_login_request(call.params, self._app, require_state=self.require_state)
        except DialogRefused as refused:
            return Answer(BAD_REQUEST, pages.refusal_page(refused).encode(errors="replace"), HTML)
        asked = {name: str(value) for name, value in call.params.items() if not name.startswith(pages.OURS)}
        admin = self._world.admins.get(str(call.params.get(pages.PERSON) or self.signed_in))
        if admin is None:
            return _html(pages.sign_in_page(self._app.name, self._world.admins.values(), asked))
        if call.http_method == "POST":
            return _redirect(self._decided(request, admin, call.params, now))
        return _html(self._consent(request, admin, asked))

    def _agree(
        self, admin: Admin, request: LoginRequest, *, permissions: tuple[str, ...], ticked: frozenset[str] | None
    ) -> None:
        """Write down what a person allows; what was shown and not allowed is declined."""
        for name in self._shown(request, admin):
            admin.permissions[name] = GRANTED if name in permissions else DECLINED
        admin.permissions[ALWAYS_GRANTED] = GRANTED
        admin.ticked = ticked

    def _consent(self, request: LoginRequest, admin: Admin, asked: Mapping[str, str]) -> str:
        run = [self._world.pages[page_id] for page_id in admin.roles]
        boxes = () if request.all_or_none else self._shown(request, admin)
        return pages.consent_page(self._app.name, admin, run, boxes, asked)

    def _shown(self, request: LoginRequest, admin: Admin) -> tuple[str, ...]:
        """Return the permissions that the dialog asks for: all but those declined earlier, unless asked anew."""
        return tuple(
            name
            for name in request.permissions
            if name != ALWAYS_GRANTED
            and (request.rerequest or request.all_or_none or admin.permissions.get(name) != DECLINED)
        )

    def _decided(self, request: LoginRequest, admin: Admin, form: Mapping[str, str], now: float) -> str:
        if form.get(pages.ANSWER) != pages.CONTINUE:
            return request.denied()
        shown = self._shown(request, admin)
        ticked_boxes = tuple(name for name in shown if pages.PERMISSION + name in form)
        ticked = frozenset(page_id for page_id in admin.roles if pages.PAGE + page_id in form)
        self._agree(
            admin,
            request,
            permissions=shown if request.all_or_none else ticked_boxes,
            ticked=None if pages.EVERY_PAGE in form else ticked,
        )
        return request.granted(self.codes.issue(admin, request.redirect_uri, now, system_user=request.system_user))


def _html(text: str) -> Answer:
    return Answer(body=text.encode(errors="replace"), content_type=HTML, headers={"Cache-Control": "no-store"})


def _redirect(url: str) -> Answer:
    return Answer(FOUND, content_type=HTML, headers={"Location": url})
