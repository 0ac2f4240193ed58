"""What a model is, whatever it is called: a hash of everything in its folder that decides its output.

Weights, configuration, tokenizer, chat template and generation settings count; names, notes and training state do not.
A renamed or copied folder has the same hash, one changed weight gives another.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tlpo.errors import UserError
from tlpo.modeling.damage import in_one_line
from tlpo.modeling.load import base_of, resolve_model
from tlpo.provenance import sha256_of

DECISIVE_FILES = (
    "*.safetensors", "config.json", "generation_config.json", "adapter_config.json", "tokenizer*", "vocab*", "merges*",
    "special_tokens_map.json", "added_tokens.json", "*.model", "chat_template*", "additional_chat_templates/*", "*.py",
)  # fmt: skip

# Of these, entries that name a place or a library's version do not count.
_CONFIGURATIONS = ("config.json", "generation_config.json", "adapter_config.json", "tokenizer_config.json")
_NAMES = (
    "_name_or_path", "name_or_path", "base_model_name_or_path", "revision", "tokenizer_file", "vocab_file",
    "transformers_version", "peft_version",
)  # fmt: skip


def local_folder(name: str, *, revision: str | None = None, kind: str = "model") -> Path:
    """The folder that a model lies in; of a hub id the snapshot, downloaded if need be. kind: or an adapter.

    Raises:
        UserError: there is no such model, or the hub cannot be reached and has not been before.
    """
    place = resolve_model(name, kind)
    if Path(place).is_dir():
        return Path(place)
    from huggingface_hub import snapshot_download

    patterns = [*DECISIVE_FILES, "*.safetensors.index.json"]

    def download() -> Path:
        return Path(snapshot_download(place, revision=revision, allow_patterns=patterns))

    return in_one_line(download, kind, name, Path(place))


def content_hash(folder: Path, adapter: Path | None = None) -> str:
    """SHA-256 (hexadecimal) of a model and the adapter on it.

    folder: the model's, or an adapter's that names its base model, which then counts too.

    Raises:
        UserError: a folder holds no weights, or an adapter does not name its base model.
    """
    parts = {"model": _folder_hash(folder)}
    if (folder / "adapter_config.json").is_file():
        parts["base"] = _folder_hash(local_folder(base_of(folder)))
    if adapter is not None:
        parts["adapter"] = _folder_hash(adapter)
    return parts["model"] if len(parts) == 1 else _digest(parts)


def _folder_hash(folder: Path) -> str:
    files = sorted({path for pattern in DECISIVE_FILES for path in folder.glob(pattern) if path.is_file()})
    if not any(path.suffix == ".safetensors" for path in files):
        raise UserError(f"the folder '{folder}' holds no safetensors weights: give a model's or an adapter's folder")
    with ThreadPoolExecutor(4) as pool:  # hashing lets go of the interpreter's lock
        hashes = list(pool.map(_file_hash, files))
    return _digest({path.relative_to(folder).as_posix(): found for path, found in zip(files, hashes, strict=True)})


def _file_hash(path: Path) -> str:
    if path.name in _CONFIGURATIONS:
        try:
            return _digest(_without_names(json.loads(path.read_text(encoding="utf-8"))))
        except ValueError:
            pass
    return sha256_of(path)


def _without_names(values: Any) -> Any:
    return {key: value for key, value in values.items() if key not in _NAMES} if isinstance(values, dict) else values


def _digest(values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
