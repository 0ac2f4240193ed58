"""Models and tokenizers by short name, local folder or hub id; whatever goes wrong is told in one line.

Only safetensors weights are read, and code that a model repository carries runs only if asked for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from tlpo.errors import UserError, did_you_mean
from tlpo.modeling.damage import in_one_line, refuse_unfit
from tlpo.modeling.gguf import GGUF_MODELS, converted_folder

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DType = Literal["float32", "bfloat16", "float16", "auto"]


def resolve_model(name_or_path: str | Path, kind: str = "model") -> str:
    """A short name (``gemma-3-270m``, ``smollm2-135m-instruct``) to its cached folder, converting it on first use.

    Hub ids and folders come back unchanged, and so does a cached folder that still exists. A path into another
    machine's cache, as an adapter may carry it, is found again by the folder's name. kind: what an error calls it.

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
        raise UserError(f"the {kind} '{name}' is a GGUF file: give a Hugging Face folder with safetensors weights")
    if name.startswith(("/", ".", "~")) or name.count("/") > 1 or "\\" in name or Path(name).exists():
        raise UserError(f"the {kind} folder '{name}' does not exist: check the path, or give a hub id or a short name")
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
        UserError: there is no such model, it is not a causal LM, its files are missing, damaged or incomplete, or it
            cannot be put there.
    """
    from transformers import AutoModelForCausalLM

    check_dtype(dtype)
    if device is not None:
        check_device(device)
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
            ignore_mismatched_sizes=True,  # told below, by name
            attn_implementation=attn_implementation,
        )

    loaded, report = in_one_line(load, "model", name_or_path, Path(place))
    refuse_unfit(name_or_path, loaded, report)
    return _placed(loaded.eval(), device)


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

    tokenizer = in_one_line(load, "tokenizer of", name_or_path, Path(place))
    if tokenizer.pad_token_id is None and tokenizer.eos_token is not None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def with_adapter(model: Any, folder: Path) -> Any:
    """The model in evaluation mode with the adapter of a folder on it.

    Raises:
        UserError: the folder holds no adapter, its files are damaged, or it is of another model.
    """
    from peft import PeftModel

    _adapter_config(folder)
    if not (folder / "adapter_model.safetensors").is_file():  # peft would ask the hub for it, again and again
        raise UserError(f"the adapter '{folder}' has no adapter_model.safetensors: save it again (save_pretrained)")
    return in_one_line(lambda: PeftModel.from_pretrained(model, str(folder)).eval(), "adapter", folder, folder)


def check_dtype(dtype: str) -> None:
    """Raises UserError for a precision that models are not loaded in."""
    known = get_args(DType)
    if dtype not in known:
        raise UserError(f"dtype is '{dtype}'{did_you_mean(dtype, known)}: choose one of {', '.join(known)}")


def check_device(device: str | torch.device) -> None:
    """Raises UserError for a device that there is not."""
    import torch

    try:
        torch.empty(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        if type(error).__name__ == "OutOfMemoryError":
            raise
        last = torch.cuda.device_count() - 1
        there = f"cpu, or cuda:0 to cuda:{last}" if last >= 0 else "cpu, as PyTorch finds no CUDA here"
        raise UserError(f"device is '{device}', which cannot be used: leave it out, or give {there}") from error


def _load_adapter(folder: Path, **options: Any) -> Any:
    base = load_model(base_of(folder), revision=_adapter_config(folder).get("revision"), **options)
    return with_adapter(base, folder)


def _placed(model: Any, device: str | torch.device | None) -> PreTrainedModel:
    placed: PreTrainedModel = model if device is None else model.to(device)
    return placed


def base_of(adapter: Path) -> str:
    """The base model that an adapter's folder names."""
    base = _adapter_config(adapter).get("base_model_name_or_path")
    if not base:
        raise UserError(
            f"the adapter '{adapter}' does not name its base model: write base_model_name_or_path into its "
            "adapter_config.json, or give that model and this adapter"
        )
    return resolve_model(str(base))


def _adapter_config(adapter: Path) -> dict[str, Any]:
    """What an adapter's folder says of it."""
    path = adapter / "adapter_config.json"
    if not path.is_file():
        raise UserError(f"the folder '{adapter}' holds no adapter: it has no adapter_config.json")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"the adapter '{adapter}' is damaged: {path.name} is no valid JSON ({error})") from None
    if not isinstance(config, dict):
        raise UserError(f"the adapter '{adapter}' is damaged: {path.name} holds no JSON object")
    return config


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
