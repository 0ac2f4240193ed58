"""A task adapter: a task embedding and how much of it each head takes. L x H numbers were trained."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from tlpo.errors import UserError
from tlpo.files import make_folder, write_bytes, write_json
from tlpo.head_selection.embedding import TaskEmbedding, embedding_shape
from tlpo.head_selection.fingerprint import fingerprint, model_name
from tlpo.head_selection.injection import Injection
from tlpo.head_selection.structure import attention_outputs
from tlpo.provenance import versions

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TENSORS, HEADER = "site_adapter.safetensors", "site_adapter.json"
FORMAT = 1


@dataclass
class TaskAdapter:
    """A task embedding with its selection of heads.

    Attributes:
        embedding: t, (L, H, d).
        logits: (L, H) float32; alpha is ``max_alpha`` times their sigmoid. Infinite ones give both ends exactly.
        meta: where it comes from, as JSON values: model, revision, fingerprint, template, seed, settings, metrics.
        max_alpha: the largest alpha.
    """

    embedding: TaskEmbedding
    logits: Tensor
    meta: dict[str, Any] = field(default_factory=dict)
    max_alpha: float = 1.0

    @property
    def alpha(self) -> Tensor:
        """(L, H) in [0, max_alpha]: how far each head moves from its own output, 0, to the task embedding, 1."""
        return self.max_alpha * self.logits.sigmoid()

    def hardened(self, threshold: float = 0.5) -> TaskAdapter:
        """The same with every alpha a whole number: 0 up to ``threshold``, 1 above it, 2 above ``threshold + 1``."""
        top = math.ceil(self.max_alpha)
        logits = ((self.alpha - threshold).ceil().clamp(0, top) / top).logit()
        return replace(self, logits=logits, max_alpha=float(top), meta=self.meta | {"hardened": threshold})

    @classmethod
    def untrained(cls, embedding: TaskEmbedding, alpha: float = 0.5) -> TaskAdapter:
        """The embedding with the same alpha in [0, 1] for all heads: what training starts from."""
        logits = torch.full(embedding.values.shape[:2], alpha).logit()
        return cls(embedding, logits, {"untrained": alpha})

    def applied(self, model: PreTrainedModel, positions: Tensor | None = None) -> Injection:
        """``with adapter.applied(model): model.generate(...)``: injection at the end of each prompt.

        positions: (B,) last prompt columns, where the forward passes cannot tell (see `injection`).

        Raises:
            UserError: the model's heads are not those of the adapter.
        """
        return applied(model, [self], [0], positions=positions)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write ``site_adapter.safetensors`` (t and logits) and ``site_adapter.json`` (all else); each file whole.

        Raises:
            UserError: the folder cannot be made or written into.
        """
        from safetensors.torch import save

        folder = Path(folder)
        make_folder(folder, "give another folder")
        tensors = {"embedding": self.embedding.values.contiguous(), "logits": self.logits.contiguous()}
        layers, heads, width = self.embedding.values.shape
        header = {"format": FORMAT, "layers": layers, "heads": heads, "head_dim": width, "versions": versions()}
        header |= {"max_alpha": self.max_alpha, "embedding": self.embedding.meta, **self.meta}
        write_bytes(folder / TENSORS, save(tensors))
        write_json(folder / HEADER, header)

    @classmethod
    def from_pretrained(cls, folder: str | Path, model: PreTrainedModel | None = None) -> TaskAdapter:
        """Read what ``save_pretrained`` wrote; with ``model``, make sure that it belongs to that model.

        Raises:
            UserError: the folder holds no adapter, its files are damaged, or it was made for another model.
        """
        folder = Path(folder)
        if not (folder / TENSORS).is_file() or not (folder / HEADER).is_file():
            raise UserError(
                f"the folder '{folder}' holds no head-selection adapter: it lacks {TENSORS} or {HEADER}; "
                "if it held one, delete it and fit it again"
            )
        header, tensors = _read(folder)
        for name in ("format", "layers", "heads", "head_dim", "versions"):
            header.pop(name, None)
        embedding = TaskEmbedding(tensors["embedding"], header.pop("embedding", {}))
        adapter = cls(embedding, tensors["logits"], header, header.pop("max_alpha"))
        if model is not None:
            adapter.require(model)
        return adapter

    def require(self, model: PreTrainedModel) -> None:
        """Raise a UserError unless this adapter was made for ``model``: the same heads and the same weights."""
        _require_heads(self, model)
        made_for, here = self.meta.get("fingerprint"), fingerprint(model)
        if made_for is not None and made_for != here:
            raise UserError(
                f"the adapter was made for the model '{self.meta.get('model')}', and '{model_name(model)}' has other "
                "weights: load that model, or fit an adapter for this one"
            )


def applied(
    model: PreTrainedModel,
    adapters: Sequence[TaskAdapter],
    rows: Sequence[int | None],
    *,
    positions: Tensor | None = None,
) -> Injection:
    """Several tasks mixed in one batch: row b of the batch gets ``adapters[rows[b]]``, or nothing where that is None.

    Args:
        model: the causal LM.
        adapters: one for each task.
        rows: for each row of the batch the number of its adapter; a single entry holds for all rows.
        positions: (B,) last prompt columns, where the forward passes cannot tell (see `injection`).

    Raises:
        UserError: an adapter has other heads than the model, or a row names an adapter that is not there.
    """
    for adapter in adapters:
        _require_heads(adapter, model)
    wrong = [row for row in rows if row is not None and not 0 <= row < len(adapters)]
    if wrong or not rows:
        raise UserError(
            f"row names adapter {wrong[0]}, but there are {len(adapters)}" if wrong else "no rows are given"
        )
    outputs = attention_outputs(model)
    bare = torch.zeros(embedding_shape(outputs))
    values = torch.stack([bare if row is None else adapters[row].embedding.values for row in rows])
    alpha = torch.stack([bare[..., 0] if row is None else adapters[row].alpha for row in rows])
    return Injection(model, outputs, values, alpha, positions)


def _require_heads(adapter: TaskAdapter, model: PreTrainedModel) -> None:
    shape, wanted = tuple(adapter.embedding.values.shape), embedding_shape(attention_outputs(model))
    if shape != wanted or tuple(adapter.logits.shape) != wanted[:2]:
        told = "{} layers of {} heads of width {}".format
        raise UserError(
            f"the adapter holds {told(*shape)}, but the model '{model_name(model)}' has {told(*wanted)}: it was made "
            f"for another model ('{adapter.meta.get('model')}')"
        )


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
        tensors = load((folder / TENSORS).read_bytes())
        shape = (header["layers"], header["heads"], header["head_dim"])
        sound = tensors["embedding"].shape == shape and tensors["logits"].shape == shape[:2] and header["max_alpha"] > 0
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"the adapter in '{folder}' is damaged ({error}): delete it and fit it again") from None
    if not sound or header.get("format") != FORMAT:
        raise UserError(f"the adapter in '{folder}' does not hold what its {HEADER} says: delete it and fit it again")
    return header, tensors
