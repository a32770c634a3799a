"""What a checkpoint can do decides how it is opened, and editors get what paints details."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import fexgan
from fexgan.checkpoints import Metadata, load_checkpoint, save_checkpoint
from fexgan.editing import Editor
from fexgan.errors import InputError
from fexgan.synthesis import Model
from fexgan.verbs.evaluate import Evaluate


def test_editors_are_opened_with_details_unless_told_otherwise():
    assert isinstance(fexgan.load("open-cast"), Model)
    editor, plain = fexgan.load("portrait"), fexgan.load("portrait", details=None)
    assert isinstance(editor, Editor) and editor.details is not None and plain.details is None
    assert not any(parameter.requires_grad for parameter in editor.details.networks.parameters())


def test_the_bundled_details_are_left_out_of_editors_framed_otherwise_and_others_refused(tmp_path: Path):
    details, portrait = load_checkpoint("details"), load_checkpoint("portrait")
    framed = replace(portrait.config, framing=replace(portrait.config.framing, face_fraction=0.7))
    save_checkpoint(tmp_path / "wide", portrait.networks, Metadata(framed, (), "", step=0))
    save_checkpoint(tmp_path / "mine", details.networks, details.metadata)
    assert fexgan.load(str(tmp_path / "wide")).details is None
    assert fexgan.load("portrait", details=str(tmp_path / "mine")).details is not None
    with pytest.raises(InputError, match="framed otherwise"):
        fexgan.load(str(tmp_path / "wide"), details=str(tmp_path / "mine"))


def test_checkpoints_in_the_wrong_place_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="details of what another edits"):
        fexgan.load("details")
    with pytest.raises(InputError, match="paints no details"):
        fexgan.load("portrait", details="open-cast")
    with pytest.raises(InputError, match="only refines what others edit"):
        Evaluate("details", out=tmp_path, data=tmp_path).run()
    with pytest.raises(InputError, match="device"):
        fexgan.load("portrait", device="no such device")


def test_details_compute_where_the_editor_does():
    editor = fexgan.load("portrait", device="meta")
    assert {parameter.device for parameter in editor.details.networks.parameters()} == {torch.device("meta")}
