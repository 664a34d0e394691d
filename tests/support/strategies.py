"""What hypothesis draws from in several tests."""

from hypothesis import strategies as st

any_text = st.text(st.characters(exclude_categories=()))
"""Every text that Python can hold, halves of surrogate pairs included, as attackers send no clean Unicode."""
