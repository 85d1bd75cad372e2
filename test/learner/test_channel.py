"""Channels between processes: whole messages in order, and a control side that never waits."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import queue
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from bisirl_ros.learner import channel
from bisirl_ros.learner.channel import BoundedSender, Receiver, Sender, framed

pytestmark = pytest.mark.timeout(60)
PATIENCE_S = 20.0
AT_ONCE_S = 2.0
"""Beyond this somebody waited; what is measured is a thousandth, on a machine of one's own."""
LARGE = 1 << 20
SIZE = 4
SPAWN = multiprocessing.get_context("spawn")


@dataclass
class Child:
    """A process, and the control side's ends of its channels."""

    process: BaseProcess
    inbox: BoundedSender
    outbox: Receiver

    def until(self, condition: Callable[[list[Any]], object]) -> list[Any]:
        """What came back until the condition held of it."""
        came: list[Any] = []
        deadline = time.monotonic() + PATIENCE_S
        while not condition(came):
            assert time.monotonic() < deadline, f"waited in vain; {len(came)} came"
            self.inbox.flush()
            came += self.outbox.receive(SIZE)
            time.sleep(0.002)
        return came


@pytest.fixture
def start() -> Iterator[Callable[[Any], Child]]:
    """`start(target)`: a child between two channels, that is gone at the end."""
    children = []

    def make(target: Any) -> Child:
        its_inbox, inbox = SPAWN.Pipe(duplex=False)
        outbox, its_outbox = SPAWN.Pipe(duplex=False)
        process = SPAWN.Process(target=target, args=(None, Receiver(its_inbox), Sender(its_outbox)))
        process.start()
        its_inbox.close()
        its_outbox.close()
        children.append(Child(process, BoundedSender(inbox, SIZE), Receiver(outbox)))
        return children[-1]

    yield make
    for child in children:
        child.process.kill()
        child.process.join()
        child.inbox.close()
        child.outbox.close()


def pair() -> tuple[Any, Any]:
    """The two ends of a pipe: reading, writing."""
    return SPAWN.Pipe(duplex=False)


def seconds(call: Callable[[], object]) -> float:
    """How long the call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def bytes_waiting(end: Any) -> int:
    """What a pipe holds."""
    return int(struct.unpack("i", fcntl.ioctl(end.fileno(), termios.FIONREAD, bytes(4)))[0])


def test_a_message_that_comes_in_pieces_is_there_when_the_last_piece_is() -> None:
    reading, writing = pair()
    receiver, messages = Receiver(reading), [{"a": [1, None, bytes(9)]}, None, b""]
    for message in messages:
        *first, last = framed(message)
        for byte in first:
            os.write(writing.fileno(), bytes([byte]))
            assert receiver.receive(most=9) == []
        os.write(writing.fileno(), bytes([last]))
        assert receiver.receive(most=9) == [message]
    assert not receiver.closed


def test_half_a_message_of_a_writer_that_is_gone_is_discarded() -> None:
    for half in (b"", framed("lost")[:5], framed("lost")[:-1]):
        reading, writing = pair()
        receiver = Receiver(reading)
        os.write(writing.fileno(), framed("kept") + half)
        writing.close()
        assert receiver.receive(most=9) == ["kept"]
        assert receiver.closed
        assert receiver.receive(most=9) == []
        assert receiver.get(timeout=9.0) is None


def test_one_call_takes_so_many_messages_and_so_many_bytes(monkeypatch: Any) -> None:
    reading, writing = pair()
    receiver, sender = Receiver(reading), BoundedSender(writing, SIZE)
    for k in range(20):
        os.write(writing.fileno(), framed(k))
    took = [receiver.receive(most=8) for _ in range(4)]
    assert took == [[*range(8)], [*range(8, 16)], [*range(16, 20)], []]

    assert sender.put(bytes(1000))
    assert receiver.receive(most=9) == [bytes(1000)]
    monkeypatch.setattr(channel, "BYTES_PER_CALL", 64)
    monkeypatch.setattr(channel, "BYTES_AT_ONCE", 16)
    sender.put(bytes(1000))
    before = bytes_waiting(reading)
    assert sender.flush()
    assert bytes_waiting(reading) == before + 64
    assert receiver.receive(most=9) == []
    assert bytes_waiting(reading) == before
    while sender.flush():
        pass
    came = [receiver.receive(most=9) for _ in range(len(framed(bytes(1000))) // 64)]
    assert [message for messages in came for message in messages] == [bytes(1000)]


def test_nothing_to_do_costs_next_to_nothing() -> None:
    (reading, other), (another, writing) = pair(), pair()
    receiver, sender = Receiver(reading), BoundedSender(writing, SIZE)
    took = [seconds(lambda: (sender.flush(), receiver.receive(most=8))) for _ in range(500)]
    assert sorted(took)[250] < 1e-2
    assert not (other.closed or another.closed or receiver.closed)


@pytest.mark.parametrize("half", [b"", framed("message")[:-1]])
def test_get_waits_for_a_message_as_long_as_it_is_told(half: bytes) -> None:
    reading, writing = pair()
    receiver = Receiver(reading)
    os.write(writing.fileno(), half)

    def get_in_vain() -> None:
        with pytest.raises(queue.Empty):
            receiver.get(timeout=0.1)

    assert 0.09 < seconds(get_in_vain) < 5.0
    os.write(writing.fileno(), framed("message")[len(half) :])
    assert receiver.get(timeout=0.0) == "message"


def test_a_sender_that_nobody_reads_keeps_so_many_and_never_waits() -> None:
    reading, writing = pair()
    sender = BoundedSender(writing, SIZE)
    messages = [bytes([k]) * LARGE for k in range(SIZE + 3)]
    taken = []
    for message in messages:
        assert seconds(lambda m=message: taken.append(sender.put(m))) < AT_ONCE_S  # type: ignore[misc]
    assert taken == [True] * SIZE + [False] * 3
    receiver, came = Receiver(reading), []
    while sender.flush():
        came += receiver.receive(most=9)
    assert came + receiver.receive(most=9) == messages[:SIZE]
    assert sender.put("there is room again")
    assert receiver.receive(most=9) == ["there is room again"]


def test_a_sender_whose_reader_is_gone_says_so() -> None:
    reading, writing = pair()
    sender = BoundedSender(writing, SIZE)
    assert sender.put(bytes(LARGE))
    reading.close()
    assert not sender.put("message")
    assert not sender.flush()
    reading, writing = pair()
    reading.close()
    Sender(writing).put("lost")


def test_large_messages_go_round(start: Any, stand_ins: Any) -> None:
    child = start(stand_ins.echo)
    messages = [os.urandom(LARGE), "small", os.urandom(3 * LARGE), [1.5, None]]
    assert all([child.inbox.put(message) for message in messages])
    assert child.until(lambda came: len(came) == len(messages)) == messages
    child.inbox.close()  # as if the control side had died
    child.process.join(PATIENCE_S)
    assert child.process.exitcode == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_writer_that_is_cut_off_half_way_holds_up_nobody(
    start: Any, stand_ins: Any, how: signal.Signals
) -> None:
    child = start(stand_ins.write_much)
    deadline = time.monotonic() + PATIENCE_S
    while bytes_waiting(child.outbox._end) < LARGE // 32:  # a pipe holds twice that
        assert time.monotonic() < deadline, "it does not write"
        time.sleep(0.01)
    os.kill(child.process.pid, how)
    if how is signal.SIGKILL:
        child.process.join(PATIENCE_S)
    came: list[Any] = []
    assert seconds(lambda: came.extend(child.outbox.receive(most=9))) < AT_ONCE_S
    assert came == [stand_ins.TOLD]
    if how is signal.SIGKILL:
        assert child.outbox.closed
        assert not child.inbox.put("message")
    else:
        os.kill(child.process.pid, signal.SIGCONT)
        assert child.until(len) == [(bytes(LARGE), "{}")]


def test_a_reader_that_is_stopped_gets_all_that_was_kept_later(start: Any, stand_ins: Any) -> None:
    child = start(stand_ins.echo)
    assert child.inbox.put("ready")
    child.until(len)
    os.kill(child.process.pid, signal.SIGSTOP)
    messages = [bytes([k]) * LARGE for k in range(3 * SIZE)]
    taken = []
    for message in messages:
        assert seconds(lambda m=message: taken.append(child.inbox.put(m))) < AT_ONCE_S  # type: ignore[misc]
        assert seconds(lambda: child.outbox.receive(most=9)) < AT_ONCE_S
    assert taken == [True] * SIZE + [False] * 2 * SIZE
    os.kill(child.process.pid, signal.SIGCONT)
    assert child.until(lambda came: len(came) == SIZE) == messages[:SIZE]


def test_a_child_that_waits_to_write_ends_when_its_reader_is_gone(
    start: Any, stand_ins: Any
) -> None:
    child = start(stand_ins.write_much)
    child.until(len)
    child.outbox.close()
    child.inbox.close()
    child.process.join(PATIENCE_S)
    assert child.process.exitcode == 0
