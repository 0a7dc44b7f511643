"""What a person is told on a terminal is broken between words."""

from tests.support.terminal import on_terminal


def test_a_long_message_is_broken_between_words_on_a_terminal() -> None:
    """On 30 columns no row ends in the middle of a word, and none begins in one."""
    with on_terminal("file", "--start", "1:99", "talk.wav", "--local", columns=30) as terminal:
        assert terminal.finish() == 2
        rows = [row.strip() for row in terminal.rows() if row.strip()]
    message = "asr: --start 1:99: not a time; minutes and seconds after a colon are below 60"
    assert " ".join(rows) == message
    assert len(rows) >= 3


def test_a_question_is_broken_between_words_with_room_for_the_answer() -> None:
    """The cursor stays after it."""
    lists = [f"vocab-words-{number}" for number in range(4)]
    with on_terminal("vocab", "delete", *lists, "--url", "ws://127.0.0.1:9", columns=30) as terminal:
        terminal.wait_for("[y/N]")
        terminal.send("n\r")
        assert terminal.finish() == 2
        rows = [row.strip() for row in terminal.rows() if row.strip()]
    question = f"asr: delete {', '.join(lists)}? [y/N] n"
    assert " ".join(rows).startswith(question)
