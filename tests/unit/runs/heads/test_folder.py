"""The shared output folder: options and tasks that it remembers, and those that it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.runs.heads.results import result

from tlpo.errors import UserError
from tlpo.head_selection.tasks import Example, Task
from tlpo.runs.heads.folder import HeadsFolder, ResultsFile
from tlpo.runs.heads.records import lines_of, read_results

DEFAULTS = {"shots": 10, "model": "m"}


def task(name: str, output: str = "y") -> Task:
    one = (Example("x", output),)
    return Task(name, one, one, one)


def opened(path: Path, **given: Any) -> tuple[HeadsFolder, dict[str, Any]]:
    folder = HeadsFolder(path)
    options = folder.claim("extract", given, DEFAULTS)
    folder.tasks(["a"], task)
    folder.seeds([])
    folder.save()
    return folder, options


def test_options_left_out_are_those_of_before(tmp_path: Path) -> None:
    assert opened(tmp_path / "run", shots=3, model=None)[1] == {"shots": 3, "model": "m"}
    assert opened(tmp_path / "run", shots=None)[1] == {"shots": 3, "model": "m"}
    assert opened(tmp_path / "run", shots=3)[1] == {"shots": 3, "model": "m"}


def test_another_option_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    folder, _ = opened(tmp_path / "run", shots=3)
    folder.embedding("a", 0).mkdir(parents=True)
    before = (tmp_path / "run" / "settings.json").read_bytes()
    with pytest.raises(UserError, match="shots was 3, now 4"):
        opened(tmp_path / "run", shots=4)
    assert (tmp_path / "run" / "settings.json").read_bytes() == before


def test_settings_that_nothing_came_of_are_replaced(tmp_path: Path) -> None:
    """A first command that failed, for example because its prompts were too long, fixes nothing."""
    opened(tmp_path / "run", shots=30)
    assert opened(tmp_path / "run", shots=3)[1]["shots"] == 3
    assert HeadsFolder(tmp_path / "run").tasks(["a"], lambda name: task(name, "other"))["a"].test[0].output == "other"
    assert opened(tmp_path / "run")[1]["shots"] == 3


def test_tasks_and_seeds_are_remembered(tmp_path: Path) -> None:
    folder = HeadsFolder(tmp_path / "run")
    folder.tasks(["a", "b", "a"], task)
    assert folder.seeds([2, 0, 2]) == [2, 0]
    folder.save()
    again = HeadsFolder(tmp_path / "run")
    assert list(again.tasks([], task)) == ["a", "b"]
    assert again.seeds([]) == [2, 0]
    assert list(again.tasks(["c"], task)) == ["c"]
    assert again.seeds([1]) == [1]
    again.save()
    assert HeadsFolder(tmp_path / "run").seeds([]) == [2, 0, 1]


def test_a_changed_task_is_refused(tmp_path: Path) -> None:
    ResultsFile(opened(tmp_path / "run")[0].results_path).add(result("a", "icl", [1]))
    with pytest.raises(UserError, match="another task 'a'"):
        HeadsFolder(tmp_path / "run").tasks(["a"], lambda name: task(name, "other"))


def test_two_tasks_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="two tasks are named 'a'"):
        HeadsFolder(tmp_path / "run").tasks(["here/a", "there/a"], lambda source: task(Path(source).name))


def test_no_task_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give --task"):
        HeadsFolder(tmp_path / "run").tasks([], task)


@pytest.mark.parametrize(
    "content",
    [
        "{", "[]", "{}", "3", '{"tasks": [], "seeds": []}', '{"tasks": {}, "seeds": ["0"]}',
        '{"tasks": {"a": 3}, "seeds": [0]}', '{"tasks": {"a": {"source": "a"}}, "seeds": [0]}',
        '{"tasks": {}, "seeds": [0], "fit": [100]}',
    ],
)  # fmt: skip
def test_damaged_settings(tmp_path: Path, content: str) -> None:
    (tmp_path / "settings.json").write_text(content)
    with pytest.raises(UserError, match="damaged"):
        HeadsFolder(tmp_path)


def test_other_peoples_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="holds other files"):
        HeadsFolder(tmp_path)
    with pytest.raises(UserError, match="is a file"):
        HeadsFolder(tmp_path / "thesis.txt")
    (tmp_path / "new" / "settings.json").mkdir(parents=True)
    with pytest.raises(UserError, match="holds other files"):
        HeadsFolder(tmp_path / "new")


def test_results_survive_a_kill_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    first, second = result("a", "site", [1, 0]), result("a", "icl", [1, 1], None)
    path.write_text(lines_of([first]) + lines_of([second])[:20])
    known = ResultsFile(path)
    assert known.has("a", "site", 0)
    assert not known.has("a", "icl", None)
    known.add(second)
    assert read_results(path) == [first, second]
    assert ResultsFile(path).get("a", "icl", None) == second


def test_a_kill_in_the_middle_of_the_first_line_loses_nothing_else(tmp_path: Path) -> None:
    path, first = tmp_path / "results.jsonl", result("a", "site", [1, 0])
    path.write_text(lines_of([first])[:20])
    ResultsFile(path).add(first)
    assert read_results(path) == [first]


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "analysis").write_text("mine")
    with pytest.raises(UserError, match="analysis is a file"):
        ResultsFile(tmp_path / "analysis" / "patching.jsonl").add(result("a", "soft", [1]))


def test_a_foreign_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(lines_of([result("a", "site", [1])]) + '{"task": "a"}\n')
    with pytest.raises(UserError, match=r"results\.jsonl, line 2"):
        ResultsFile(path)
