"""Slips in flags are one line each, with what came and the way out."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
import tyro

from fexgan import cli
from fexgan.errors import InputError

SLIPS = {
    "transform --too joy": "flag --too is unknown; did you mean --to? fexgan transform --help tells every flag",
    "transform face.png --source_afect=joy": "flag --source_afect is unknown; did you mean --source-affect?",
    "transform face.png --strenght 3": "flag --strenght is unknown; fexgan transform --help tells every flag",
    "generate -o faces.png": "flag -o is unknown; did you mean --out?",
    "blend face.png --mix anger+sadness": "flag --mix is unknown; did you mean --mixtures?",
    "evaluate run --daat set": "flag --daat is unknown; did you mean --data?",
    "--vresion": "flag --vresion is unknown; did you mean --version? fexgan --help tells every verb",
    "prepare": "FOOTAGE and --out are missing; write it as in fexgan prepare open-cast --out out/dataset;",
    "adapt": "CHECKPOINT, --data and --out are missing",
    "inspect": "DATA is missing; write it as in fexgan inspect out/dataset;",
    "inspect set --out": "--out comes without a value; write a path after it",
    "animate face.png --cell-px": "--cell-px comes without a value; write a whole number after it",
    "animate face.png --fps fast": "--fps takes a number, not 'fast'",
    "animate face.png --fps=24 --fps=fast": "--fps takes a number, not 'fast'",
    "demo --train_steps many": "--train-steps takes a whole number, not 'many'",
    "generate --count 1.5": "--count takes a whole number, not '1.5'",
    "generate --strengths half": "--strengths 'half' is unknown; choose from full, uniform;",
    "film set --stills all": "--stills 'all' is unknown; choose from truth, crowd, turned, people, poses;",
    "inspect set other": "'other' is one too many; quote what has spaces in it",
    "animate face.png --keyframes 0s neutral, 1s joy": "'neutral,' is one too many after --keyframes; quote what has",
    "transform face.png --to joy --out joy.png other.png": "'other.png' is one too many after --out;",
    "transform face.png --sheet=yes": "'yes' is one too many after --sheet;",
}
"""Command lines, and what is told of each."""


@pytest.mark.parametrize("line", SLIPS)
def test_a_slip_is_one_line_with_a_way_out(run_command: Callable[..., int], capsys, line: str):
    assert run_command(*line.split()) == cli.EXIT_WRONG_INPUT
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    assert told.err.startswith(f"fexgan: error: {SLIPS[line]}")
    assert told.err.rstrip().endswith(("--help tells every flag", "--help tells every verb"))


def test_however_long_it_is_what_came_is_told_in_short():
    with pytest.raises(InputError) as caught:
        cli.parse(["inspect", "set", "x" * 10_000])
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("gone", ["module", "hook", "event"])
def test_where_tyro_takes_its_hook_away_it_tells_itself(monkeypatch: pytest.MonkeyPatch, capsys, gone: str):
    if gone == "module":
        monkeypatch.setitem(sys.modules, "tyro._errors", None)
    elif gone == "hook":
        monkeypatch.delattr(tyro._errors, "on_parse_error")
    else:
        monkeypatch.setattr("fexgan.verbs.slips.TOLD", {})
    with pytest.raises(SystemExit) as exit_:
        cli.parse(["transform", "--too", "joy"])
    assert exit_.value.code == cli.EXIT_WRONG_INPUT and "--too" in capsys.readouterr().err
