"""The launcher's decisions: words, command line, packages, stamps, pauses, ports. No process of ours is started."""

from __future__ import annotations

import errno
import re
import socket
import sys

import pytest

import run
from webapp.launch import packages, serving, setup, words
from webapp.launch.children import LONGEST_PAUSE, pause
from webapp.launch.packages import Need, administrator, by_hand, provide
from webapp.launch.words import Trouble, cause_of


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("PINGYI_LANG", "en")


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "PINGYI_LANG": "zh"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "PINGYI_LANG": "en"}, "en"),
    ],
)
def test_language__own_setting_before_the_terminals(environ, language):
    assert words.language(environ) == language


def test_no_arguments__serves_this_computer_only():
    options = run.arguments([])
    assert (options.command, options.host, options.port) == ("serve", "127.0.0.1", 8000)
    assert options.workers == serving.cores()
    assert options.instance == run.ROOT / "instance"


def test_demo__has_an_instance_of_its_own():
    options = run.arguments(["demo", "--no-serve"])
    assert options.no_serve
    assert options.instance == run.ROOT / "instance" / "demo"


def test_options_without_a_command__belong_to_serve(tmp_path):
    options = run.arguments(["--host", "0.0.0.0", "--port", "8001", "--workers", "3", "--instance", str(tmp_path)])
    assert (options.command, options.host, options.port) == ("serve", "0.0.0.0", 8001)
    assert (options.workers, options.instance) == (3, tmp_path)


@pytest.mark.parametrize("wrong", [["--port", "0"], ["--port", "70000"], ["--port", "x"], ["--workers", "0"], ["prin"]])
def test_wrong_arguments__end_with_2(wrong, capsys):
    with pytest.raises(SystemExit) as end:
        run.arguments(wrong)
    assert end.value.code == 2
    assert "run.py: error:" in capsys.readouterr().err


def test_pauses__double_up_to_a_limit():
    assert [pause(n) for n in range(1, 8)] == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE]
    assert pause(10_000) == LONGEST_PAUSE


def test_port_in_use__says_so_and_names_another():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Trouble) as trouble:
            serving.listen("127.0.0.1", port)
    assert trouble.value.code == "in-use"
    assert f"127.0.0.1:{port}" in str(trouble.value)
    assert "--port" in str(trouble.value)


def test_port_just_released__is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()  # our side closes first and lingers in TIME_WAIT
    serving.listen("127.0.0.1", port)


def test_address_of_another_computer__is_refused_with_the_cause():
    with pytest.raises(Trouble) as trouble:
        serving.listen("192.0.2.1", 8000)
    assert trouble.value.code == "no-listen"


@pytest.fixture
def venv(tmp_path):
    folder = tmp_path / ".venv"
    folder.mkdir()
    (folder / "pyvenv.cfg").write_text("version = 3.11.7\n", "utf-8")
    return folder


@pytest.fixture
def locked(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("one==1 --hash=sha256:00\n", "utf-8")
    return file


def mark(locked, venv):
    setup.stamp(locked, venv).write_text(setup.digest(locked, venv), "ascii")


def test_fresh_venv__is_not_installed(locked, venv):
    assert not setup.installed(locked, venv)


def test_same_file_same_python__is_installed(locked, venv):
    mark(locked, venv)
    assert setup.installed(locked, venv)


def test_changed_lock__is_installed_again(locked, venv):
    mark(locked, venv)
    locked.write_text("one==2 --hash=sha256:11\n", "utf-8")
    assert not setup.installed(locked, venv)


def test_other_python__is_installed_again(locked, venv):
    mark(locked, venv)
    (venv / "pyvenv.cfg").write_text("version = 3.13.1\n", "utf-8")
    assert not setup.installed(locked, venv)


def test_failing_program__its_error_line_is_the_cause():
    with pytest.raises(Trouble, match=r"requirements\.txt: cannot be installed – ERROR: no such version –"):
        setup.output(
            ["sh", "-c", "echo noise; echo 'ERROR: no such version'; echo more; exit 1"],
            "no-install",
            "requirements.txt",
        )


def have(*programs):
    return lambda program: f"/usr/bin/{program}" if program in programs else None


def test_root_with_apt__may_install():
    assert administrator(have("apt-get"), 0, lambda command: False) == []


def test_user_whom_sudo_asks_nothing__may_install():
    asked = []
    assert administrator(have("apt-get", "sudo"), 1000, lambda command: asked.append(command) or True) == ["sudo", "-n"]
    assert asked == [["sudo", "-n", "true"]]


@pytest.mark.parametrize("programs", [("apt-get",), ("apt-get", "sudo"), ("sudo",), ()])
def test_user_without_rights_or_system_without_apt__may_not(programs):
    assert administrator(have(*programs), 1000, lambda command: False) is None


class Computer:
    """A system on which one package is missing until apt installs it."""

    def __init__(self, installable=True):
        self.there, self.installable, self.commands = False, installable, []
        self.need = Need(("tesseract-ocr", "tesseract-ocr-eng"), "feature-ocr", lambda: self.there)

    def run(self, command):
        self.commands.append(" ".join(command))
        self.there = self.there or ("install" in command and self.installable)
        return True


def test_missing_package_where_we_may__updates_once_and_installs(capsys):
    computer = Computer()
    assert provide([computer.need], prefix=lambda: ["sudo", "-n"], run=computer.run) == []
    assert computer.commands[0] == "sudo -n apt-get update"
    assert computer.commands[1].startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install -y")
    assert computer.commands[1].endswith("tesseract-ocr tesseract-ocr-eng")
    assert len(computer.commands) == 2
    assert "Missing" not in capsys.readouterr().out


def test_missing_package_where_we_may_not__shows_the_command_and_the_feature(capsys, monkeypatch):
    monkeypatch.setattr(packages, "by_hand", lambda names: by_hand(names, have("apt-get")))
    computer = Computer()
    assert provide([computer.need], prefix=lambda: None, run=computer.run) == [computer.need]
    assert computer.commands == []
    told = capsys.readouterr().out
    assert "sudo apt-get install -y tesseract-ocr tesseract-ocr-eng" in told
    assert "printed sheet codes cannot be read" in told


def test_package_that_does_not_install__is_told(capsys):
    computer = Computer(installable=False)
    assert provide([computer.need], prefix=list, run=computer.run) == [computer.need]
    assert "Missing tesseract-ocr" in capsys.readouterr().out


def test_later_start__tells_but_tries_nothing():
    computer = Computer()
    assert provide([computer.need], may_install=False, prefix=list, run=computer.run) == [computer.need]
    assert computer.commands == []


def test_system_without_apt__names_the_packages():
    assert by_hand(["tesseract-ocr"], have()) == words.word("by-hand", packages="tesseract-ocr")


def test_help_in_chinese__explains_in_chinese(monkeypatch, capsys):
    monkeypatch.setenv("PINGYI_LANG", "zh")
    with pytest.raises(SystemExit):
        run.arguments(["--help"])
    assert "识读进程数" in capsys.readouterr().out


def test_sentences__are_all_there_and_all_used():
    source = "".join(
        path.read_text("utf-8") for path in [run.ROOT / "run.py", *(run.ROOT / "webapp/launch").glob("*.py")]
    )
    said = set(re.findall(r"\b(?:say|word|step|Trouble)\(\"([\w-]+)\"", source))
    assert said <= set(words.WORDS)
    assert [code for code in words.WORDS if not re.search(rf'"{code}[" ]', source)] == []


def test_instance_that_is_a_file__says_so(tmp_path):
    (tmp_path / "instance").write_text("", "utf-8")
    with pytest.raises(Trouble, match="instance: data cannot be kept here – this is a file, no folder"):
        setup.prepare(tmp_path / "instance")


def test_instance_below_a_file__says_so(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(Trouble, match="a part of the path is a file"):
        setup.prepare(tmp_path / "file" / "instance")


def test_good_instance__is_made_and_left_empty(tmp_path):
    setup.prepare(tmp_path / "a" / "instance")
    assert list((tmp_path / "a" / "instance").iterdir()) == []


@pytest.mark.parametrize(("number", "words"), [(errno.EACCES, "permission denied"), (errno.EIO, "its own words")])
def test_cause_of_a_refusal__in_our_words_where_we_have_some(number, words):
    assert cause_of(OSError(number, "its own words")) == words


def test_failing_database__its_cause_is_told_and_not_the_footnote():
    code = "print('OperationalError: unable to open'); print('(Background on this error at: x)'); raise SystemExit(1)"
    with pytest.raises(Trouble, match="OperationalError: unable to open"):
        setup.output([sys.executable, "-c", code], "no-migrate", "instance")
