"""A model's content hash: deaf to names, awake to every weight."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from tests.models import tiny_model, tokenizer

from tlpo.errors import UserError
from tlpo.modeling.content import content_hash, local_folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_model().save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def adapter(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapter")
    base = tiny_model()
    base.config._name_or_path = str(model)
    get_peft_model(base, LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")).save_pretrained(folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": str(model)}))
    return folder


def test_a_renamed_copy_with_other_notes_and_times_is_the_same_model(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "another name"
    shutil.copytree(model, copy)
    (copy / "README.md").write_text("my notes")
    (copy / "trainer_state.json").write_text("{}")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({"_name_or_path": "elsewhere", **config, "transformers_version": "0"}))
    assert content_hash(copy) == content_hash(model)


def test_one_changed_weight_is_another_model(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / model.name
    shutil.copytree(model, copy)
    weights = load_file(copy / "model.safetensors")
    with torch.no_grad():
        weights["model.norm.weight"][3] += 2.0**-20
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    assert content_hash(copy) != content_hash(model)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "generation_config.json", "chat_template.jinja"])
def test_whatever_else_decides_the_output_counts(model: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    text = (copy / name).read_text() if (copy / name).exists() else "{}"
    (copy / name).write_text(text.replace("{", '{"new": 1, ', 1) if text != "{}" else "{{ messages }}")
    assert content_hash(copy) != content_hash(model)


def test_an_adapter_counts_on_the_model_and_by_itself(model: Path, adapter: Path, tmp_path: Path) -> None:
    found = content_hash(model, adapter)
    assert found not in (content_hash(model), content_hash(adapter))
    renamed = tmp_path / "renamed"
    shutil.copytree(adapter, renamed)
    assert content_hash(model, renamed) == found
    other_base = tmp_path / "base"
    shutil.copytree(model, other_base)
    (other_base / "generation_config.json").write_text("{}")
    config = json.loads((renamed / "adapter_config.json").read_text())
    (renamed / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": str(other_base)}))
    assert content_hash(model, renamed) == found  # the base that it names is not used here
    assert content_hash(renamed) != content_hash(adapter)  # but here it is


def test_folders_without_weights_and_models_that_do_not_exist(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="no safetensors weights"):
        content_hash(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        local_folder(str(tmp_path / "absent"))
    with pytest.raises(UserError, match=r"the adapter folder '.*/absent' does not exist"):
        local_folder(str(tmp_path / "absent"), kind="adapter")


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("gemma-3-270", "model", r"cannot load the model 'gemma-3-270' \(did you mean 'gemma-3-270m'\?\)"),
        ("some/none", "adapter", "cannot load the adapter 'some/none'"),
    ],
)
def test_a_name_that_is_neither_here_nor_on_the_hub(
    name: str, kind: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("no way there")

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)
    with pytest.raises(UserError, match=f"^{message}: there is no such folder here, and from the hub: no way there$"):
        local_folder(name, kind=kind)
