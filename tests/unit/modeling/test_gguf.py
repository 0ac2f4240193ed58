"""Packaged GGUF models: converted exactly, once, whoever asks first; and what can be wrong with them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.unit.modeling.tiny_gguf import tiny_package
from transformers import PreTrainedModel

from tlpo.errors import UserError
from tlpo.modeling.cache import MANIFEST, is_whole
from tlpo.modeling.gguf import GGUF_MODELS, GGUFModel, converted_folder
from tlpo.modeling.load import load_model, load_tokenizer

pytest.importorskip("gguf", reason="converting needs the extra 'gemma' or 'smollm2'")


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[GGUFModel, PreTrainedModel]:
    monkeypatch.setenv("TLPO_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tiny_package(tmp_path / "site")


def test_the_converted_model_is_the_one_in_the_file(tiny: tuple[GGUFModel, PreTrainedModel]) -> None:
    description, original = tiny
    folder = converted_folder(description)
    assert is_whole(folder, description.origin, hashes=True)
    assert {path.suffix for path in folder.iterdir()} <= {".json", ".safetensors", ".jinja"}
    model, tokenizer = load_model(folder), load_tokenizer(folder)
    for name, value in original.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name
    assert tokenizer.chat_template
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token) == ("<s>", "</s>", "<pad>")
    assert tokenizer.model_max_length == original.config.max_position_embeddings
    text = "안녕 world 😀"
    assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True) == text


def test_the_second_time_nothing_is_read_but_the_cache(
    tiny: tuple[GGUFModel, PreTrainedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    description, _ = tiny
    folder = converted_folder(description)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if not place.endswith("/site")])
    assert converted_folder(description) == folder
    (folder / "config.json").write_text("{}", encoding="utf-8")  # damaged: built anew, which needs the package
    with pytest.raises(UserError, match=r"pip install 'tlpo\[tiny\]'"):
        converted_folder(description)


def test_a_wrong_checksum_is_told_and_leaves_nothing(tiny: tuple[GGUFModel, PreTrainedModel], tmp_path: Path) -> None:
    description, _ = tiny
    file = tmp_path / "site" / description.package / description.filename
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(
        UserError, match=r"damaged \(tiny\.gguf has the SHA-256 .*pip install --force-reinstall"
    ) as told:
        converted_folder(description)
    assert "\n" not in str(told.value)
    left = [path.name for path in (tmp_path / "cache" / "models").iterdir()]
    assert all(name.endswith(".lock") for name in left)


def test_a_package_without_its_file(tiny: tuple[GGUFModel, PreTrainedModel]) -> None:
    description, _ = tiny
    with pytest.raises(UserError, match=r"is damaged \(other\.gguf is not whole\)"):
        converted_folder(dataclasses.replace(description, filename="other.gguf"))


def test_a_missing_extra_names_the_line_to_type(tiny: tuple[GGUFModel, PreTrainedModel]) -> None:
    with pytest.raises(UserError, match=r"'no-such-package'.*pip install 'tlpo\[gemma\]'"):
        converted_folder(dataclasses.replace(tiny[0], package="no_such_package", extra="gemma", sha256="0" * 64))


_CONVERT = """
import sys
sys.path[:0] = [{site!r}, {root!r}]
from tlpo.modeling.gguf import GGUFModel, converted_folder
import logging; logging.basicConfig(level=logging.INFO)
print("ready", flush=True); sys.stdin.readline()
print(converted_folder(GGUFModel(**{fields!r})))
"""


def test_two_processes_convert_once(tiny: tuple[GGUFModel, PreTrainedModel], tmp_path: Path) -> None:
    """Both are told to go when both are ready, so that they ask for the folder together."""
    description, original = tiny
    script = _CONVERT.format(
        site=str(tmp_path / "site"), root=str(Path(__file__).parents[3]), fields=dataclasses.asdict(description)
    )
    pipe = subprocess.PIPE
    both = [
        subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert {out.strip() for out, _ in told} == {str(description.folder)}
    assert sum("converting tiny from GGUF" in err for _, err in told) == 1
    assert is_whole(description.folder, description.origin, hashes=True)
    assert torch.equal(
        load_model(description.folder).get_input_embeddings().weight, original.get_input_embeddings().weight
    )


def test_the_table_of_short_names() -> None:
    assert set(GGUF_MODELS) == {"gemma-3-270m", "smollm2-135m-instruct"}
    assert all(len(model.sha256) == 64 for model in GGUF_MODELS.values())
    assert MANIFEST.endswith(".json")
