"""What brought a customer to the page: a link of ours, an ad, a product. It comes with a message, a postback, or alone.

Source: https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
(`messaging_referrals`)
"""

from typing import Any

from onsite.core.model import NO_DETAILS, Details, Referral
from shared.lenient import as_id, as_object, as_text


def with_referral(value: Any) -> Details:
    """Read a `referral` as a message's details; none where it says nothing."""
    referral = _read(value)
    return NO_DETAILS if referral is None else Details(referral=referral)


def _read(value: Any) -> Referral | None:
    told = as_object(value)
    ad, product = as_object(told.get("ads_context_data")), as_object(told.get("product"))
    referral = Referral(
        source=as_text(told.get("source")) or ("PRODUCT" if product else ""),
        ref=as_text(told.get("ref")),
        ad_id=as_id(told.get("ad_id")),
        title=as_text(ad.get("ad_title")) or as_id(product.get("id")),
        url=as_text(told.get("referer_uri")) or as_text(ad.get("photo_url")) or as_text(ad.get("video_url")),
    )
    return None if referral == Referral() else referral
