"""Text in several scripts."""

from hypothesis import strategies as st

SCRIPTS = st.lists(
    st.sampled_from(
        ["the", "government", "announced", "a", "欢", "迎", "，", "。", "Python", "!", "x" * 60, "é", "한국"]
    ),
    max_size=60,
)
