"""Keys and their terminal: its settings are restored however the program ends, and left alone in the background."""

import os
import signal
import subprocess
import sys
import time

import pytest
from psutil import Process

from tests.support.terminal import AT_HOME, Terminal

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX terminal")

LISTENS = """
import sys, time
from asrcli.terminal.keyboard import keyboard
with keyboard(lambda key: print("key", key, flush=True)):
    print("ready", flush=True)
    {}
"""
HUSHED = """
import select, sys, time
from asrcli.terminal.keyboard import without_echo
with without_echo(1):
    print("ready", flush=True)
    {}
"""
TYPED = "select.select([sys.stdin], [], [])"  # until a line is there, however late it is typed
# Another program of the pipeline, `less` for one, gets each key after it was reported and before it is read.
TAKEN = """
import os, select
from threading import Event
from types import SimpleNamespace
from asrcli.terminal import keyboard as module
taken = Event()
def select_and_take(*files):
    ready = select.select(*files)
    if ready[0]:
        os.read(0, 1)
        taken.set()
    return ready
module.select = SimpleNamespace(select=select_and_take)
with module.keyboard(lambda key: print("key", key, flush=True)):
    print("ready", flush=True)
    taken.wait()
"""
# A shell with one job, which it puts into the background; it tells how the job ends, and how often the
# thread of the keyboard looked there whose terminal it is.
SHELL = """
import os, signal, subprocess, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
code = '''
import os, signal, time
from asrcli.terminal import keyboard as module
looks, is_ours = [], module.is_ours
module.is_ours = lambda fd: looks.append(fd) or is_ours(fd)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTTOU])
while os.tcgetpgrp(0) != os.getpgrp():
    time.sleep(0.01)
with module.keyboard(lambda key: print("key", key, flush=True)):
    print("taken", flush=True)
    while os.tcgetpgrp(0) == os.getpgrp():
        time.sleep(0.01)
    assert looks
    looks.clear()
    began = time.monotonic()
    time.sleep(1.5)
    print(len(looks), "of", int((time.monotonic() - began) / module.CHECK_S) + 2, flush=True)
'''
job = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, process_group=0)
os.tcsetpgrp(0, job.pid)
assert job.stdout.readline() == "taken\\n"
os.tcsetpgrp(0, os.getpgrp())
print("in the background", flush=True)
_, status = os.waitpid(job.pid, os.WUNTRACED)
how = "stopped" if os.WIFSTOPPED(status) else "exited"
job.returncode = 0
print(how, "looked", job.stdout.readline().strip(), "typed", sys.stdin.readline().strip(), flush=True)
"""


def program(text: str, what: str = "time.sleep(60)") -> Terminal:
    """A Python program on a terminal."""
    return Terminal([sys.executable, "-c", text.format(what) if "{}" in text else text])


@pytest.mark.parametrize("text", [LISTENS, HUSHED])
@pytest.mark.parametrize(
    "number",
    [signal.SIGQUIT, signal.SIGABRT, signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGUSR1],
)
def test_every_signal_that_can_be_caught_leaves_the_terminal_as_it_was(text: str, number: signal.Signals) -> None:
    """And the process still ends by the signal, so that its parent learns why."""
    with program(text) as terminal:
        terminal.wait_for("ready")
        assert not terminal.left_as_found
        terminal.process.send_signal(number)
        assert terminal.finish() in {-number, 1 if number == signal.SIGINT else -number}
        assert terminal.left_as_found


@pytest.mark.parametrize("text", [LISTENS, HUSHED])
@pytest.mark.parametrize("what", ["1 / 0", "sys.exit(3)", "raise KeyboardInterrupt", "pass"])
def test_every_way_out_of_the_program_does(text: str, what: str) -> None:
    """Also after an error."""
    with program(text, what) as terminal:
        terminal.finish()
        assert terminal.left_as_found


def test_quit_on_the_keyboard_does() -> None:
    """Ctrl-backslash, typed as a key."""
    with program(LISTENS) as terminal:
        terminal.wait_for("ready")
        terminal.send("\x1c")
        assert terminal.finish() == -signal.SIGQUIT
        assert terminal.left_as_found


def test_without_echo_what_is_typed_waits_for_whoever_reads_next() -> None:
    """The text is neither shown nor lost."""
    with program(HUSHED, TYPED) as terminal:
        terminal.wait_for("ready")
        terminal.send("typed ahead\r")
        terminal.finish()
        assert not any("typed" in row for row in terminal.rows())
    with program(HUSHED + "print('read', sys.stdin.readline())", TYPED) as terminal:
        terminal.wait_for("ready")
        terminal.send("typed ahead\r")
        terminal.finish()
        assert any("read typed ahead" in row for row in terminal.rows())


def test_in_the_background_nothing_is_read_nothing_is_spent_and_nothing_stops_the_end() -> None:
    """Text typed there is for another program; the end of the job must not stop it (SIGTTOU)."""
    with program(SHELL) as terminal:
        terminal.wait_for("in the background")
        terminal.send("hello\r")
        terminal.wait_for("typed hello")
        said = next(row for row in terminal.rows() if "typed hello" in row)
        assert said.startswith("exited")
        looks, most = (int(word) for word in said.split()[2:5:2])
        assert looks <= most, said


def test_a_key_that_another_program_took_does_not_keep_the_program_from_ending() -> None:
    """As in `asr mic | less`, which reads the same keyboard."""
    with program(TAKEN) as terminal:
        terminal.wait_for("ready")
        terminal.send("x")
        assert terminal.finish() == 0
        assert not any("key" in row for row in terminal.rows())
        assert terminal.left_as_found


def test_a_terminal_that_hangs_up_costs_nothing() -> None:
    """The program goes on without a keyboard and uses no CPU."""
    master, slave = os.openpty()
    text = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + LISTENS.format("time.sleep(60)")
    argv = [sys.executable, "-ISc", AT_HOME, sys.executable, "-c", text]
    with subprocess.Popen(argv, stdin=slave, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            os.close(slave)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            os.close(master)
            before = Process(process.pid).cpu_times()
            time.sleep(1.5)
            after = Process(process.pid).cpu_times()
            assert process.poll() is None
            assert after.user + after.system - before.user - before.system < 0.1
        finally:
            process.kill()
