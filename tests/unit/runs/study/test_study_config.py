"""The file of a study: what it says, what it takes over, and everything that is wrong with it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlpo.errors import UserError
from tlpo.runs.study.config import load_study

KO = """
model: gemma
language: ko
seeds: [0, 1]
train: {max-new-tokens: 64, beta: 0.1}
evaluate: {num_samples: 2}
validate: {num_samples: 1}
methods:
  cool: {method: temperature, evaluate: {temperature: 0.6}}
  base: {method: base}
  TLPO: {method: tlpo, learning_rate: [5e-6, "1e-5"], train: {beta: 0.2}}
  DPO: {method: dpo, learning_rate: 1e-6, seeds: 7}
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_study(tmp_path: Path) -> None:
    study = load_study(written(tmp_path / "ko.yaml", KO))
    assert (study.title, study.model, study.languages) == ("ko", "gemma", ("ko",))
    assert study.output == Path("runs/studies/ko")
    assert study.base.label == "base"
    base, cool, tlpo, dpo = study.methods
    assert (base.trained, cool.trained, tlpo.trained) == (False, False, True)
    assert cool.evaluate == {"num_samples": 2, "temperature": 0.6}
    assert (tlpo.learning_rates, tlpo.seeds) == ((5e-6, 1e-5), (0, 1))
    assert tlpo.train == {"max_new_tokens": 64, "beta": 0.2}
    assert tlpo.validate == {"num_samples": 1}
    assert (dpo.learning_rates, dpo.seeds) == ((1e-6,), (7,))
    assert load_study(tmp_path / "ko.yaml", Path("elsewhere")).output == Path("elsewhere")


def test_a_study_like_another(tmp_path: Path) -> None:
    written(tmp_path / "ko.yaml", KO)
    study = load_study(written(tmp_path / "ja.yaml", "like: ko.yaml\nlanguage: [ja, zh]\ntitle: Two\n"))
    assert (study.title, study.languages, len(study.methods)) == ("Two", ("ja", "zh"), 4)
    with pytest.raises(UserError, match="is like itself"):
        load_study(written(tmp_path / "a.yaml", "like: a.yaml\n"))
    with pytest.raises(UserError, match="no such config file"):
        load_study(written(tmp_path / "b.yaml", "like: none.yaml\n"))


def test_settings_instead_of_what_the_file_says(tmp_path: Path) -> None:
    path = written(tmp_path / "ko.yaml", KO)
    study = load_study(path, settings=["language=ja", "seeds=[3]", "evaluate.limit=200", "evaluate.num_samples=8"])
    assert study.languages == ("ja",)
    assert study.methods[2].seeds == (3,)
    assert study.methods[0].evaluate == {"num_samples": 8, "limit": 200}
    for wrong in ("language", "=ja", "evaluate.=1", "jobs=[1"):
        with pytest.raises(UserError, match="--set '"):
            load_study(path, settings=[wrong])
    with pytest.raises(UserError, match=r"--set 'title.x=1': the entry 'title' has no options: write title=VALUE"):
        load_study(path, settings=["title.x=1"])
    with pytest.raises(
        UserError, match=r"--set 'evaluate.limit=1': the file says '3' where options of evaluate belong"
    ):
        load_study(path, settings=["evaluate=3", "evaluate.limit=1"])


def test_another_model_or_language_has_a_title_and_a_folder_of_its_own(tmp_path: Path) -> None:
    path = written(tmp_path / "ko.yaml", f"title: Gemma in Korean\noutput: runs/gemma\n{KO}")
    study = load_study(path, settings=["model=org/other", "language=[de, fr]"])
    assert study.title == "org/other in German, French, by ko.yaml"
    assert study.output == Path("runs/studies/ko-other-de-fr")
    assert load_study(path, settings=["language=de"]).output == Path("runs/studies/ko-gemma-de")
    named = load_study(path, settings=["language=de", "title=Mine", "output=here"])
    assert (named.title, named.output) == ("Mine", Path("here"))
    assert load_study(path, Path("there"), ["language=de"]).output == Path("there")
    kept = load_study(path, settings=["seeds=[3]"])
    assert (kept.title, kept.output) == ("Gemma in Korean", Path("runs/gemma"))
    with pytest.raises(UserError, match="xx"):
        load_study(path, settings=["language=xx"])


def test_a_row_that_is_null_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "ko.yaml", KO)
    study = load_study(path, settings=["methods.cool=null"])
    assert [method.label for method in study.methods] == ["base", "TLPO", "DPO"]
    like = written(tmp_path / "ja.yaml", f"{KO}\n  none:\n")
    assert [method.label for method in load_study(like).methods] == ["base", "cool", "TLPO", "DPO"]


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = """
modell: gemma
language: kk1
jobs: 0
max_nll_rise: much
keep_weights: some
train: {learning_rate: 1, output_dir: x}
focus: nobody
methods:
  A: {}
  B: {method: tlpo}
  C: {method: dpoo, learning_rate: 1e-6}
  D: {method: sft, learning_rate: [slow], tran: {}}
"""
    with pytest.raises(UserError) as error:
        load_study(written(tmp_path / "bad.yaml", text))
    for told in (
        "no such entry: 'modell' (did you mean 'model'?)",
        "the entry 'model' is missing",
        "unknown language 'kk1'",
        "jobs is 0: give a whole number of at least 1",
        "max_nll_rise is 'much'",
        "keep_weights is 'some' (did you mean 'none'?): choose one of chosen, all, none",
        "train: the option 'learning_rate' is the study's own",
        "train: the option 'output_dir' is the study's own",
        "focus 'nobody' is none of the methods",
        "A: say what it is",
        "B: it is trained, so give one learning_rate or several",
        "C: 'dpoo' is not trained (did you mean 'dpo'?)",
        "D: no such entry: 'tran' (did you mean 'train'?)",
        "D: learning_rate is ['slow']",
        "methods: 0 rows have 'method: base'",
    ):
        assert told in str(error.value), told
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("learning_rate: []", "A: it is trained, so give one learning_rate or several"),
        ("learning_rate: [1e-6, .nan]", "A: learning_rate is [1e-06, nan]: give a number above 0, or a list of them"),
        ("learning_rate: -1", "A: learning_rate is -1: give a number above 0"),
        ("learning_rate: [0]", "A: learning_rate is [0]: give a number above 0"),
        ("learning_rate: .inf", "A: learning_rate is inf: give a number above 0"),
        ("learning_rate: 1e-6, seeds: []", "A: seeds is []: give a whole number of at least 0, or a list of them"),
        ("learning_rate: 1e-6, seeds: [0, 1.5]", "A: seeds is [0, 1.5]: give a whole number of at least 0"),
        ("learning_rate: 1e-6, seeds: -1", "A: seeds is -1: give a whole number of at least 0"),
    ],
)
def test_rates_and_seeds_have_to_be_usable(tmp_path: Path, row: str, told: str) -> None:
    text = f"model: m\nlanguage: ko\nmethods:\n  base: {{method: base}}\n  A: {{method: tlpo, {row}}}\n"
    with pytest.raises(UserError) as error:
        load_study(written(tmp_path / "study.yaml", text.replace("1e-6", "1.0e-6")))
    assert str(error.value).startswith(f"{tmp_path / 'study.yaml'}: {told}")


@pytest.mark.parametrize("name", ["validation_prompts", "rollout_budget", "jobs", "resamples"])
@pytest.mark.parametrize("value", ["256.7", ".inf", "-.inf", ".nan", "yes", "'256.7'", "[256]"])
def test_counts_are_whole_numbers(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(UserError, match=rf": {name} is .*: give a whole number of at least 1(00)?$"):
        load_study(written(tmp_path / "ko.yaml", KO), settings=[f"{name}={value}"])


def test_whole_numbers_however_they_are_written(tmp_path: Path) -> None:
    path = written(tmp_path / "ko.yaml", KO)
    assert load_study(path, settings=["rollout_budget=256.0", "jobs='2'"]).rollout_budget == 256
    assert load_study(path, settings=["jobs='2'", "max_nll_rise=1"]).jobs == 2


def test_the_studys_own_seeds_are_told_of_once(tmp_path: Path) -> None:
    path = written(tmp_path / "ko.yaml", KO)
    with pytest.raises(UserError) as error:
        load_study(path, settings=["seeds=[]"])
    assert str(error.value) == f"{path}: seeds is []: give a whole number of at least 0, or a list of them"
    assert load_study(path, settings=["seeds="]).methods[2].seeds == (0,)


@pytest.mark.parametrize("given", ["no", "[]"])
def test_a_language_that_is_none(tmp_path: Path, given: str) -> None:
    with pytest.raises(UserError, match=r"language is .*: give the code of a language, or several, in quotes$"):
        load_study(written(tmp_path / "ko.yaml", KO), settings=[f"language={given}"])


def test_the_profile_that_decides_has_to_be_scored(tmp_path: Path) -> None:
    text = """
model: m
language: ko
profile: tlpo
validate: {profiles: [default]}
methods:
  base: {method: base}
  TLPO: {method: tlpo, learning_rate: [1e-6, 1e-5]}
"""
    path = written(tmp_path / "study.yaml", text)
    with pytest.raises(UserError, match=r"TLPO: validate.profiles is \['default'\], without the profile 'tlpo'"):
        load_study(path)
    assert load_study(path, settings=["validate.profiles=[tlpo, default]"]).profile == "tlpo"
    assert load_study(path, settings=["validate.profiles=tlpo,default"]).profile == "tlpo"
    with pytest.raises(UserError, match=r"validate.profiles is 5, without the profile 'tlpo'"):
        load_study(path, settings=["validate.profiles=5"])


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("model=[a, b]", "model is ['a', 'b']: give one text, in quotes"),
        ("title=[1]", "title is [1]: give one text, in quotes"),
        ("prompts={a: b}", "prompts is {'a': 'b'}: give one text, in quotes"),
        ("output=no", "output is False: give one text, in quotes"),
        ("profile=lbc", "profile is 'lbc' (did you mean 'lcb'?): choose one of lcb, tlpo, default"),
        ("profile=[tlpo]", "profile is '['tlpo']'"),
        (
            f"methods.{'가' * 70}={{method: cold}}",
            f"methods: the label '{'가' * 40}' cannot name a folder",
        ),
    ],
)
def test_each_wrong_entry_is_told_alone(tmp_path: Path, setting: str, told: str) -> None:
    path = written(tmp_path / "ko.yaml", KO)
    with pytest.raises(UserError) as error:
        load_study(path, settings=[setting])
    assert str(error.value).startswith(f"{path}: {told}")
    assert ";" not in str(error.value)


def test_a_label_that_is_empty(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="methods: the label '' cannot name a folder"):
        load_study(written(tmp_path / "ko.yaml", f"{KO}  '': {{method: cold}}\n"))
    assert load_study(written(tmp_path / "ko.yaml", f"{KO}  a/b: {{method: cold}}\n")).methods[-1].label == "a/b"


def test_a_row_is_set_as_a_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "ko.yaml", KO)
    with pytest.raises(UserError, match=r"^--set 'methods.TLPO.method=ppo': a row is set as a whole: write"):
        load_study(path, settings=["methods.TLPO.method=ppo"])
    study = load_study(path, settings=["methods.TLPO 1.5={method: tlpo, learning_rate: 1e-6}"])
    assert study.methods[-1].label == "TLPO 1.5"


def test_that_no_row_is_the_base_is_told_only_where_all_were_read(tmp_path: Path) -> None:
    for text, told in (
        ("  base: base", "base: 'base' is no row: write 'base: {method: ...}'"),
        ("", "the entry 'methods' is missing"),
    ):
        path = written(tmp_path / "ko.yaml", f"model: m\nlanguage: ko\nmethods:\n{text}\n")
        with pytest.raises(UserError) as error:
            load_study(path)
        assert str(error.value) == f"{path}: {told}"
