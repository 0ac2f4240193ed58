"""The top of the command: verbs, exit statuses, one line for every error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
import typer

from tlpo import __version__
from tlpo.cli._common import run_command
from tlpo.cli.main import VERBS, main
from tlpo.errors import UserError

TLPO = [sys.executable, "-m", "tlpo"]


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"], ["-h"], ["help"]):
        assert main(arguments) == 0
        printed = capsys.readouterr().out
        assert all(f"  {verb}" in printed for verb in VERBS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tlpo {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["detcet"], "no such verb: 'detcet' (did you mean 'detect'?)"),
        (["--detect"], "no such option: '--detect'"),
        (["detect"], "Missing argument"),
        (["detect", "-", "--langage", "ko"], "No such option: --langage"),
        (["detect", "-", "--language", "kk1"], "unknown language 'kk1' (did you mean 'kk'?)"),
        (["detect", "-", "--language", "ko", "--english", "maybe"], "neutral, confusion"),
        (["audit", "--model", "m", "--output", "o", "--num_samples", "few"], "valid integer, not 'few'; see"),
        (["audit", "--config", "no-such.yaml"], "no such config file: no-such.yaml"),
        (["detect", "no\nsuch\nfile.jsonl", "--language", "ko"], "does not exist"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert message in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("option", ["--max_new_tokens", "--max-new-tokens"])
def test_options_take_underscores_and_dashes(option: str) -> None:
    seen = []

    class Module:
        @staticmethod
        def verb(max_new_tokens: int = 1) -> None:
            seen.append(max_new_tokens)

    assert run_command(Module, "verb", [option, "7"]) == 0  # type: ignore[arg-type]
    assert seen == [7]


class ThreeKinds:
    """A verb with an option of each kind."""

    seen: ClassVar[list[tuple[object, ...]]] = []

    @classmethod
    def verb(
        cls,
        file: Path,
        rate: float = 1.0,
        gate: bool = False,
        language: str | None = None,
        more: Annotated[list[str] | None, typer.Option()] = None,
    ) -> None:
        cls.seen.append((file, rate, gate, language, more))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (Path("a"), 1e-5, True, "ko,ja", ["x", "y"])),
        (["b", "--rate", "2", "--no_gate"], (Path("b"), 2.0, False, "ko,ja", ["x", "y"])),
        (["--more", "z", "--language", "ar"], (Path("a"), 1e-5, True, "ar", ["z"])),
    ],
)
def test_options_from_yaml_give_way_to_the_command_line(
    arguments: list[str], expected: tuple[object, ...], tmp_path: Path
) -> None:
    path = tmp_path / "options.yaml"
    path.write_text("file: a\nrate: 1e-5\ngate: true\nlanguage: [ko, ja]\nmore: [x, y]\n")
    assert run_command(ThreeKinds, "verb", [*arguments, "--config", str(path)]) == 0  # type: ignore[arg-type]
    assert ThreeKinds.seen.pop() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file: a\nrate: fast\n", "valid number, not 'fast' (in {path}); see"),
        ("config: other.yaml\n", "no such option: 'config' (in {path})"),
        ("rate: 1\nrate: 2\n", "{path}, line 2: not valid YAML: 'rate' is given twice"),
    ],
)
def test_bad_values_of_a_file_name_it(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "options.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        run_command(ThreeKinds, "verb", ["--config", str(path)])  # type: ignore[arg-type]
    assert message.format(path=path) in str(caught.value)
    with pytest.raises(UserError, match=r"valid number, not 'slow'; see"):
        run_command(ThreeKinds, "verb", ["a", "--rate", "slow"])  # type: ignore[arg-type]


def test_arguments_may_stand_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list, and one alone; and Norwegian is no falsehood."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("completion\nja takk\n")
    config = tmp_path / "options.yaml"
    for files, number in ((f"[{tmp_path}/a.csv, {tmp_path}/b.csv]", 2), (f"{tmp_path}/a.csv", 1)):
        config.write_text(f"files: {files}\nlanguage: no\n")
        assert main(["metrics", "--config", str(config), "--resamples", "0"]) == 0
        printed = capsys.readouterr().out
        assert f"{number} responses in" in printed
        assert " no " in printed


def test_unknown_options_of_a_file_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "options.yaml"
    path.write_text("langage: ko\ntemperature: 0.6\nnum-samples: null\n")
    assert main(["audit", "--config", str(path)]) == 2
    assert f"no such option: 'langage' (did you mean 'language'?) (in {path})" in capsys.readouterr().err


def test_help_of_a_verb_shows_underscores(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--help"]) == 0
    printed = capsys.readouterr().out
    assert "--max_new_tokens" in printed
    assert "--max-new-tokens" not in printed


def test_ctrl_c_is_one_line_and_status_130(tmp_path: Path) -> None:
    """What was written before stays, each record being flushed."""
    output = tmp_path / "out.jsonl"
    process = subprocess.Popen(
        [*TLPO, "detect", "-", "--language", "ko", "--output", str(output)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"text": "안녕하세요"}) + "\n")
    process.stdin.flush()
    for _ in range(600):
        if output.exists() and output.stat().st_size:
            break
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == "interrupted\n"
    assert json.loads(output.read_text(encoding="utf-8"))["verdict"] == "clean"


def test_a_reader_that_leaves_is_no_error() -> None:
    line = json.dumps({"text": "안녕하세요"}) + "\n"
    process = subprocess.Popen(
        [*TLPO, "detect", "-", "--language", "ko"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.write(line.encode() * 3)
    process.stdin.close()
    assert process.stderr is not None
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0
    assert told == b""


def test_a_reader_of_a_table_that_leaves_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"completion": "안녕하세요", "language": "ko"}) + "\n", encoding="utf-8")
    process = subprocess.Popen([*TLPO, "metrics", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 0
    assert told == b""


@pytest.mark.parametrize(
    ("arguments", "closed", "told"),
    [
        ("detect - --language ko", "<&-", "error: standard input is closed: name a file, or send one in"),
        ("detect {file} --language ko", ">&-", "error: standard output is closed: send it to a file"),
        ("metrics {file}", ">&-", "error: standard output is closed: send it to a file"),
        ("--help", ">&-", "error: standard output is closed: send it to a file"),
        ("detect {file}", "2>&-", ""),
    ],
)
def test_streams_that_are_closed(arguments: str, closed: str, told: str, tmp_path: Path) -> None:
    """Status 2: the last for its records without a language, which nobody is told of."""
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "예", "completion": "예"}\n', encoding="utf-8")
    command = [*TLPO, *arguments.format(file=path).split()]
    done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", *command], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == bool(told)


def test_a_missing_verb_module_does_not_break_the_others() -> None:
    code = (
        "import sys; sys.modules['tlpo.cli.demo'] = None\n"
        "from tlpo.cli.main import main; sys.exit(main(['detect', '-h']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env={**os.environ, "COLUMNS": "100"})
    assert done.returncode == 0
    assert b"--strictness" in done.stdout
