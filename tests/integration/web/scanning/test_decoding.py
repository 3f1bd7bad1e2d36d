"""Uploads are decoded by a process of their own; what trips it doesn't trip the server."""

from __future__ import annotations

import io
import signal
from pathlib import Path

import numpy as np
import pytest
import stacks
from PIL import Image

from omr.errors import FileProblem
from omr.settings import StackSettings
from webapp.services import decoding


@pytest.fixture(autouse=True)
def fresh():
    """No process of another test waits."""
    decoding.close()
    yield
    decoding.close()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A page as a PNG."""
    path = tmp_path / "page"
    stream = io.BytesIO()
    stacks.foreign_page().save(stream, "PNG", dpi=(200, 200))
    path.write_bytes(stream.getvalue())
    return path


def test_page__is_the_same_as_the_file_says(picture: Path) -> None:
    grey = decoding.page(picture, 1, StackSettings())
    assert np.array_equal(grey, np.array(Image.open(picture).convert("L")))


def test_process__is_used_again_and_two_may_wait(picture: Path) -> None:
    decoding.page(picture, 1, StackSettings())
    first = decoding._idle.queue[0]
    decoding.page(picture, 1, StackSettings())
    assert list(decoding._idle.queue) == [first]


def test_picture_of_40000_px__is_refused_by_its_pixels(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(stacks.bomb())
    with pytest.raises(FileProblem) as caught:
        decoding.page(path, 1, StackSettings())
    assert str(caught.value.code) == "too-many-pixels"


def test_process_that_is_too_slow__is_ended_and_the_next_page_comes(picture: Path) -> None:
    decoding.page(picture, 1, StackSettings())
    stopped = decoding._idle.queue[0]._process
    stopped.send_signal(signal.SIGSTOP)  # hangs for ever
    with pytest.raises(FileProblem):
        decoding.page(picture, 1, StackSettings(), seconds=0.2)
    assert stopped.poll() is not None
    assert decoding.page(picture, 1, StackSettings()).shape == (2339, 1654)


def test_process_that_died__is_replaced(picture: Path) -> None:
    decoding.page(picture, 1, StackSettings())
    decoding._idle.queue[0]._process.kill()
    decoding._idle.queue[0]._process.wait()
    with pytest.raises(FileProblem):
        decoding.page(picture, 1, StackSettings())
    assert decoding.page(picture, 1, StackSettings()).shape == (2339, 1654)


def test_memory_of_the_process__is_bounded(picture: Path) -> None:
    resource = pytest.importorskip("resource")
    decoding.page(picture, 1, StackSettings())
    pid = decoding._idle.queue[0]._process.pid
    assert resource.prlimit(pid, resource.RLIMIT_AS)[0] == 4 << 30


def test_web_process__decodes_no_upload_itself() -> None:
    """The pictures' use cases reach a file through ``decoding`` alone."""
    services = Path(decoding.__file__).parent
    direct = [path.name for path in services.glob("*.py") if "omr.stack" in path.read_text("utf-8")]
    assert sorted(direct) == ["intake.py", "reading.py"], "these run in the readers"
