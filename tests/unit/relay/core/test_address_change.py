"""What a change makes of a site."""

import pytest
from pydantic import SecretStr

from relay.core.address_change import AddressChange
from relay.core.permission import Permission, networks_of
from relay.core.site import Site
from shared.errors import UserError

TEN, LOOPBACK = networks_of(["10.0.0.0/8"]), networks_of(["127.0.0.0/8"])
SITE = Site("acme", "https://10.1.2.3", (SecretStr("whsec_x"),), 7, Permission(TEN))


@pytest.mark.parametrize(
    ("change", "url", "permission"),
    [
        pytest.param(AddressChange("https://B.example/"), "https://b.example", Permission(TEN), id="another address"),
        pytest.param(
            AddressChange(allow_networks=LOOPBACK),
            "https://10.1.2.3",
            Permission(TEN + LOOPBACK),
            id="one more network",
        ),
        pytest.param(AddressChange(allow_networks=TEN), "https://10.1.2.3", Permission(TEN), id="the same network"),
        pytest.param(
            AddressChange("https://b.example", forbid_networks=TEN), "https://b.example", Permission(), id="one less"
        ),
        pytest.param(
            AddressChange("http://127.0.0.1", LOOPBACK, TEN, allow_insecure=True),
            "http://127.0.0.1",
            Permission(LOOPBACK, insecure=True),
            id="everything",
        ),
    ],
)
def test_what_is_named_changes_and_the_rest_stays(change: AddressChange, url: str, permission: Permission) -> None:
    assert change.applied_to(SITE) == Site("acme", url, SITE.secrets, 7, permission)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(AddressChange(), "nothing to change", id="nothing"),
        pytest.param(AddressChange("http://10.1.2.3"), "--allow-insecure", id="an address that is not allowed"),
        pytest.param(AddressChange(forbid_networks=TEN), "a private address", id="what its address needs"),
        pytest.param(
            AddressChange(forbid_networks=LOOPBACK), "127.0.0.0/8 is not among what is allowed", id="what is not there"
        ),
    ],
)
def test_what_would_not_do_is_refused_in_words(change: AddressChange, words: str) -> None:
    with pytest.raises(UserError, match=words):
        change.applied_to(SITE)


def test_https_only_is_given_back_with_the_http_address() -> None:
    site = Site("acme", "http://a.example", (), 7, Permission(insecure=True))

    with pytest.raises(UserError, match="not https"):
        AddressChange(allow_insecure=False).applied_to(site)
    assert AddressChange("https://a.example", allow_insecure=False).applied_to(site) == Site(
        "acme", "https://a.example", (), 7
    )
