"""What the libraries raise for a model's files, as one line that names the file and says what to do."""

from __future__ import annotations

import contextlib
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tlpo.errors import UserError, did_you_mean, is_disk_full
from tlpo.modeling.gguf import GGUF_MODELS

Loaded = TypeVar("Loaded")

_AGAIN = "download or save it again"
_JSON_FILES = (
    "config.json", "adapter_config.json", "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "generation_config.json",
)  # fmt: skip
# Of errors that say in words what is wrong; others, as a KeyError, say it to whoever has the source before them.
_IN_WORDS = (OSError, ValueError, RuntimeError, ImportError)
_CLEARER = {
    "trust_remote_code": "it runs code of its own: read that code, and pass trust_remote_code if you trust it",
    "Unrecognized configuration class": "it is no causal language model: give one that generates text",
    "Couldn't instantiate the backend tokenizer": "it has no tokenizer that can be read: put the tokenizer's files, "
    "tokenizer.json above all, into its folder",
}
_OTHER_SHAPE = re.compile(r"size mismatch for (\S+): .*?Size\((\[[^]]*\]).*?Size\((\[[^]]*\])")


def in_one_line(load: Callable[[], Loaded], kind: str, name: object, place: Path) -> Loaded:
    """Run ``load``; whatever the libraries raise becomes one line, "cannot load the KIND 'NAME': ...".

    A full disk and a lack of memory are no fault of the model and pass through.

    Args:
        load: calls a library, which prints nothing meanwhile.
        kind: "model", "adapter" or "tokenizer of".
        name: what the user calls it.
        place: its folder, or a path that is none where it comes from the hub.
    """
    try:
        with quietly():
            return load()
    except Exception as error:
        memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
        if isinstance(error, UserError) or memory or is_disk_full(error):
            raise
        start = f"cannot load the {kind} '{name}'"
        if place.is_dir():
            raise UserError(f"{start}: {_damage(place) or _told(error)}") from error
        hint = did_you_mean(str(name), GGUF_MODELS)
        raise UserError(f"{start}{hint}: there is no such folder here, and from the hub: {_told(error)}") from error


def refuse_unfit(name: object, model: Any, report: Mapping[str, Any]) -> None:
    """Raises UserError for weights that are not those which the configuration asks for. report: the library's."""
    if other := report["mismatched_keys"]:
        weight, there, asked = min(other)
        raise UserError(
            f"the model '{name}' does not fit its config.json: {len(other)} weights have other shapes, e.g. '{weight}' "
            f"{list(there)} instead of {list(asked)}; {_AGAIN}"
        )
    if absent := sorted(report["missing_keys"]):
        raise UserError(
            f"the model '{name}' is incomplete: its files lack {len(absent)} weights, e.g. '{absent[0]}'; {_AGAIN}"
        )
    layers = getattr(model.config.get_text_config(), "num_hidden_layers", 1)
    if layers < 1:
        raise UserError(f"the model '{name}' has no layer: its config.json says num_hidden_layers {layers}; {_AGAIN}")


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without the libraries' progress bars, tables of weights and notes to developers; errors say it in one line."""
    from transformers.utils import logging

    tell: Any = logging
    shown, level = tell.is_progress_bar_enabled(), tell.get_verbosity()
    tell.disable_progress_bar()
    tell.set_verbosity(max(level, tell.ERROR))
    try:
        with warnings.catch_warnings():
            # peft asks transformers for a property by its old name.
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
            yield
    finally:
        tell.set_verbosity(level)
        if shown:
            tell.enable_progress_bar()


def _damage(folder: Path) -> str | None:
    """What is wrong with the first file that cannot be read; None if all can, or there is none."""
    for path in (folder / name for name in _JSON_FILES):
        try:
            if path.is_file() and not isinstance(json.loads(path.read_text(encoding="utf-8")), dict):
                return f"its file {path} holds no JSON object: {_AGAIN}"
        except ValueError as error:
            return f"its file {path} is no valid JSON ({error}): {_AGAIN}"
    return next(filter(None, map(_damaged_weights, sorted(folder.glob("*.safetensors")))), None)


def _damaged_weights(path: Path) -> str | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt"):
            return None
    except SafetensorError as error:
        with path.open("rb") as file:
            if file.read(20).startswith(b"version https://git-"):
                return f"its file {path} is a pointer of Git LFS, not the weights: get them with 'git lfs pull'"
        return f"its file {path} is cut short or damaged ({error}): {_AGAIN}"
    except OSError as error:
        return f"its file {path} cannot be read ({error.strerror or error})"


def _told(error: Exception) -> str:
    """A library's error in one line."""
    text = " ".join(str(error).split())
    for phrase, clearer in _CLEARER.items():
        if phrase in text:
            return clearer
    if found := _OTHER_SHAPE.search(text):
        weight, there, asked = found.groups()
        return f"it is not of this model: the weight '{weight}' is {there} instead of {asked}: give the one made for it"
    if isinstance(error, _IN_WORDS) and text:
        return text[:300]
    shown = f"{type(error).__name__}: {text[:200]}".removesuffix(": ")
    return f"its files hold what cannot be used ({shown}): {_AGAIN}"
