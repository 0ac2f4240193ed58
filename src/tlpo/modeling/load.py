"""Models and tokenizers by short name, local folder or hub id; whatever goes wrong is told in one line.

Only safetensors weights are read, and code that a model repository carries runs only if asked for.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from tlpo.errors import UserError, did_you_mean, is_disk_full
from tlpo.modeling.gguf import GGUF_MODELS, converted_folder

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DType = Literal["float32", "bfloat16", "float16", "auto"]
Loaded = TypeVar("Loaded")


def resolve_model(name_or_path: str | Path) -> str:
    """A short name (``gemma-3-270m``, ``smollm2-135m-instruct``) to its cached folder, converting it on first use.

    Hub ids and folders come back unchanged, and so does a cached folder that still exists. A path into another
    machine's cache, as an adapter may carry it, is found again by the folder's name.

    Raises:
        UserError: the short name's extra is not installed, its file is damaged, or the folder does not exist.
    """
    name = str(name_or_path)
    if name in GGUF_MODELS:
        return str(converted_folder(GGUF_MODELS[name]))
    if Path(name).expanduser().is_dir():
        return str(Path(name).expanduser())
    for model in GGUF_MODELS.values():
        if Path(name).name == model.folder.name:
            return str(converted_folder(model))
    if name.endswith(".gguf"):
        raise UserError(f"the model '{name}' is a GGUF file: give a Hugging Face folder with safetensors weights")
    if name.startswith(("/", ".", "~")) or name.count("/") > 1 or "\\" in name or Path(name).exists():
        raise UserError(f"the model folder '{name}' does not exist: check the path, or give a hub id or a short name")
    return name


def load_model(
    name_or_path: str | Path,
    *,
    dtype: DType = "float32",
    device: str | torch.device | None = None,
    trust_remote_code: bool = False,
    revision: str | None = None,
    attn_implementation: str | None = None,
) -> PreTrainedModel:
    """Load a causal language model in evaluation mode; a LoRA adapter's folder gives its base model with the adapter.

    Args:
        name_or_path: short name, local folder or hub id.
        dtype: of the weights in memory; ``auto`` keeps that of the file.
        device: where to put it; None leaves it on the CPU.
        trust_remote_code: run the code that the model's repository carries.
        revision: branch, tag or commit of a hub model.
        attn_implementation: passed on to transformers.

    Raises:
        UserError: there is no such model, it is not a causal LM, or its files are missing, damaged or incomplete.
    """
    from transformers import AutoModelForCausalLM

    place = resolve_model(name_or_path)
    if (Path(place) / "adapter_config.json").is_file():
        adapted = _load_adapter(
            Path(place), dtype=dtype, trust_remote_code=trust_remote_code, attn_implementation=attn_implementation
        )
        return _placed(adapted, device)
    _check_folder(Path(place), name_or_path)

    def load() -> Any:
        return AutoModelForCausalLM.from_pretrained(
            place,
            dtype=dtype,
            trust_remote_code=trust_remote_code,
            revision=revision,
            use_safetensors=True,
            output_loading_info=True,
            attn_implementation=attn_implementation,
        )

    with _no_progress_bars():
        loaded, report = _one_line(load, f"cannot load the model '{name_or_path}'")
    absent = sorted(report["missing_keys"])
    if absent:
        raise UserError(
            f"the model '{name_or_path}' is incomplete: its files lack {len(absent)} weights, e.g. '{absent[0]}'; "
            "download or save it again"
        )
    model = loaded.eval()
    return _placed(model, device)


def load_tokenizer(
    name_or_path: str | Path, *, trust_remote_code: bool = False, revision: str | None = None
) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a model; one without a padding token pads with its EOS.

    Raises:
        UserError: there is no such model, or its tokenizer files are missing or damaged.
    """
    from transformers import AutoTokenizer

    place = resolve_model(name_or_path)
    if (
        Path(place).is_dir()
        and not list(Path(place).glob("*token*"))
        and (Path(place) / "adapter_config.json").is_file()
    ):
        place = base_of(Path(place))

    def load() -> PreTrainedTokenizerBase:
        return AutoTokenizer.from_pretrained(place, trust_remote_code=trust_remote_code, revision=revision)

    tokenizer = _one_line(load, f"cannot load the tokenizer of '{name_or_path}'")
    if tokenizer.pad_token_id is None and tokenizer.eos_token is not None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _load_adapter(folder: Path, **options: Any) -> Any:
    from peft import PeftModel

    base = load_model(base_of(folder), revision=_adapter_config(folder).get("revision"), **options)
    return _one_line(lambda: PeftModel.from_pretrained(base, str(folder)).eval(), f"cannot load the adapter '{folder}'")


def _placed(model: Any, device: str | torch.device | None) -> PreTrainedModel:
    placed: PreTrainedModel = model if device is None else model.to(device)
    return placed


def base_of(adapter: Path) -> str:
    """The base model that an adapter's folder names."""
    base = _adapter_config(adapter).get("base_model_name_or_path")
    if not base:
        raise UserError(f"the adapter '{adapter}' does not name its base model (adapter_config.json)")
    return resolve_model(str(base))


def _adapter_config(adapter: Path) -> dict[str, Any]:
    """What an adapter's folder says of it; nothing where that cannot be read."""
    try:
        config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}


def _check_folder(folder: Path, name: str | Path) -> None:
    """For a local folder: the files that a model needs are there. Hub ids pass."""
    if not folder.is_dir():
        return
    if not (folder / "config.json").is_file():
        raise UserError(f"the folder '{name}' holds no model: it has no config.json")
    if not list(folder.glob("*.safetensors")):
        other = next((path.name for path in folder.glob("pytorch_model*.bin")), None)
        found = f"only {other}, which may run code when it is read" if other else "no weights"
        raise UserError(f"the folder '{name}' has {found}: save the model with safetensors weights (save_pretrained)")


_EXPECTED = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError)


def _one_line(load: Callable[[], Loaded], what: str) -> Loaded:
    """Run ``load``; what the libraries raise for a missing or damaged file becomes one line that starts with ``what``.

    A full disk and a GPU without memory are no fault of the model and pass through.
    """
    from safetensors import SafetensorError

    try:
        return load()
    except Exception as error:
        # tokenizers raises bare Exception for a damaged file
        expected = isinstance(error, (*_EXPECTED, SafetensorError)) or type(error) is Exception
        if not expected or is_disk_full(error) or type(error).__name__ == "OutOfMemoryError":
            raise
        text = " ".join(str(error).split()) or type(error).__name__
        if "trust_remote_code" in text:
            text = "it runs code of its own: read that code, and pass trust_remote_code if you trust it"
        hint = did_you_mean(what.split("'")[1], GGUF_MODELS)
        raise UserError(f"{what}{hint}: {text[:300]}") from error


@contextlib.contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Loading a local model takes a second; its progress bar would only litter the terminal."""
    from transformers.utils import logging

    bars: Any = logging
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()
