"""The model under evaluation: what it is by content, and the model itself once something has to be measured."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tlpo.errors import UserError
from tlpo.modeling.content import content_hash, local_folder
from tlpo.modeling.load import check_device, check_dtype

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Subject:
    """A model with the adapter on it, found on the disk at once and loaded when first needed.

    name, adapter: hub id, folder or short name. dtype, device: as in the options of an evaluation; device None is CUDA
    if there is any, else the CPU.

    Raises:
        UserError: a folder is missing or holds no weights, or there is no such precision or device.
    """

    def __init__(
        self,
        name: str,
        *,
        adapter: str | None = None,
        dtype: str = "auto",
        device: str | None = None,
        revision: str | None = None,
        trust_remote_code: bool = False,
    ) -> None:
        check_dtype(dtype)
        if device is not None:
            check_device(device)
        self.folder = local_folder(name, revision=revision)
        self.adapter = local_folder(adapter, kind="adapter") if adapter is not None else None
        self.name, self.trust_remote_code = name, trust_remote_code
        self._dtype, self._device = dtype, device
        self._loaded: tuple[PreTrainedModel, PreTrainedTokenizerBase] | None = None

    @cached_property
    def content(self) -> str:
        """The content hash of model and adapter, whatever they are called."""
        return content_hash(self.folder, self.adapter)

    @cached_property
    def device(self) -> str:
        """Where it runs."""
        if self._device is not None:
            return self._device
        import torch

        return "cuda" if torch.cuda.is_available() else "cpu"

    @property
    def identity(self) -> dict[str, Any]:
        """What decides the model's output: its content, the precision and the kind of device."""
        return {"model": self.content, "dtype": self._dtype, "device": self.device.partition(":")[0]}

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The tokenizer, without the model."""
        from tlpo.modeling.load import load_tokenizer

        return load_tokenizer(self.folder, trust_remote_code=self.trust_remote_code)

    def load(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        """The model in evaluation mode, adapter applied, and its tokenizer; the same objects at every call."""
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def release(self) -> None:
        """Forget the loaded model, so that its memory can be used for another."""
        self._loaded = None

    def _load(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        from tlpo.modeling.load import load_model, with_adapter

        dtype: Any = self._dtype
        model: Any = load_model(self.folder, dtype=dtype, trust_remote_code=self.trust_remote_code)
        if self.adapter is not None:
            model = with_adapter(model, self.adapter)
        return model.to(self.device).eval(), self.tokenizer


def refuse_other_vocabulary(model: Subject, base: Subject) -> None:
    """Distributions over tokens compare only where a token's number means the same.

    Raises:
        UserError: the tokenizers number their tokens differently.
    """
    own, other = model.tokenizer.get_vocab(), base.tokenizer.get_vocab()
    if own != other:
        token = min(own.items() ^ other.items())[0]
        raise UserError(
            f"the base '{base.name}' has another vocabulary than '{model.name}' (token {token!r} is {other.get(token)} "
            f"and {own.get(token)}): give the base that the model was trained from"
        )
