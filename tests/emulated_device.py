"""A device of its own, for machines without an accelerator: to import this module is to have it.

Its tensors lie in the CPU's memory, but to PyTorch they are on the device "other": an operation on tensors of both is
an error, as it is between CUDA and the CPU. What runs here with the CPU's results moves its tensors to where they are
needed. It says nothing of speed, of memory, or of kernels that differ.

PyTorch takes one such device a process and keeps it until the end, so it belongs into a program of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import torch
from torch.utils import _pytree as pytree
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "other"
_aten = torch.ops.aten
_contents: dict[int, torch.Tensor] = {}  # by storage, which views made in C++ share; never emptied: tests are short


class _Tensor(torch.Tensor):
    __torch_function__ = torch._C._disabled_torch_function_impl  # results are not made members of this class

    @staticmethod
    def __new__(cls, content: torch.Tensor) -> _Tensor:
        tensor = torch._C._acc.create_empty_tensor(tuple(content.shape), content.dtype)
        tensor.__class__ = _Tensor
        _contents[tensor.untyped_storage()._cdata] = content
        return tensor


class _Module:
    """What PyTorch asks of ``torch.other``; random numbers are the CPU's."""

    is_initialized = is_available = staticmethod(lambda: True)
    _is_in_bad_fork = staticmethod(lambda: False)
    device_count = staticmethod(lambda: 1)
    current_device = staticmethod(lambda: 0)
    manual_seed_all = staticmethod(torch.default_generator.manual_seed)
    get_rng_state = staticmethod(lambda device=None: torch.get_rng_state())
    set_rng_state = staticmethod(lambda state, device=None: torch.set_rng_state(state))
    get_amp_supported_dtype = staticmethod(lambda: [torch.bfloat16, torch.float32])


def _content(tensor: torch.Tensor) -> torch.Tensor:
    """What a tensor of either device holds."""
    if tensor.device.type != NAME:
        return tensor
    content = _contents[tensor.untyped_storage()._cdata]
    if content.shape == tensor.shape:
        return content
    assert tensor.is_contiguous(), "a view made in C++, of which only the shape is known"
    return content.reshape(tensor.shape)


def _kernel(op: Any, *args: Any, **kwargs: Any) -> Any:
    """Any operation: done on the contents, its results on the device."""
    given: dict[int, torch.Tensor] = {}

    def unwrapped(value: Any) -> Any:
        if isinstance(value, torch.device):
            return torch.device("cpu")
        if not isinstance(value, torch.Tensor):
            return value
        if value.device.type != NAME and value.dim():  # a tensor of a single number may come from anywhere
            raise RuntimeError(f"{op}: a tensor of shape {tuple(value.shape)} on {value.device} among those on {NAME}")
        content = _content(value)
        given[id(content)] = value
        return content

    def wrapped(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        if id(value) not in given:
            return _Tensor(value)
        assert given[id(value)].shape == value.shape, f"{op} resized its output"
        return given[id(value)]

    asked = kwargs.get("device")
    plain = pytree.tree_map(unwrapped, (list(args), kwargs))
    # The CPU's view asks for strides that the device's tensors, all taken for contiguous, were never told.
    result = (_aten.reshape.default if op is _aten.view.default else op)(*plain[0], **plain[1])
    return result if asked is not None and asked.type == "cpu" else pytree.tree_map(wrapped, result)


def _to_copy(tensor: torch.Tensor, *, device: torch.device | None = None, **kwargs: Any) -> torch.Tensor:
    copied = _aten._to_copy.default(_content(tensor), **kwargs)
    return _Tensor(copied) if (device or tensor.device).type == NAME else copied


def _copy_(target: torch.Tensor, source: torch.Tensor, non_blocking: bool = False) -> torch.Tensor:
    _content(target).copy_(_content(source))
    return target


def _explicit_ops() -> Iterator[tuple[str, Any]]:
    """Operations with a kernel for every device, which would resize or restride tensors in C++."""
    for schema in torch._C._jit_get_all_schemas():
        namespace, _, packet = schema.name.partition("::")
        name = f"{schema.name}.{schema.overload_name}".rstrip(".")
        if namespace != "aten" or packet in ("_to_copy", "copy_", "_local_scalar_dense", "_unsafe_view"):
            continue
        with suppress(RuntimeError, AttributeError):  # operators of TorchScript alone
            kernels = ("CompositeExplicitAutograd", "CompositeExplicitAutogradNonFunctional")
            if any(torch._C._dispatch_has_kernel_for_dispatch_key(name, key) for key in kernels):
                yield name, getattr(getattr(_aten, packet), schema.overload_name or "default")


def _register() -> tuple[torch.library.Library, torch.library.Library]:
    """The registrations, which last as long as what is returned."""
    _setup_privateuseone_for_python_backend(NAME, backend_module=_Module())
    rest, single = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
    rest.fallback(_kernel, "PrivateUse1")
    for name, op in _explicit_ops():
        single.impl(name, partial(_kernel, op), "PrivateUse1")
    single.impl("_to_copy", _to_copy, "PrivateUse1")
    single.impl("copy_", _copy_, "PrivateUse1")
    single.impl("_local_scalar_dense", lambda tensor: _content(tensor).item(), "PrivateUse1")
    return rest, single


_libraries = _register()
torch.inference_mode = torch.no_grad  # type: ignore[misc]  # tensors made in Python cannot be inference tensors
torch.__future__.set_swap_module_params_on_conversion(True)  # weights that are tied stay so when they move
