from __future__ import annotations

import csv
import errno
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from drawn import film
from PIL import Image

from fexgan import __version__, bundled, cli
from fexgan.affects import AFFECTS, affect_index
from fexgan.config import FramingConfig
from fexgan.dataset import FaceDataset, read_metadata, shard_paths, shard_schema
from fexgan.manifest import DatasetRecord
from fexgan.media import read_image
from fexgan.naming import Reading
from fexgan.video import count_clip_frames

Run = Callable[..., int]


@pytest.fixture
def fexgan(run_command: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `fexgan` with these arguments in an empty folder; returns the exit code."""
    monkeypatch.chdir(tmp_path)
    return run_command


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faces") / "face.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path)
    return path


def test_help_answers_without_torch_and_lists_every_verb():
    program = (
        "import sys\nfrom fexgan import cli\n"
        "try: cli.parse(['--help'])\nexcept SystemExit: pass\n"
        "print('heavy:', [name for name in ('torch', 'cv2', 'av', 'matplotlib', 'bpy') if name in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "heavy: []" in output
    assert all(verb in output for verb in cli.VERBS)


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_explains_itself_with_an_example_that_parses(verb: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as exit_:
        cli.parse([verb, "--help"])
    assert exit_.value.code == 0
    assert f"$ fexgan {verb}" in capsys.readouterr().out


def test_the_version_is_told(fexgan: Run, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.parse(["--version"])
    assert exit_.value.code == 0 and capsys.readouterr().out == f"fexgan {__version__}\n"
    assert fexgan("--help") == 0 and "fexgan --version" in capsys.readouterr().out


def test_who_asks_for_nothing_or_help_gets_it(fexgan: Run, capsys):
    assert fexgan("--help") == 0
    told = capsys.readouterr().out
    for arguments in ((), ("help",)):
        assert fexgan(*arguments) == 0 and capsys.readouterr().out == told


def test_a_misspelt_verb_is_told_the_nearest(fexgan: Run, capsys):
    assert fexgan("transfrom", "x.png") == 2
    error = capsys.readouterr().err
    assert "'transfrom' is unknown; did you mean 'transform'?" in error and error.count("\n") == 1


def test_the_package_runs_as_a_module():
    command = [sys.executable, "-m", "fexgan", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"fexgan {__version__}\n"


@pytest.mark.parametrize("arguments", [("--help",), ("expressions",), ("--version",)])
def test_who_reads_no_further_ends_it_quietly(arguments: tuple[str, ...]):
    process = subprocess.Popen(
        [sys.executable, "-m", "fexgan", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    assert process.stderr.read() == "" and process.wait() == cli.EXIT_NOBODY_READS


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("transform", "face.png", "--out", "-"), "--out - is no place for results"),
        (("generate", "--dataset", "-"), "--dataset - is no place for results"),
        (("expressions", "--units", "-"), "--units - is no place for results"),
        (("classify", "-"), "standard input is not read"),
        (("transform", "face.png", "-"), "standard input is not read"),
    ],
)
def test_a_dash_is_no_file(fexgan: Run, tmp_path: Path, capsys, arguments: tuple[str, ...], complaint: str):
    assert fexgan(*arguments) == 2 and not list(tmp_path.iterdir())
    error = capsys.readouterr().err
    assert complaint in error and error.count("\n") == 1


def test_faces_of_a_dataset_without_a_test_split_are_train_frames(
    fexgan: Run, tiny_footage: Path, tiny_checkpoint: Path, capsys
):
    assert fexgan("prepare", tiny_footage, "--out", "set", "--size-px", 64, "--test-share", 0) == 0
    model = ("--data", "set", "--checkpoint", tiny_checkpoint)
    for command in (
        ("transform", "--to", "joy", "--out", "sheet.png"),
        ("blend", "--mixtures", "wry-smile", "--out", "blend.png"),
        ("animate", "--keyframes", "0s neutral, 100ms joy", "--out", "clip.webp"),
    ):
        capsys.readouterr()
        assert fexgan(*command, *model) == 0
        assert "set has no test split; its train frames are shown" in capsys.readouterr().out
    assert fexgan("evaluate", tiny_checkpoint, "--data", "set", "--out", "report") == 2
    assert "--split character" in capsys.readouterr().err


def test_faces_of_a_dataset_that_nobody_learned_are_told_of(
    fexgan: Run, tiny_footage: Path, tiny_dataset: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setattr("fexgan.familiarity.familiarity", lambda sitter: 0.1)
    monkeypatch.setattr(bundled, "checkpoint_names", lambda: ("open-cast",))
    monkeypatch.setattr(bundled, "checkpoint_path", lambda name: tiny_checkpoint)
    assert fexgan("prepare", tiny_footage, "--out", "set", "--size-px", 64, "--test-share", 0.25) == 0
    command = ("transform", "--to", "joy", "--out", "sheet.png", "--data")
    assert fexgan(*command, "set") == 0
    told = capsys.readouterr().out
    assert "checkpoint open-cast draws the faces of set" in told
    assert all(f"{name}: this face is outside the cast" in told for name in ("ada", "bo"))
    assert fexgan(*command, tiny_dataset) == 0
    assert "outside the cast" not in capsys.readouterr().out, "they are whom it learned"


@pytest.mark.parametrize("seed", [-1, 2**31, 2**64])
def test_seeds_that_no_generator_takes_are_refused(fexgan: Run, capsys, seed: int):
    assert fexgan("generate", "--seed", seed) == fexgan("film", "footage", "--random", 1, "--seed", seed) == 2
    assert capsys.readouterr().err.count(f"seed {seed} is out of range") == 2


def test_wrong_input_is_one_line_on_stderr_and_leaves_nothing_behind(
    fexgan: Run, face: Path, tiny_checkpoint: Path, tiny_dataset: Path, tmp_path: Path, capsys
):
    model = ("--checkpoint", tiny_checkpoint)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    before = sorted(tmp_path.rglob("*"))
    cases = [
        ("transform", "nowhere.png", *model),
        ("transform", broken, *model),
        ("transform", face, "--to", "happy", *model),
        ("transform", face, "--to", "joy:1.5", *model),
        ("transform", face, "--checkpoint", "nowhere"),
        ("transform", face, "--out", "face.bmp", *model),
        ("transform", *model),
        ("transform", face, "--data", tiny_dataset, *model),
        ("transform", "--data", "nowhere", *model),
        ("blend", face, "--mixtures", "joy", *model),
        ("animate", face, "--keyframes", "0s joy", *model),
        ("animate", face, "--cell-px", "33", *model),
        ("animate", face, "--fps", "0", *model),
        ("animate", "--data", tiny_dataset, "--characters", "zoe", *model),
        ("generate", "--count", "0", *model),
        ("generate", "--affect", "glee", *model),
        ("classify", *model),
        ("classify", face, "--out", "table.txt", *model),
        ("classify", broken, "--out", "table.csv", *model),
        ("generate", "--dataset", "made", "--affect", "joy:0.5", *model),
        ("animate", face, "--out", "clip.avi", *model),
        ("evaluate", tiny_checkpoint, "--data", "nowhere", "--out", "report"),
        ("evaluate", tiny_checkpoint, "--data", tiny_dataset, "--optimise", "--out", "report"),
        ("prepare", "nowhere", "--out", "dataset"),
        ("prepare", tmp_path, "--out", "dataset", "--size-px", "1"),
        ("train", "nowhere", "--preset", "huge", "--out", "run"),
        ("train", tiny_dataset, "--start-from", "nowhere", "--out", "run"),
    ]
    for arguments in cases:
        assert fexgan(*arguments) == 2, arguments
        error = capsys.readouterr().err
        assert error.startswith("fexgan: error: ") and error.count("\n") == 1, (arguments, error)
        assert sorted(tmp_path.rglob("*")) == before, arguments


def test_a_file_in_the_place_of_a_report_is_told_before_anything_is_measured(
    fexgan: Run, tiny_checkpoint: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setattr("fexgan.checkpoints.load_checkpoint", lambda *_: pytest.fail("it was measured first"))
    Path("report").write_text("mine")
    assert fexgan("evaluate", tiny_checkpoint, "--data", tiny_dataset, "--judges", "--out", "report") == 2
    assert "report is a file; give a folder" in capsys.readouterr().err
    assert Path("report").read_text() == "mine"


def test_an_interruption_exits_with_130(fexgan: Run, monkeypatch: pytest.MonkeyPatch):
    def interrupted(verb: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.VERBS["generate"], "run", interrupted)
    assert fexgan("generate") == 130


@pytest.mark.parametrize("kept", ["parts", "rows", None])
def test_an_interrupted_prepare_tells_how_to_go_on_where_it_leaves_anything(
    fexgan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, kept: str | None
):
    def interrupted(*_: object) -> None:
        if kept:
            (tmp_path / f".set.{kept}").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr("fexgan.prepare.find_footage", interrupted)
    assert fexgan("prepare", "open-cast", "--out", "set") == 130
    told = "interrupted; what is done stays beside set, and the same command goes on from there"
    assert (told in capsys.readouterr().out) == bool(kept)


def test_a_full_disk_is_one_line(fexgan: Run, monkeypatch: pytest.MonkeyPatch, capsys):
    def write(verb: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "random.png")

    monkeypatch.setattr(cli.VERBS["generate"], "run", write)
    assert fexgan("generate") == 2
    assert capsys.readouterr().err == "fexgan: error: random.png: No space left on device\n"


def test_a_folder_that_cannot_be_written_is_one_line(fexgan: Run, tiny_checkpoint: Path, tmp_path: Path, capsys):
    (tmp_path / "file").write_text("")
    assert fexgan("generate", "--count", 1, "--out", "file/a.png", "--checkpoint", tiny_checkpoint) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_prepare_evaluate_and_train_follow_each_other(fexgan: Run, tiny_footage: Path, tiny_checkpoint: Path, capsys):
    assert fexgan("prepare", tiny_footage, "--out", "dataset", "--size-px", 64, "--test-share", 0.5) == 0
    assert "28 takes of 2 characters, 56 frames to train on and 56 to test with" in capsys.readouterr().out
    assert fexgan("evaluate", tiny_checkpoint, "--data", "dataset", "--out", "report") == 0
    assert "accuracy" in json.loads(Path("report/report.json").read_text())["classification"]["test"]
    assert fexgan("train", "dataset", "--start-from", tiny_checkpoint, "--steps", 1, "--out", "run") == 0
    assert fexgan("transform", "--data", "dataset", "--checkpoint", "run", "--out", "sheet.png") == 0
    goes_on = ("--start-from", tiny_checkpoint, "--steps", 2, "--keep", 1, "--out", "run")
    assert fexgan("train", "dataset", *goes_on) == 0
    assert [path.name for path in Path("run/checkpoints").iterdir()] == ["000002"]


def test_what_prepare_did_otherwise_than_asked_is_told_with_a_way_out(fexgan: Run, capsys):
    footage = Path("footage")
    for affect, take, frames in (("joy", "1", 2), ("joy", "2", 20), ("fear", "1", 2)):
        film(footage, "ada", affect, take, frames=frames)
    (footage / "ada" / "fear").rename(footage / "ada" / "mad")
    (footage / "ada" / "joy" / "torn.png").write_bytes(b"no picture")
    assert fexgan("prepare", footage, "--out", "set", "--size-px", 32) == 0
    said = capsys.readouterr().out
    assert "label 'mad' names no affect that is known: 1 file is left out; say --leave-out if" in said
    assert "of the frames are to test with, not 30%, for each take is kept whole" in said
    card = Path("set/README.md").read_text()
    assert "- `ada/joy/torn.png` (1 file): cannot be read as a picture" in card
    assert fexgan("prepare", footage, "--out", "set", "--size-px", 32, "--split", "frame") == 0
    assert "of the frames are to test with" not in capsys.readouterr().out


def test_flags_of_prepare_reach_the_dataset(fexgan: Run, tiny_footage: Path):
    flags = ("--size-px", 32, "--face-fraction", 0.8, "--split", "time-block", "--test-share", 0.25)
    more = ("--guard-frames", 1, "--seed", 5, "--leave-out", "joy")
    assert fexgan("prepare", tiny_footage, "--out", "set", *flags, *more) == 0
    record, _ = read_metadata(shard_schema(shard_paths(Path("set"))[0]), Path("set"))
    framing = FramingConfig(image_size_px=32, face_fraction=0.8)
    assert record == DatasetRecord(framing, "time-block", 0.25, 5, 1)
    assert affect_index("joy") not in FaceDataset.load(Path("set")).affect


def test_generate_draws_the_face_of_its_seed(fexgan: Run, tiny_checkpoint: Path):
    fear = ("generate", "--affect", "fear", "--checkpoint", tiny_checkpoint)
    assert fexgan(*fear, "--count", 1, "--seed", 5, "--out", "one.png") == 0
    assert fexgan(*fear, "--count", 3, "--seed", 3, "--out", "three") == 0
    assert np.array_equal(read_image(Path("one.png")), read_image(Path("three/fear-2.png")))


def test_one_picture_to_one_mixture_is_that_picture_and_more_are_a_sheet(
    fexgan: Run, face: Path, tiny_checkpoint: Path
):
    model = ("--checkpoint", tiny_checkpoint)
    assert fexgan("transform", face, "--to", "joy:0.8", "--out", "joy.png", *model) == 0
    assert read_image(Path("joy.png")).shape == (64, 64, 3)
    assert fexgan("transform", face, face, "--out", "sheet.png", *model) == 0
    height, width = read_image(Path("sheet.png")).shape[:2]
    assert width > 8 * 64 and height > 2 * 64


def test_an_out_without_suffix_is_a_folder_of_pictures(fexgan: Run, face: Path, tiny_checkpoint: Path):
    model = ("--checkpoint", tiny_checkpoint)
    assert fexgan("transform", face, face, "--to", "joy", "fear:0.5", "--out", "made", *model) == 0
    names = ["face-2-fear-0.5.png", "face-2-joy.png", "face-fear-0.5.png", "face-joy.png"]
    assert sorted(path.name for path in Path("made").iterdir()) == names
    assert fexgan("generate", "--affect", "fear", "--count", 3, "--out", "faces", *model) == 0
    assert len(list(Path("faces").glob("fear-*.png"))) == 3
    assert fexgan("blend", face, "--out", "blends", *model) == 0
    assert len(list(Path("blends").iterdir())) == 3


def test_a_clip_has_a_frame_for_every_moment_and_a_cell_for_every_face(
    fexgan: Run, tiny_dataset: Path, tiny_checkpoint: Path
):
    flags = ("--keyframes", "0s neutral, 0.5s joy", "--fps", 12, "--cell-px", 32, "--checkpoint", tiny_checkpoint)
    assert fexgan("animate", "--data", tiny_dataset, "--out", "cast.mp4", *flags) == 0
    assert count_clip_frames(Path("cast.mp4")) == 7
    assert fexgan("animate", "--data", tiny_dataset, "--characters", "bo", "--out", "bo.mp4", *flags) == 0


def test_classify_prints_json_that_names_every_picture(fexgan: Run, face: Path, tiny_checkpoint: Path, capsys):
    assert fexgan("classify", face, "--json", "--checkpoint", tiny_checkpoint) == 0
    assert tuple(json.loads(capsys.readouterr().out)[str(face)]["shares"]) == AFFECTS
    assert fexgan("classify", face, "--checkpoint", tiny_checkpoint) == 0


def test_a_calm_face_has_no_strength(fexgan: Run, face: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    shares = dict.fromkeys(AFFECTS, 0.0) | {"neutral": 0.65, "anger": 0.35}
    monkeypatch.setattr("fexgan.naming.read_face", lambda *_: Reading(shares, "neutral", 0.35))
    monkeypatch.setattr("fexgan.verbs.classify.open_model", lambda *_: None)
    assert fexgan("classify", face) == 0
    told = capsys.readouterr().out
    assert "│ neutral │ -        │" in told and "0.35" not in told


def test_classify_reads_the_smile_of_someone_that_no_network_saw(fexgan: Run, capsys):
    picture = bundled.pictures_path() / "collins.jpg"
    assert fexgan("classify", picture, "--json") == 0
    reading = json.loads(capsys.readouterr().out)[str(picture)]
    assert reading["affect"] == "joy" and reading["strength"] > 0.75


def test_classify_writes_a_table_of_a_folder(fexgan: Run, face: Path, tiny_checkpoint: Path):
    Path("album").mkdir()
    Path("album/face.png").write_bytes(face.read_bytes())
    assert fexgan("classify", "album", "--out", "affects.csv", "--checkpoint", tiny_checkpoint) == 0
    assert Path("affects.csv").read_text().splitlines()[1].startswith("album/face.png,")


def test_generate_writes_a_labelled_dataset(fexgan: Run, tiny_checkpoint: Path):
    flags = ("--affect", "joy", "anger", "--per-affect", 2, "--checkpoint", tiny_checkpoint)
    assert fexgan("generate", "--dataset", "nobody", *flags) == 0
    assert FaceDataset.load(Path("nobody")).affect.tolist() == [0, 3, 0, 3]


def test_animate_writes_face_units_for_rigs_without_a_face(fexgan: Run, capsys):
    keyframes = ("animate", "--keyframes", "0s neutral, 1s joy:0.5+wry-smile:0.5")
    assert fexgan(*keyframes, "--out", "usual.csv") == 0
    assert fexgan(*keyframes, "--variants", "joy.laugh", "--out", "laugh.csv") == 0
    usual, laugh = (
        list(csv.DictReader(Path(name).read_text().splitlines()))[-1] for name in ("usual.csv", "laugh.csv")
    )
    assert float(laugh["JawOpen"]) > float(usual["JawOpen"]) and usual["Timecode"] == "00:00:01:00.000"
    assert "wrote usual.csv" in capsys.readouterr().out


def test_animate_writes_frames_and_animations(fexgan: Run, face: Path, tiny_checkpoint: Path):
    Path("scene.yaml").write_text("- 0s neutral\n- 0.5s joy linear\n")
    flags = ("--keyframes", "scene.yaml", "--fps", 4, "--cell-px", 32, "--checkpoint", tiny_checkpoint)
    assert fexgan("animate", face, "--out", "frames", *flags) == 0
    assert len(list(Path("frames").iterdir())) == 3
    assert fexgan("animate", face, "--out", "joy.webp", *flags) == 0


def test_filming_without_its_extra_names_the_extra(fexgan: Run, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setitem(sys.modules, "bpy", None)
    assert fexgan("film", "footage", "--takes", 1) == 2
    assert "fexgan-meta[studio]" in capsys.readouterr().err


def test_expressions_are_saved_listed_applied_and_handed_to_engines(
    fexgan: Run, face: Path, tiny_checkpoint: Path, capsys
):
    assert fexgan("expressions", "mine/sly.yaml", "--save", "joy:0.3+disgust:0.2", "--note", "knows more") == 0
    assert fexgan("expressions", "mine") == 0
    assert "knows more" in capsys.readouterr().out
    flags = ("--to", "mine/sly.yaml", "startled", "--out", "made", "--checkpoint", tiny_checkpoint)
    assert fexgan("transform", face, *flags) == 0
    assert sorted(path.name for path in Path("made").iterdir()) == ["face-sly.png", "face-startled.png"]
    assert fexgan("expressions", "--units", "units.csv") == 0
    assert len(Path("units.csv").read_text().splitlines()) == 1 + len(list(bundled.expressions_path().iterdir()))
    assert fexgan("expressions", "wry-smile", "startled:0.5", "mine/sly.yaml+fear:0.1", "--units", "three.csv") == 0
    assert len(Path("three.csv").read_text().splitlines()) == 4
    assert fexgan("expressions", "half.yaml", "--save", "wry-smile:0.5") == 0
    assert "joy:0.2+disgust:0.125" in Path("half.yaml").read_text()
    assert fexgan("expressions", "mine", "other", "--save", "joy") == 2
