"""In which number format convolutions are computed: the one asked for, or the fastest that the device has itself."""

from __future__ import annotations

import torch

_FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_BF16_PROCESSORS = ("avx512_bf16", "amx_bf16", "bf16")
"""What torch calls the instructions that multiply in bf16, of x86 and of ARM."""


def number_format(precision: str, device: torch.device) -> torch.dtype:
    """The format of convolutions that `training.precision` means on a device; `auto` is bf16 where it is computed."""
    if precision != "auto":
        return _FORMATS[precision]
    return torch.bfloat16 if computes_bf16(device) else torch.float32


def computes_bf16(device: torch.device) -> bool:
    """Whether a device computes in bf16 rather than imitates it, which takes many times as long as fp32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return True
    tell = getattr(torch.cpu, "get_capabilities", dict)  # torch before 2.13 does not tell
    capabilities = tell()
    return any(capabilities.get(name) for name in _BF16_PROCESSORS)


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Compute convolutions in the format that `training.precision` means on a device."""
    dtype = number_format(precision, device)
    half = dtype if dtype != torch.float32 else torch.bfloat16  # autocast names one, be it off
    return torch.autocast(device.type, half, enabled=dtype != torch.float32)
