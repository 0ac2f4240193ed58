"""Options from a YAML file and the command line, and everything that can be wrong with them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tlpo.config import describe, given_options, parse_config
from tlpo.errors import UserError
from tlpo.loop.config import RunConfig
from tlpo.training.config import TLPOConfig


@dataclass
class Data:
    """Options of every kind."""

    model: str = field(metadata={"help": "The model."})
    language: list[str] | None = None
    size: int = 4
    share: float | None = 0.5
    shuffle: bool = True
    lora: bool = False
    template: str | None = None
    report_to: str | list[str] | None = "none"
    extra: dict[str, Any] | str | None = None

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UserError(f"size is {self.size}: give at least 1")


@dataclass
class Other:
    """A second part of the options, with a check of its own."""

    learning_rate: float = 1e-5
    max_new_tokens: int = 8

    def __post_init__(self) -> None:
        if self.learning_rate < 0:
            raise ValueError(f"learning_rate is {self.learning_rate}:\n give a positive number")


def parse(*args: str, yaml: str | None = None, folder: Path | None = None) -> tuple[Data, Other]:
    words = list(args)
    if yaml is not None:
        assert folder is not None
        (folder / "run.yaml").write_text(yaml, encoding="utf-8")
        words = ["--config", str(folder / "run.yaml"), *words]
    data, other = parse_config((Data, Other), words)
    return data, other


def complaint(*args: str, yaml: str | None = None, folder: Path | None = None) -> str:
    with pytest.raises(UserError) as raised:
        parse(*args, yaml=yaml, folder=folder)
    assert "\n" not in str(raised.value)
    return str(raised.value)


class TestValues:
    def test_the_defaults(self) -> None:
        assert parse("--model", "m") == (Data(model="m"), Other())

    def test_every_kind_from_yaml(self, tmp_path: Path) -> None:
        data, other = parse(
            yaml="model: m\nlanguage: [ko, ja]\nsize: 2\nshare: .25\nshuffle: no\nlora: true\nextra: {a: [1, 2]}\n"
            "learning_rate: 1e-4  # a word, as YAML 1.1 has it\n",
            folder=tmp_path,
        )
        assert data == Data("m", ["ko", "ja"], 2, 0.25, False, True, None, "none", '{"a": [1, 2]}')
        assert other.learning_rate == 1e-4

    def test_every_kind_from_the_command_line(self) -> None:
        words = "--model=m --language ko ja --size 2 --share 2.5e-1 --shuffle false --lora --learning-rate 1e-4"
        data, other = parse(*words.split())
        assert data == Data("m", ["ko", "ja"], 2, 0.25, False, True)
        assert other.learning_rate == 1e-4

    def test_the_command_line_wins(self, tmp_path: Path) -> None:
        data, other = parse("--size", "3", yaml="model: m\nsize: 2\nmax-new-tokens: 9\n", folder=tmp_path)
        assert (data.size, other.max_new_tokens) == (3, 9)

    def test_the_last_of_two_wins(self) -> None:
        assert parse("--model", "m", "--size", "2", "--size", "3")[0].size == 3

    def test_a_null_leaves_the_default(self, tmp_path: Path) -> None:
        assert parse(yaml="model: m\nshare: null\nlanguage:\n", folder=tmp_path)[0] == Data("m")

    def test_a_list_of_one_and_one_word_are_the_same(self, tmp_path: Path) -> None:
        assert parse(yaml="model: m\nlanguage: ko\n", folder=tmp_path)[0].language == ["ko"]
        assert parse(yaml="model: m\nlanguage: [ko]\n", folder=tmp_path)[0].language == ["ko"]

    @pytest.mark.parametrize(
        ("given", "codes"), [("no", ["no"]), ("[ko, no]", ["ko", "no"]), ("off", ["off"]), ("'no'", ["no"])]
    )
    def test_norwegian_is_no_falsehood(self, given: str, codes: list[str], tmp_path: Path) -> None:
        text = f"model: m\nlanguage: {given}\nshuffle: no\nextra: {{language: {given}, think: no}}\n"
        data, _ = parse(yaml=text, folder=tmp_path)
        assert (data.language, data.shuffle) == (codes, False)
        assert isinstance(data.extra, str)
        inner = json.loads(data.extra)
        assert (inner["language"], inner["think"]) == (codes if given[0] == "[" else codes[0], False)

    def test_keys_that_come_from_an_anchor_may_be_given_anew(self, tmp_path: Path) -> None:
        text = "model: m\nextra:\n  a: &a {x: 1, y: 1}\n  b: &b {<<: *a, y: 2}\n  c: {<<: *b, y: 3}\n"
        data, _ = parse(yaml=text, folder=tmp_path)
        assert isinstance(data.extra, str)
        assert json.loads(data.extra)["c"] == {"x": 1, "y": 3}

    @pytest.mark.parametrize(
        ("given", "expected"), [("wandb", "wandb"), ("wandb tensorboard", ["wandb", "tensorboard"])]
    )
    def test_one_word_or_several(self, given: str, expected: Any) -> None:
        assert parse("--model", "m", "--report_to", *given.split())[0].report_to == expected

    @pytest.mark.parametrize("value", ["-1.5", "- {prompt} -", "--{prompt}", "a=b", "", "질문: {prompt}\n답:"])
    def test_values_may_hold_anything(self, value: str) -> None:
        assert parse("--model", "m", f"--template={value}")[0].template == value

    def test_negative_numbers(self, tmp_path: Path) -> None:
        assert parse("--model", "m", "--share", "-1.5")[0].share == -1.5
        assert parse(yaml="model: m\nshare: -1e-3\n", folder=tmp_path)[0].share == -1e-3

    def test_an_empty_file_holds_no_options(self, tmp_path: Path) -> None:
        assert parse("--model", "m", yaml="# nothing yet\n", folder=tmp_path) == (Data("m"), Other())


class TestProblems:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("model: m\nsize: 2\nsize: 3\n", "line 3: not valid YAML: 'size' is given twice"),
            ("model: m\nextra:\n  a: 1\n  a: 1\n", "line 4: not valid YAML: 'a' is given twice"),
            ("model: m\nlearning-rate: 1\nlearning_rate: 2\n", "once with dashes and once with underscores"),
        ],
    )
    def test_an_option_given_twice(self, text: str, message: str, tmp_path: Path) -> None:
        assert message in complaint(yaml=text, folder=tmp_path)

    def test_a_file_names_no_other(self, tmp_path: Path) -> None:
        assert "no such option: 'config'" in complaint(yaml="model: m\nconfig: other.yaml\n", folder=tmp_path)

    def test_an_unknown_option_with_the_nearest_known(self, tmp_path: Path) -> None:
        assert complaint("--model", "m", "--langauge", "ko") == "no such option: 'langauge' (did you mean 'language'?)"
        assert complaint(yaml="model: m\nlearning-rat: 1\n", folder=tmp_path) == (
            f"no such option: 'learning_rat' (in {tmp_path}/run.yaml) (did you mean 'learning_rate'?)"
        )
        assert complaint("--model", "m", "--zzz", "1") == "no such option: 'zzz'"

    def test_options_are_not_shortened(self) -> None:
        assert "no such option: 'lang'" in complaint("--model", "m", "--lang", "ko")

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("--size many", "option size: invalid int value: 'many'"),
            ("--learning_rate fast", "option learning_rate: invalid float value: 'fast'"),
            ("--learning-rate", "option learning_rate: expected one argument"),
            ("--size 1 2 3", "option size: takes one value, not 3"),
            ("--lora maybe", "option lora: Truthy value expected"),
        ],
    )
    def test_a_value_of_the_wrong_kind(self, words: str, message: str) -> None:
        assert complaint("--model", "m", *words.split()).startswith(message)

    def test_the_file_is_named_unless_the_command_line_overrides_it(self, tmp_path: Path) -> None:
        text = complaint(yaml="model: m\nsize: many\n", folder=tmp_path)
        assert text == f"option size: invalid int value: 'many' (in {tmp_path}/run.yaml)"
        text = complaint("--size", "few", yaml="model: m\nsize: many\n", folder=tmp_path)
        assert text == "option size: invalid int value: 'few'"

    def test_a_missing_option(self) -> None:
        assert complaint() == "option --model is missing: give it on the command line or in the --config file"

    def test_all_of_them_at_once(self, tmp_path: Path) -> None:
        text = complaint("--langauge", "ko", "--share", "x", yaml="size: 0\nlearning_rate: -1\n", folder=tmp_path)
        assert text == (
            "no such option: 'langauge' (did you mean 'language'?); option share: invalid float value: 'x'; "
            "option --model is missing: give it on the command line or in the --config file; "
            "learning_rate is -1.0: give a positive number"
        )
        text = complaint("--model", "m", "--size", "0", "--learning_rate", "-1")
        assert text == "size is 0: give at least 1; learning_rate is -1.0: give a positive number"

    def test_what_is_not_an_option(self) -> None:
        assert complaint("run.yaml") == "unexpected 'run.yaml': options are written --name value"
        assert complaint("--config") == "--config needs exactly one file"
        assert complaint("--config", "a", "b") == "--config needs exactly one file"

    def test_a_missing_file(self, tmp_path: Path) -> None:
        assert complaint("--config", f"{tmp_path}/absent.yaml") == f"no such config file: {tmp_path}/absent.yaml"

    def test_a_folder_for_a_file(self, tmp_path: Path) -> None:
        assert complaint("--config", str(tmp_path)).startswith(f"{tmp_path} cannot be read: ")

    def test_bad_yaml_with_its_line(self, tmp_path: Path) -> None:
        text = complaint(yaml="model: m\nlanguage: [ko\nsize: 3\n", folder=tmp_path)
        assert text.startswith(f"{tmp_path}/run.yaml, line 3: not valid YAML: ")

    @pytest.mark.parametrize("yaml", ["- model\n- m\n", "model\n", "1: 2\n"])
    def test_yaml_that_is_no_mapping(self, yaml: str, tmp_path: Path) -> None:
        assert "write lines like 'learning_rate: 1e-5'" in complaint(yaml=yaml, folder=tmp_path)

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "run.yaml").write_bytes(b"model: \xff\xfe\n")
        assert "run.yaml cannot be read" in complaint("--config", str(tmp_path / "run.yaml"))


def test_what_is_given_before_anything_is_checked(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("method: dpo\nsize: 3\n", encoding="utf-8")
    words = ["--config", str(tmp_path / "run.yaml"), "--size=4", "--extra-thing", "a", "b"]
    assert given_options(words) == {"method": "dpo", "size": ["4"], "extra_thing": ["a", "b"]}


def test_unknown_options_may_be_explained() -> None:
    def elsewhere(names: list[str]) -> str:
        assert names == ["beta", "sizze"]
        return "another method knows 'beta'"

    with pytest.raises(UserError) as raised:
        parse_config((Data,), ["--model", "m", "--beta", "1", "--sizze", "2"], elsewhere=elsewhere)
    assert str(raised.value) == "another method knows 'beta'; no such option: 'sizze' (did you mean 'size'?)"


class TestTheRealOptions:
    def test_those_of_the_project_and_of_the_library(self, tmp_path: Path) -> None:
        run, args = parse_config(
            (RunConfig, TLPOConfig),
            ["--model", "m", "--language", "ko,ja", "zh", "--output_dir", str(tmp_path), "--use_cpu", "--recipe=paper",
             "--report_to", "none", "--lr_scheduler_kwargs", '{"num_cycles": 2}', "--optim_target_modules", "a", "b",
             "--lr_scheduler_type", "cosine_with_restarts", "--gradient-accumulation-steps", "2"],
        )  # fmt: skip
        assert run.language == ["ko", "ja", "zh"]
        assert (args.recipe, args.num_generations, args.report_to) == ("paper", 8, [])
        assert (args.lr_scheduler_kwargs, args.optim_target_modules) == ({"num_cycles": 2}, ["a", "b"])
        assert args.gradient_accumulation_steps == 2

    def test_the_problems_of_both(self, tmp_path: Path) -> None:
        with pytest.raises(UserError) as raised:
            parse_config(
                (RunConfig, TLPOConfig),
                ["--model", "m", "--lora_r", "0", "--output_dir", str(tmp_path), "--temprature", "1",
                 "--kl_estimator", "k2", "--lr_scheduler_type", "linaer", "--save_strategy", "never"],
            )  # fmt: skip
        text = str(raised.value)
        assert "\n" not in text
        for part in ("'temprature' (did you mean 'temperature'?)", "lora_r is 0", "kl_estimator is 'k2'"):
            assert part in text

    @pytest.mark.parametrize(
        ("option", "value"), [("lr_scheduler_type", "linaer"), ("save_strategy", "never"), ("optim", "sgdd")]
    )
    def test_what_the_library_refuses(self, option: str, value: str, tmp_path: Path) -> None:
        words = ["--model", "m", "--output_dir", str(tmp_path), "--use_cpu", f"--{option}", value]
        with pytest.raises(UserError, match=value) as raised:
            parse_config((RunConfig, TLPOConfig), words)
        assert "\n" not in str(raised.value)

    def test_described(self) -> None:
        assert [name for name, _, _ in describe(RunConfig)][:4] == ["model", "method", "language", "prompts"]
        own = {name: (default, text) for name, default, text in describe(TLPOConfig)}
        assert own["early_stop"] == (True, "Stop a response once its confusion point is certain.")
        assert "adam_beta1" not in own
        everything = {name for name, _, _ in describe(TLPOConfig, own=False)}
        assert everything > {*own, "adam_beta1", "gradient_checkpointing"}
        assert all(text for _, (_, text) in own.items())
