"""Loading by folder: what comes out, and one line for whatever is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import byte_level_tokenizer, tiny_model

from tlpo.errors import UserError
from tlpo.modeling.gguf import GGUF_MODELS
from tlpo.modeling.load import check_device, load_model, load_tokenizer, resolve_model, with_adapter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "model"
    tiny_model("llama").save_pretrained(place)
    byte_level_tokenizer().save_pretrained(place)
    return place


def test_a_folder_gives_the_model_and_its_tokenizer(folder: Path) -> None:
    model, tokenizer = load_model(str(folder)), load_tokenizer(folder)
    assert not model.training
    assert model.dtype == torch.float32
    original = tiny_model("llama").state_dict()
    assert all(torch.equal(value, original[name]) for name, value in model.state_dict().items())
    assert tokenizer("공원에").input_ids == byte_level_tokenizer()("공원에").input_ids
    assert load_model(folder, dtype="bfloat16").dtype == torch.bfloat16
    assert load_model(folder, device="cpu").device.type == "cpu"


def test_a_tokenizer_without_padding_pads_with_its_eos(folder: Path) -> None:
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({k: v for k, v in config.items() if k != "pad_token"}), encoding="utf-8")
    tokenizer = load_tokenizer(folder)
    assert tokenizer.pad_token == tokenizer.eos_token == "</s>"


def test_an_adapter_folder_gives_its_base_with_the_adapter(folder: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    adapted = get_peft_model(load_model(folder), LoraConfig(target_modules=["q_proj"], init_lora_weights=False))
    adapted.save_pretrained(tmp_path / "adapter")
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        expected, base = adapted.eval()(ids).logits, load_model(folder)(ids).logits
        found = load_model(tmp_path / "adapter")(ids).logits
    assert torch.equal(found, expected)
    assert not torch.equal(found, base)
    assert len(load_tokenizer(tmp_path / "adapter")) == len(byte_level_tokenizer())


def test_the_revision_that_an_adapter_was_trained_on_is_loaded(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    adapter = tmp_path / "adapter"
    get_peft_model(load_model(folder), LoraConfig(target_modules=["q_proj"])).save_pretrained(adapter)
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    (adapter / "adapter_config.json").write_text(json.dumps({**config, "revision": "v2"}), encoding="utf-8")
    real, asked = AutoModelForCausalLM.from_pretrained, []

    def watched(*args: Any, **options: Any) -> Any:
        asked.append(options.get("revision"))
        return real(*args, **options)

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", watched)
    load_model(adapter)
    assert asked == ["v2"]


@pytest.fixture
def adapter(folder: Path, tmp_path: Path) -> Path:
    from peft import LoraConfig, get_peft_model

    place = tmp_path / "adapter"
    get_peft_model(load_model(folder), LoraConfig(r=2, target_modules=["q_proj"])).save_pretrained(place)
    return place


def written(name: str, content: str) -> Callable[[Path], None]:
    """A damage: other content in a file."""

    def write(folder: Path) -> None:
        (folder / name).write_text(content, encoding="utf-8")

    return write


def changed(name: str, **entries: Any) -> Callable[[Path], None]:
    """A damage: other entries in a JSON file."""

    def change(folder: Path) -> None:
        config = json.loads((folder / name).read_text(encoding="utf-8"))
        (folder / name).write_text(json.dumps(config | entries), encoding="utf-8")

    return change


@pytest.mark.parametrize("config", ["{}", '{"base_model_name_or_path": null}'])
def test_an_adapter_that_does_not_name_its_base(tmp_path: Path, config: str) -> None:
    (tmp_path / "adapter_config.json").write_text(config, encoding="utf-8")
    with pytest.raises(
        UserError, match=r"the adapter '.*' does not name its base model: write base_model_name_or_path"
    ):
        load_model(tmp_path)


ADAPTER = "adapter_config.json"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (written(ADAPTER, "{"), "adapter_config.json is no valid JSON"),
        (written(ADAPTER, "[]"), "adapter_config.json holds no JSON object"),
        (changed(ADAPTER, r="x"), "its files hold what cannot be used .TypeError"),
        (changed(ADAPTER, peft_type="NOSUCH"), "its files hold what cannot be used .KeyError: 'NOSUCH'.: download or"),
        (changed(ADAPTER, r=3), r"q_proj.lora_A.default.weight' is \[2, 16\] instead of \[3, 16\]: give the one made"),
        (changed(ADAPTER, target_modules=["nosuch"]), "'nosuch'.* not found in the base model"),
        (written("adapter_model.safetensors", "cut"), "adapter_model.safetensors is cut short or damaged"),
        (lambda folder: (folder / "adapter_model.safetensors").unlink(), "has no adapter_model.safetensors: save it"),
    ],
)
def test_a_broken_adapter_is_told_in_one_line(
    folder: Path, adapter: Path, damage: Callable[[Path], None], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """By itself, and on a model that is given."""
    damage(adapter)
    capfd.readouterr()
    for load in (lambda: load_model(adapter), lambda: with_adapter(load_model(folder), adapter)):
        with pytest.raises(UserError, match=f"the adapter '{adapter}'.*{message}") as told:
            load()
        assert "\n" not in str(told.value)
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_is_no_adapter(folder: Path) -> None:
    with pytest.raises(UserError, match=f"the folder '{folder}' holds no adapter: it has no adapter_config.json"):
        with_adapter(load_model(folder), folder)


def delete_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def break_config(folder: Path) -> None:
    (folder / "config.json").write_text("{", encoding="utf-8")


def unknown_type(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "no-such-type"}', encoding="utf-8")


def not_causal(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "clip"}', encoding="utf-8")


def foreign_code(folder: Path) -> None:
    code = {"AutoConfig": "code.Config", "AutoModelForCausalLM": "code.Model"}
    (folder / "config.json").write_text(json.dumps({"model_type": "mine", "auto_map": code}), encoding="utf-8")
    (folder / "code.py").write_text("raise SystemExit('was run')\n", encoding="utf-8")


def cut_weights(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def pickled_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def no_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def too_few_weights(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def other_shapes(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 32}), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (delete_config, "holds no model: it has no config.json"),
        (break_config, r"its file .*/config.json is no valid JSON \(.*\): download or save it again$"),
        (written("config.json", "[1]"), "its file .*/config.json holds no JSON object"),
        (changed("config.json", hidden_size="big"), "'hidden_size' expected int, got str"),
        (changed("config.json", num_attention_heads=0), "what cannot be used .ZeroDivisionError"),
        (changed("config.json", num_hidden_layers=-1), "has no layer: its config.json says num_hidden_layers -1"),
        (unknown_type, "cannot load the model .*no-such-type"),
        (not_causal, "it is no causal language model"),
        (foreign_code, "cannot load the model .*trust_remote_code"),
        (cut_weights, r"its file .*/model.safetensors is cut short or damaged \(.*\): download or save it again$"),
        (written("model.safetensors", "version https://git-lfs.github.com/spec/v1\n"), "is a pointer of Git LFS"),
        (pickled_weights, "has only pytorch_model.bin, which may run code"),
        (no_weights, "has no weights"),
        (too_few_weights, r"is incomplete: its files lack 1 weights, e\.g\. 'model\.norm\.weight'"),
        (other_shapes, r"6 weights have other shapes, e.g. 'model.layers.0.mlp.down_proj.weight' \["),
    ],
)
def test_a_broken_model_is_told_in_one_line(
    folder: Path, damage: Callable[[Path], None], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    damage(folder)
    capfd.readouterr()
    with pytest.raises(UserError, match=message) as told:
        load_model(folder)
    assert "\n" not in str(told.value)
    assert str(folder) in str(told.value)
    assert capfd.readouterr() == ("", "")  # the library's tables of weights say the same in fifty lines


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "it has no tokenizer that can be read: put"), ("{", "its file .*/tokenizer.json is no valid JSON"),
        ('{"model": 3}', ""), ("{}", "its files hold what cannot be used .KeyError: 'added_tokens'.: download"),
    ],
)  # fmt: skip
def test_a_broken_tokenizer_is_told_in_one_line(folder: Path, content: str | None, message: str) -> None:
    for path in folder.glob("*token*"):
        path.unlink()
    if content is not None:
        (folder / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=f"cannot load the tokenizer of '{folder}': {message}") as told:
        load_tokenizer(folder)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["/no/such/folder", "./none", "a/b/c", "~/no-such-folder-here"])
def test_a_missing_folder(name: str) -> None:
    with pytest.raises(UserError, match=f"the model folder '{name}' does not exist"):
        load_model(name)


def test_a_misspelt_short_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(
        UserError, match=r"cannot load the model 'gemma3-270m' \(did you mean 'gemma-3-270m'\?\)"
    ) as told:
        load_model("gemma3-270m")
    assert "\n" not in str(told.value)


def test_hub_ids_pass_and_cached_folders_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_model("owner/name") == "owner/name"
    with pytest.raises(UserError, match="is a GGUF file"):
        resolve_model("model.gguf")
    monkeypatch.setenv("TLPO_CACHE", str(tmp_path))
    model = GGUF_MODELS["smollm2-135m-instruct"]
    monkeypatch.setattr("tlpo.modeling.load.converted_folder", lambda asked: tmp_path / asked.name)
    assert resolve_model(f"/of/another/machine/{model.folder.name}") == str(tmp_path / model.name)


@pytest.mark.parametrize("device", ["foo", "cuda:99", "meta", "", "cuda:x"])
def test_a_device_that_there_is_not(folder: Path, device: str) -> None:
    with pytest.raises(UserError, match=f"^device is '{device}', which cannot be used: leave it out, or give cpu"):
        load_model(folder, device=device)
    check_device("cpu")


def test_a_precision_that_models_are_not_loaded_in(folder: Path) -> None:
    with pytest.raises(UserError, match=r"^dtype is 'float8' \(did you mean 'float32'\?\): choose one of float32"):
        load_model(folder, dtype="float8")  # type: ignore[arg-type]
