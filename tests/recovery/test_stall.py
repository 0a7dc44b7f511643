"""When a service has stopped answering speech."""

from asrcli.recovery.stall import StallDetector


def test_a_pause_of_the_process_is_no_time_without_an_answer() -> None:
    """Neither one whose length is known nor one after which the timeout begins again."""
    detector = StallDetector(20)
    detector.slept(60)  # nothing is due
    detector.restart(60)
    found = [detector.deadline]
    detector.speech_sent(100)
    detector.speech_sent(105)
    detector.slept(60)
    found.append(detector.deadline)
    detector.restart(170)
    found.append(detector.deadline)
    assert (detector.expire(), detector.extended) == (20, True)
    found.append(detector.deadline)
    detector.answered()
    detector.reset()
    assert [*found, detector.deadline] == [None, 180, 190, 210, None]
    assert detector.timeout_s == 20
