"""Meta's webhooks as values: signature, challenge, and what a body holds."""

import json
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from relay.core.errors import BadSignature, ChallengeRefused, MalformedBody
from relay.core.webhook import Incoming, Split, answer_challenge, split, verify_signature
from tests.support import facebook
from tests.support.strategies import any_text

SECRET = SecretStr("app-secret-example")
VECTOR_BODY = (
    rb'{"object":"page","entry":[{"id":"1","time":1,"messaging":[{"sender":{"id":"2"},"recipient":{"id":"1"},'
    rb'"timestamp":1,"message":{"mid":"m_1","text":"\u00e4\u00f6 https:\/\/x.test"}}]}]}'
)
VECTOR_SIGNATURE = "sha256=0b4f9b9e0accf0733378842afbd2da4ce96166e0e0c5a9f82ef10fd56750c818"


def one_entry(entry: bytes) -> bytes:
    return b'{"object":"page","entry":[' + entry + b"]}"


class TestVerifySignature:
    def test_metas_form_is_signed_byte_for_byte(self) -> None:
        assert len(VECTOR_BODY) == 183
        verify_signature(VECTOR_SIGNATURE, VECTOR_BODY, app_secret=SECRET)

    @pytest.mark.parametrize(
        ("header", "body"),
        [
            pytest.param(None, VECTOR_BODY, id="missing"),
            pytest.param("", VECTOR_BODY, id="empty"),
            pytest.param("sha256=", VECTOR_BODY, id="no signature after the scheme"),
            pytest.param(VECTOR_SIGNATURE.removeprefix("sha256="), VECTOR_BODY, id="no scheme"),
            pytest.param(VECTOR_SIGNATURE.replace("sha256", "SHA256"), VECTOR_BODY, id="another scheme's name"),
            pytest.param("sha1=83e0d62300b0da999bfb32f112010ccd38747e45", VECTOR_BODY, id="the legacy scheme"),
            pytest.param(VECTOR_SIGNATURE.upper().replace("SHA256", "sha256"), VECTOR_BODY, id="upper case"),
            pytest.param(VECTOR_SIGNATURE[:-1], VECTOR_BODY, id="cut off"),
            pytest.param(VECTOR_SIGNATURE + "0", VECTOR_BODY, id="too long"),
            pytest.param(VECTOR_SIGNATURE, VECTOR_BODY + b" ", id="another body"),
            pytest.param(VECTOR_SIGNATURE, json.dumps(json.loads(VECTOR_BODY)).encode(), id="written anew"),
            pytest.param("sha256=\u00e4", VECTOR_BODY, id="beyond ASCII"),
            pytest.param("sha256=\udcff", VECTOR_BODY, id="bytes that are no text"),
            pytest.param("sha256=\ud800", VECTOR_BODY, id="half a character"),
        ],
    )
    def test_anything_else_is_refused(self, header: str | None, body: bytes) -> None:
        with pytest.raises(BadSignature):
            verify_signature(header, body, app_secret=SECRET)

    @given(header=st.none() | any_text | any_text.map("sha256=".__add__), body=st.binary())
    def test_any_header_and_body_is_refused_with_our_one_error(self, header: str | None, body: bytes) -> None:
        with pytest.raises(BadSignature):
            verify_signature(header, body, app_secret=SECRET)

    def test_the_error_repeats_neither_secret_nor_signature(self) -> None:
        with pytest.raises(BadSignature) as refused:
            verify_signature(VECTOR_SIGNATURE, b"{}", app_secret=SECRET)

        assert SECRET.get_secret_value() not in str(refused.value)
        assert VECTOR_SIGNATURE not in str(refused.value)


class TestAnswerChallenge:
    TOKEN = SecretStr("verify-token-example")
    QUERY: Mapping[str, str] = {
        "hub.mode": "subscribe",
        "hub.challenge": "1158201444",
        "hub.verify_token": "verify-token-example",
    }

    def test_the_challenge_comes_back_verbatim(self) -> None:
        assert answer_challenge(self.QUERY, verify_token=self.TOKEN) == "1158201444"

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"hub.verify_token": "verify-token-exampl"}, id="a shorter token"),
            pytest.param({"hub.verify_token": ""}, id="an empty token"),
            pytest.param({"hub.verify_token": "\u00e4"}, id="a token beyond ASCII"),
            pytest.param({"hub.verify_token": "\ud800"}, id="half a character"),
            pytest.param({"hub.mode": "unsubscribe"}, id="another mode"),
            pytest.param({"hub.mode": ""}, id="no mode"),
        ],
    )
    def test_another_token_or_mode_is_refused(self, change: dict[str, str]) -> None:
        with pytest.raises(ChallengeRefused):
            answer_challenge({**self.QUERY, **change}, verify_token=self.TOKEN)

    def test_a_request_without_parameters_is_refused(self) -> None:
        with pytest.raises(ChallengeRefused):
            answer_challenge({}, verify_token=self.TOKEN)


class TestSplit:
    def test_each_item_of_each_entry_is_cut_out_in_order(self) -> None:
        body = rb"""
        { "object" : "page" , "entry" : [
            {"id":"11", "time":1, "messaging": [ {"a" : "\u00e4\/" } , {"b":[1, 2]}], "standby":[{"c":null}]},
            {"changes": [{"field":"feed"}], "id":"22", "time":2},
            {"id":"11", "messaging":[{"d":1.50}]}
        ]}"""

        assert split(body) == Split(
            "page",
            [
                Incoming("11", "messaging", rb'{"a" : "\u00e4\/" }'),
                Incoming("11", "messaging", b'{"b":[1, 2]}'),
                Incoming("11", "standby", b'{"c":null}'),
                Incoming("22", "changes", b'{"field":"feed"}'),
                Incoming("11", "messaging", b'{"d":1.50}'),
            ],
            [],
        )

    def test_a_thousand_updates_of_a_thousand_pages_come_out(self) -> None:
        body = facebook.body(*(facebook.entry(str(page), facebook.message(str(page), "hi")) for page in range(1, 1001)))

        assert [item.page_id for item in split(body).items] == [str(page) for page in range(1, 1001)]

    def test_the_same_item_twice_stays_twice(self) -> None:
        # Meta repeats; the site's unique keys make repeats harmless, the relay looks into nothing.
        assert split(one_entry(b'{"id":"1","messaging":[{"a":1},{"a":1}]}')).items == [
            Incoming("1", "messaging", b'{"a":1}'),
            Incoming("1", "messaging", b'{"a":1}'),
        ]

    @pytest.mark.parametrize(
        ("written", "page"),
        [
            pytest.param(b'"1122"', "1122", id="text"),
            pytest.param(b"1122", "1122", id="number"),
            pytest.param(b'"9007199254740993001"', "9007199254740993001", id="beyond 2^53"),
            pytest.param(b"90071992547409930010123456789", "90071992547409930010123456789", id="number beyond 2^64"),
            pytest.param(rb'"\u0031\u0032"', "12", id="escaped"),
        ],
    )
    def test_a_page_is_named_by_digits(self, written: bytes, page: str) -> None:
        body = one_entry(b'{"id":' + written + b',"messaging":[{}]}')

        assert split(body).items == [Incoming(page, "messaging", b"{}")]

    @pytest.mark.parametrize(
        "entry",
        [
            pytest.param(b"null", id="null"),
            pytest.param(b"17", id="a number"),
            pytest.param(b"[]", id="a list"),
            pytest.param(b"{}", id="an empty object"),
            pytest.param(b'{"messaging":[{}]}', id="no id"),
            pytest.param(b'{"id":"","messaging":[{}]}', id="an empty id"),
            pytest.param(b'{"id":"me","messaging":[{}]}', id="a name"),
            pytest.param(b'{"id":-1,"messaging":[{}]}', id="a negative number"),
            pytest.param(b'{"id":1.5,"messaging":[{}]}', id="a fraction"),
            pytest.param(b'{"id":1e3,"messaging":[{}]}', id="a number with an exponent"),
            pytest.param(b'{"id":true,"messaging":[{}]}', id="true"),
            pytest.param(b'{"id":null,"messaging":[{}]}', id="null as id"),
            pytest.param(b'{"id":["1"],"messaging":[{}]}', id="a list as id"),
            pytest.param(b'{"id":"' + b"1" * 33 + b'","messaging":[{}]}', id="an id without end"),
            pytest.param('{"id":"\u0661","messaging":[{}]}'.encode(), id="digits of another script"),
            pytest.param(b'{"id":"1","time":2}', id="no array"),
            pytest.param(b'{"id":"1","messaging":[]}', id="an empty array"),
            pytest.param(b'{"id":"1","messaging":{"mid":"m_1"}}', id="an object instead of an array"),
            pytest.param(b'{"id":"1","Messaging!":[{}]}', id="an array with an impossible name"),
            pytest.param(b'{"id":"1","' + b"a" * 41 + b'":[{}]}', id="an array with a name without end"),
        ],
    )
    def test_an_odd_entry_is_kept_aside_and_costs_the_others_nothing(self, entry: bytes) -> None:
        good = b'{"id":"1","messaging":[{"good":1}]}'

        parts = split(b'{"object":"page","entry":[' + good + b"," + entry + b" ," + good + b"]}")

        assert parts.items == [Incoming("1", "messaging", b'{"good":1}')] * 2
        assert parts.odd == [entry]

    @pytest.mark.parametrize("kind", ["messaging", "standby", "changes"])
    def test_an_entry_of_which_one_array_is_none_is_delivered_in_part_and_kept_aside(self, kind: str) -> None:
        other = "changes" if kind == "messaging" else "messaging"
        entry = f'{{"id":"1","{kind}":{{"lost":"?"}},"{other}":[{{"good":1}}]}}'.encode()

        parts = split(one_entry(entry))

        assert parts.items == [Incoming("1", other, b'{"good":1}')]
        assert parts.odd == [entry]

    def test_an_array_with_an_odd_name_beside_a_good_one_is_kept_aside(self) -> None:
        entry = b'{"id":"1","Odd!":[{"lost":"?"}],"messaging_v2":[{"new":1}],"messaging":[{"good":1}]}'

        parts = split(one_entry(entry))

        assert parts.items == [Incoming("1", "messaging_v2", b'{"new":1}'), Incoming("1", "messaging", b'{"good":1}')]
        assert parts.odd == [entry]

    def test_an_array_that_meta_adds_later_is_passed_on_under_its_name(self) -> None:
        body = one_entry(b'{"id":"1","time":5,"uid":"7","calls":[{"call":1}],"messaging":[{"m":1}]}')

        assert split(body) == Split(
            "page", [Incoming("1", "calls", b'{"call":1}'), Incoming("1", "messaging", b'{"m":1}')], []
        )

    @pytest.mark.parametrize(
        ("body", "subject"),
        [
            pytest.param(b'{"object":"user","entry":[{"id":"1","messaging":[{}]}]}', "user", id="unknown"),
            pytest.param(b'{"object":"","entry":[{"id":"1","messaging":[{}]}]}', "", id="empty"),
            pytest.param(b'{"entry":[{"id":"1","messaging":[{}]}]}', "", id="missing"),
            pytest.param(b'{"object":null}', "", id="null"),
            pytest.param(b'{"object":["page"],"entry":[{"id":"1","messaging":[{}]}]}', "", id="a list"),
            pytest.param(b'{"object":"page"}', "page", id="no entries"),
            pytest.param(b'{"object":"page","entry":[]}', "page", id="an empty list of entries"),
            pytest.param(b"{}", "", id="an empty object"),
        ],
    )
    def test_a_body_about_something_else_holds_nothing(self, body: bytes, subject: str) -> None:
        assert split(body) == Split(subject, [], [])

    def test_instagram_is_routed_like_a_page(self) -> None:
        body = b'{"object":"instagram","entry":[{"id":"17841400000000000","messaging":[{}]}]}'

        assert split(body).items == [Incoming("17841400000000000", "messaging", b"{}")]

    @pytest.mark.parametrize("entries", [b'{"id":"1"}', b"null", b"17", b'"all"'])
    def test_entries_that_are_no_list_are_kept_aside(self, entries: bytes) -> None:
        assert split(b'{"object":"page","entry":' + entries + b"}") == Split("page", [], [entries])

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"object=page", id="a form"),
            pytest.param(b"[]", id="a list"),
            pytest.param(b"null", id="null"),
            pytest.param(b'{"object":"page","entry":[]', id="cut off"),
            pytest.param(b'{"object":"page","entry":[]} {}', id="two documents"),
            pytest.param(b'{"object":"page","entry":[{"id":"1","messaging":["\xff"]}]}', id="not UTF-8"),
            pytest.param(b'{"object":"page","entry":[{"id":"1","messaging":["\xed\xa0\x80"]}]}', id="CESU-8"),
            pytest.param("{}".encode("utf-16"), id="UTF-16"),
            pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
            pytest.param(b'{"object":"page","entry":[NaN]}', id="NaN"),
            pytest.param(b'{"a":' * 100_000, id="nested without end"),
            pytest.param(
                one_entry(b'{"id":"1","messaging":[' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
                id="a deep item, cut off",
            ),
        ],
    )
    def test_what_is_no_json_object_is_malformed(self, body: bytes) -> None:
        with pytest.raises(MalformedBody, match="no JSON object"):
            split(body)

    @pytest.mark.parametrize(
        ("written", "mended"),
        [
            pytest.param(rb"cut \ud83d", rb"cut \ufffd", id="the first half at the end"),
            pytest.param(rb"\uD83D\u0041", rb"\ufffd\u0041", id="the first half before a letter"),
            pytest.param(rb"\ude00!", rb"\ufffd!", id="the second half alone"),
            pytest.param(rb"\ud83d\ud83d\ude00", rb"\ufffd\ud83d\ude00", id="a half before a whole"),
            pytest.param(rb"\ude00\ud83d", rb"\ufffd\ufffd", id="the halves in the wrong order"),
            pytest.param(rb"\\ud83d \ud83d", rb"\\ud83d \ufffd", id="beside a backslash and letters"),
            pytest.param(rb"\\\ud83d", rb"\\\ufffd", id="behind a backslash"),
            pytest.param(rb"\"\/\n\u00e4 \ude00", rb"\"\/\n\u00e4 \ufffd", id="beside other escapes"),
        ],
    )
    def test_half_an_emoji_costs_itself_and_nothing_else(self, written: bytes, mended: bytes) -> None:
        # Meta cuts titles and previews by length, so half a pair does come; strict decoders refuse the whole body.
        entries = b'{"id":"1","messaging":[{"text":"' + written + rb'"},{"text":"\ud83d\ude00 \\ud83d"}]},'

        parts = split(b'{"object":"page","entry":[' + entries + b'{"id":"2","messaging":[{}]}]}')

        assert parts.items == [
            Incoming("1", "messaging", b'{"text":"' + mended + b'"}'),
            Incoming("1", "messaging", rb'{"text":"\ud83d\ude00 \\ud83d"}'),
            Incoming("2", "messaging", b"{}"),
        ]
        assert parts.odd == []
        assert json.loads(parts.items[0].payload)["text"].encode()

    @given(body=st.binary())
    def test_any_bytes_are_split_or_malformed(self, body: bytes) -> None:
        try:
            parts = split(body)
        except MalformedBody:
            return
        assert all(item.payload in body for item in parts.items)

    @given(data=st.data())
    def test_a_damaged_body_is_split_or_malformed(self, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(VECTOR_BODY)))
        end = data.draw(st.integers(start, len(VECTOR_BODY)))
        inserted = data.draw(st.binary(max_size=8) | st.sampled_from([b"[", b"]", b"{", b"}", b",", rb"\ud83d", b'"']))
        body = VECTOR_BODY[:start] + inserted + VECTOR_BODY[end:]
        try:
            parts = split(body)
        except MalformedBody:
            return
        for item in parts.items:
            json.loads(item.payload)
            item.payload.decode()


WRITTEN_ITEMS = [
    b"{}",
    b"null",
    b"-1.50e+3",
    b'"]"',
    b'{ "a" : [ 1 ,\n\t2 ] }',
    rb'{"text":"\u00e4\/\\\"}],"}',
    '{"text":"\u00e4 \U0001f600"}'.encode(),
    b'{"a":1,"a":2}',
    b'[{"id":"1","messaging":[]}]',
]
entries = st.tuples(
    st.integers(0, 10**20),
    st.lists(
        st.tuples(
            st.sampled_from(["messaging", "standby", "changes", "calls"]),
            st.lists(st.sampled_from(WRITTEN_ITEMS), min_size=1, max_size=4),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda array: array[0],
    ),
)


@given(entries=st.lists(entries, max_size=5))
def test_items_come_out_byte_for_byte_and_in_order(
    entries: Sequence[tuple[int, Sequence[tuple[str, Sequence[bytes]]]]],
) -> None:
    written = [
        b'{"id" :"%d", %s}'
        % (page, b",".join(b'"%s": [ %s ]' % (kind.encode(), b" , ".join(items)) for kind, items in arrays))
        for page, arrays in entries
    ]
    parts = split(b'{"object":"page","entry":[' + b",".join(written) + b"]}")

    assert parts.odd == []
    assert parts.items == [
        Incoming(str(page), kind, item) for page, arrays in entries for kind, items in arrays for item in items
    ]


@given(entries=st.lists(entries, max_size=5), spare=st.sampled_from([b"", b',"time":1', b',"later":{"a":1}']))
def test_a_plain_body_is_cut_just_like_any_other(
    entries: Sequence[tuple[int, Sequence[tuple[str, Sequence[bytes]]]]], spare: bytes
) -> None:
    written = [
        b'{"id":"%d"%s,%s}' % (page, spare, b",".join(b'"%s":[%s]' % (k.encode(), b",".join(i)) for k, i in arrays))
        for page, arrays in entries
    ]
    plain = b'{"object":"page","entry":[' + b",".join(written) + b"]}"
    with_something_more = b'{"later":null,' + plain[1:]

    assert split(plain) == split(with_something_more)
