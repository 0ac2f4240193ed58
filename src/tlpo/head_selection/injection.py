"""Soft injection: at the last prompt token, each head's output moves towards the task embedding.

``o <- (1 - alpha) o + alpha t`` on the input of every attention output projection (arXiv 2507.20906), by forward
pre-hooks: the projection itself is not touched, so that bias, quantised weights and LoRA layers work as they are.

Which position is a prompt's last one is known in one of three ways:

- explicit ``positions``: columns of the whole padded sequence, cached columns included;
- inside ``model.generate``: its arguments tell, whatever the cache, the size of the prefill's chunks or the beams;
- otherwise a forward pass with an empty cache is a prefill, and its last attended column is the position, on whichever
  side the padding stands. Later passes with that cache are decoding steps and stay untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tlpo.errors import UserError
from tlpo.head_selection.structure import AttentionOutput


class Injection:
    """A ``with`` block in which a model's heads are moved; afterwards the model is as it was.

    Args:
        model: the causal LM, possibly wrapped by peft or compiled.
        outputs: ``attention_outputs(model)``, L of them.
        embedding: t, (R, L, H, d); R rows of a batch, or 1 for all rows alike.
        alpha: (R, L, H) in [0, 1]; may require gradients. With alpha 0 every logit equals the bare model's bit for bit.
        positions: (B,) last prompt column of each row, or None (see above).

    A batch that has k times R rows (beams, several samples a prompt) takes each of the R rows k times in a row.
    """

    def __init__(
        self,
        model: nn.Module,
        outputs: Sequence[AttentionOutput],
        embedding: Tensor,
        alpha: Tensor,
        positions: Tensor | None = None,
    ) -> None:
        self._model, self._bare, self._outputs = model, bare_model(model), outputs
        self._embedding, self._alpha, self._positions = embedding, alpha, positions
        self._shape = (0, 0)
        self._target: tuple[Tensor, Tensor, Tensor] | None = None
        self._handles: list[Any] = []
        self._generate: dict[str, Any] | None = None

    def __enter__(self) -> Injection:
        # Both, because peft calls the bare model's forward past its hooks, and generate calls it past peft.
        for model in dict.fromkeys((self._model, self._bare)):
            self._handles.append(model.register_forward_pre_hook(self._before_model, with_kwargs=True))
            self._handles.append(model.register_forward_hook(self._after_model, always_call=True))
        for place, output in enumerate(self._outputs):
            self._handles.append(output.module.register_forward_pre_hook(self._before_projection(place, output)))
        self._watch_generate()
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []
        if self._generate is not None:
            self._bare.__dict__.pop("generate")
            self._bare.__dict__.update(self._generate)
            self._generate = None

    def _watch_generate(self) -> None:
        """Have ``generate`` say where its prompts end: a chunk of a prefill does not know that others follow."""
        generate = getattr(self._bare, "generate", None)
        if generate is None or self._positions is not None:
            return

        def watched(*args: Any, **kwargs: Any) -> Any:
            self._positions = _prompt_ends(args, kwargs)
            try:
                return generate(*args, **kwargs)
            finally:
                self._positions = None

        self._generate = {name: value for name, value in self._bare.__dict__.items() if name == "generate"}
        self._bare.__dict__["generate"] = watched

    def _before_model(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids = args[0] if args else kwargs.get("input_ids")
        ids = kwargs["inputs_embeds"] if ids is None else ids
        self._shape = (batch, length) = (ids.shape[0], ids.shape[1])
        past = _cached_length(kwargs.get("past_key_values"))
        if self._positions is not None:
            columns = self._per_row(self._positions.to(ids.device), batch) - past
        elif past == 0:
            columns = _last_attended(kwargs.get("attention_mask"), batch, length, ids.device)
        else:
            return
        rows = ((columns >= 0) & (columns < length)).nonzero().squeeze(-1)
        if len(rows):
            sources = self._per_row(torch.arange(len(self._alpha), device=ids.device), batch)[rows]
            self._target = rows, columns[rows], sources

    def _after_model(self, *_: object) -> None:
        self._target = None

    def _per_row(self, values: Tensor, batch: int) -> Tensor:
        """One value for each of the batch's rows, from one for all, for each, or for each group of k rows."""
        if batch % len(values):
            raise UserError(
                f"the batch has {batch} rows and {len(values)} were told what to inject: give one for each row"
            )
        return values.repeat_interleave(batch // len(values))

    def _before_projection(self, place: int, output: AttentionOutput) -> Callable[..., tuple[Any, ...] | None]:
        heads, width = output.num_heads, output.head_dim

        def mixed(_: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
            if self._target is None:
                return None
            rows, columns, sources = (index.to(args[0].device) for index in self._target)
            own = args[0].reshape(*self._shape, heads, width)
            # At least float32: what 16 bits round away would add up over the layers.
            exact = torch.promote_types(own.dtype, torch.float32)
            task = self._embedding[:, place, :heads, :width].to(own.device, exact)[sources]
            weight = self._alpha[:, place, :heads].to(own.device, exact)[sources].unsqueeze(-1)
            # lerp, because it is exact at both ends: alpha 0 leaves the head, alpha 1 replaces it.
            moved = torch.lerp(own[rows, columns].to(exact), task, weight.expand_as(task)).to(own.dtype)
            return own.index_put((rows, columns), moved).reshape(args[0].shape), *args[1:]

        return mixed


def bare_model(model: nn.Module) -> Any:
    """The Hugging Face model inside wrappers of peft, ``torch.compile`` and data parallelism."""
    for name in ("_orig_mod", "module"):
        model = getattr(model, name, model)
    return model.get_base_model() if hasattr(model, "get_base_model") else model  # type: ignore[operator]


def _cached_length(cache: Any) -> int:
    return int(cache.get_seq_length()) if cache is not None else 0


def _last_attended(mask: Tensor | None, batch: int, length: int, device: torch.device) -> Tensor:
    """(B,) last column that the mask (B, length) attends to; without a mask the last one."""
    if mask is None:
        return torch.full((batch,), length - 1, device=device)
    if not isinstance(mask, Tensor) or mask.ndim != 2:
        raise UserError("the attention mask does not say where the prompts end: give their positions, or a mask (B, L)")
    counted = torch.arange(1, mask.shape[1] + 1, device=mask.device) * (mask != 0)
    last: Tensor = (counted.max(dim=1).values - 1).to(device)
    return last


def _prompt_ends(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    """(B,) last prompt columns from the arguments of ``generate``; None when it starts from nothing."""
    mask = kwargs.get("attention_mask")
    named = [mask, *args[:1], *(kwargs.get(name) for name in ("inputs", "input_ids", "inputs_embeds"))]
    given = next((value for value in named if value is not None), None)
    if given is None:
        return None
    return _last_attended(mask, given.shape[0], given.shape[1], given.device)
