"""Tasks from folders, files and the package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tlpo.errors import UserError
from tlpo.head_selection.tasks import Example, load_task, synthetic_tasks


def test_a_folder_of_mixed_kinds(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(json.dumps([{"input": "a", "output": " b "}]))
    (tmp_path / "valid.jsonl").write_text('{"input": "c", "output": "d"}\n')
    (tmp_path / "test.csv").write_text('input,output\n"e, f",g\n')
    task = load_task(tmp_path)
    assert task.name == tmp_path.name
    assert (task.train, task.valid, task.test) == ((Example("a", "b"),), (Example("c", "d"),), (Example("e, f", "g"),))


def test_a_folder_given_by_dots_has_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "opposites" / "notes"
    place.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        (place.parent / f"{split}.csv").write_text("input,output\na,b\n")
    monkeypatch.chdir(place)
    assert load_task("..").name == "opposites"
    monkeypatch.chdir(place.parent)
    assert load_task(".").name == load_task("notes/..").name == "opposites"


def test_a_file_is_split_by_input(tmp_path: Path) -> None:
    path = tmp_path / "opposites.jsonl"
    rows = [{"input": f"word{n % 20}", "output": f"out{n}"} for n in range(40)] + [{"input": "word0", "output": "out0"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = load_task(path)
    splits = [task.train, task.valid, task.test]
    assert task.name == "opposites"
    assert [len(split) for split in splits] == [
        28,
        4,
        8,
    ]  # 14, 2 and 4 inputs of two outputs each; the copy is left out
    inputs = [{example.input for example in split} for split in splits]
    assert len(inputs[0] | inputs[1] | inputs[2]) == sum(map(len, inputs)) == 20
    assert load_task(path) == task
    assert load_task(path, seed=1) != task


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"input": "a"}\n', "line 1: no 'output'"),
        ('{"input": "a", "output": 5}\n', "line 1: the 'output' is 5"),
        ('{"input": "a", "output": "b"}\n{"input": " ", "output": "b"}\n', "line 2: the 'input' is empty"),
        ('{"input": "a", "output": "b\\nc"}\n', "several lines"),
        ('{"input": "a", "output": "b"}\n', "1 different inputs"),
        ("", "no example"),
    ],
)
def test_bad_records_are_named(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "task.jsonl"
    path.write_text(content)
    with pytest.raises(UserError, match=told):
        load_task(path)


def test_folders_that_lack_a_split_or_have_it_twice(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"input": "a", "output": "b"}\n')
    with pytest.raises(UserError, match="'valid'"):
        load_task(tmp_path)
    (tmp_path / "train.csv").write_text("input,output\na,b\n")
    with pytest.raises(UserError, match=r"train\.jsonl, train\.csv"):
        load_task(tmp_path)


def test_an_unknown_name_gets_a_hint() -> None:
    with pytest.raises(UserError, match="did you mean 'first_letter'"):
        load_task("first-leter")


def test_the_synthetic_tasks_follow_their_rules() -> None:
    rules = {
        "capitalize": lambda x: x[0].upper() + x[1:],
        "first_letter": lambda x: x[0],
        "last_letter": lambda x: x[-1],
        "next_letter": lambda x: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".index(x) + 1
        ],
        "next_number": lambda x: str(int(x) + 1),
        "swap_words": lambda x: " ".join(reversed(x.split())),
        "choose_first_of_3": lambda x: x.split(", ")[0],
        "choose_last_of_3": lambda x: x.split(", ")[2],
    }
    tasks = synthetic_tasks()
    assert set(tasks) == {*rules, "plural", "past_tense"}
    for name, task in tasks.items():
        assert task == load_task(name)
        assert min(len(task.train) // 11, len(task.valid) // 5, len(task.test) // 10) >= 1
        everything = [*task.train, *task.valid, *task.test]
        assert len({example.input for example in everything}) == len(everything)
        for example in everything if name in rules else ():
            assert example.output == rules[name](example.input)
    inflected = {
        (item.input, item.output)
        for name in ("plural", "past_tense")
        for item in (*tasks[name].train, *tasks[name].valid, *tasks[name].test)
    }
    assert {("bus", "buses"), ("potato", "potatoes"), ("apple", "apples"), ("bake", "baked")} <= inflected
    assert {
        words for example in tasks["choose_first_of_3"].train for words in [len(set(example.input.split(", ")))]
    } == {3}
