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
    assert detector.expire() == 20
    detector.next_task()
    detector.speech_sent(200)
    found.append(detector.deadline)
    detector.answered()
    detector.reset()
    assert [*found, detector.deadline] == [None, 180, 190, 240, None]
    assert detector.timeout_s == 20


def test_sound_is_in_doubt_only_after_a_task_that_did_not_answer_it() -> None:
    """Not while that task ends, and not after a transcript."""
    detector = StallDetector(20)
    detector.speech_sent(0)
    found = [(detector.expire(), detector.extended)]
    detector.next_task()
    found.append((detector.timeout_s, detector.extended))
    detector.next_task()
    found.append((detector.timeout_s, detector.extended))
    detector.expire()
    detector.reset()
    detector.next_task()
    assert [*found, (detector.timeout_s, detector.extended)] == [(20, False), (40, True), (40, True), (20, False)]
