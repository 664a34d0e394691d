"""What hypothesis draws from in several tests."""

from hypothesis import strategies as st

any_text = st.text(st.characters(exclude_categories=()))
"""Every text that Python can hold, halves of surrogate pairs included, as attackers send no clean Unicode."""

STALLED_CHANGES = st.one_of(
    st.tuples(st.just("step"), st.tuples(st.integers(0, 3), st.integers(1, 20))),
    st.tuples(st.just("step"), st.tuples(st.integers(0, 3), st.just(150))),
    st.tuples(
        st.sampled_from(["bind", "move", "move", "hand_out", "acknowledge", "lose"]), st.sampled_from(["acme", "beta"])
    ),
    st.tuples(st.just("unbind"), st.none()),
    st.tuples(st.just("sweep"), st.none()),
    st.tuples(st.just("stale"), st.none()),
    st.tuples(st.just("offer"), st.integers(0, 1)),
)
"""What happens to one page: see `tests.support.stalling.History`."""
