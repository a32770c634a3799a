"""Convolutions are computed in what the device has: nobody waits for a processor that imitates another's format."""

from __future__ import annotations

import pytest
import torch

from fexgan.training.precision import autocast, computes_bf16, number_format

CPU = torch.device("cpu")


def processor(monkeypatch: pytest.MonkeyPatch, **capabilities: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)


@pytest.mark.parametrize("instructions", ["avx512_bf16", "amx_bf16", "bf16"])
def test_auto_is_bf16_where_the_processor_computes_it(monkeypatch, instructions):
    processor(monkeypatch, avx2=True, **{instructions: True})
    assert number_format("auto", CPU) == torch.bfloat16


def test_auto_is_fp32_where_the_processor_imitates_bf16_and_where_torch_does_not_tell(monkeypatch):
    processor(monkeypatch, avx2=True, avx512_bf16=False)
    assert number_format("auto", CPU) == torch.float32
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert not computes_bf16(CPU)


@pytest.mark.parametrize(
    ("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_a_format_that_is_asked_for_is_taken_on_any_processor(monkeypatch, precision, dtype):
    for can in (False, True):
        processor(monkeypatch, avx512_bf16=can)
        assert number_format(precision, CPU) == dtype


@pytest.mark.parametrize(("can", "dtype"), [(False, torch.float32), (True, torch.bfloat16)])
def test_convolutions_run_in_that_format(monkeypatch, can, dtype):
    processor(monkeypatch, avx512_bf16=can)
    with autocast("auto", CPU):
        assert torch.nn.Conv2d(1, 1, 1)(torch.zeros(1, 1, 2, 2)).dtype == dtype
