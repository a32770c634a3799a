from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawn import film

from fexgan.affects import AFFECTS
from fexgan.config import FramingConfig
from fexgan.dataset import FaceDataset, split_names
from fexgan.dataset import pixels as dataset_pixels
from fexgan.errors import InputError
from fexgan.media import decode_image, encode_image
from fexgan.prepare import prepare

FRAMING = FramingConfig(image_size_px=16, sampled_frames=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ada shows joy, fear and neutral, bo only joy; two takes of three frames each."""
    root = tmp_path_factory.mktemp("dataset")
    for character, affects in {"ada": ("joy", "fear", "neutral"), "bo": ("joy",)}.items():
        for affect in affects:
            for take in "12":
                film(root / "cast", character, affect, take, frames=3, sidecar=affect != "fear")
    prepare(root / "cast", root / "set", FRAMING)
    return root / "set"


@pytest.fixture(scope="module")
def faces(folder: Path) -> FaceDataset:
    return FaceDataset.load(folder, "train")


def _change(folder: Path, to: Path, **columns: list) -> Path:
    """A copy of the train shard with some columns replaced."""
    table = pq.read_table(folder / "data/train-00000-of-00001.parquet")
    for name, values in columns.items():
        index = table.column_names.index(name)
        table = table.set_column(index, table.schema.field(name), pa.array(values, table.schema.field(name).type))
    (to / "data").mkdir()
    pq.write_table(table, to / "data/train-00000-of-00001.parquet")
    return to


def test_rows_hold_the_pictures_and_truth_of_the_shards(folder: Path, faces: FaceDataset) -> None:
    rows = pq.read_table(folder / "data/train-00000-of-00001.parquet").to_pylist()
    assert len(faces) == len(rows) == 12
    for index, row in enumerate(rows):
        assert np.array_equal(faces.pixels[index], decode_image(row["image"]["bytes"]))
        assert (faces.character[index], faces.affect[index]) == (row["character"], row["affect"])
        assert (faces.take[index], faces.frame[index]) == (row["take"], row["frame"])
        expected = np.nan if row["strength"] is None else row["strength"]
        assert np.array_equal(faces.strength[index], expected, equal_nan=True)
    assert np.isnan(faces.strength[faces.affect == AFFECTS.index("fear")]).all()


def test_names_framing_and_splits_come_with_it(folder: Path, faces: FaceDataset) -> None:
    assert faces.characters == ("ada", "bo")
    assert faces.framing == FRAMING and faces.image_size_px == 16 and faces.split_by == "take"
    assert split_names(folder) == ("train", "test")


def test_the_fingerprint_is_of_the_whole_dataset(folder: Path, faces: FaceDataset, tmp_path: Path) -> None:
    assert FaceDataset.load(folder, "test").fingerprint == faces.fingerprint
    changed = _change(folder, tmp_path, frame=[9] * 12)
    assert FaceDataset.load(changed, "train").fingerprint != faces.fingerprint


def test_a_pair_shows_one_character_and_any_affect_that_it_has(faces: FaceDataset) -> None:
    batch = faces.pairs(2000, seed=0, step=0)
    source, target = batch.source_index, batch.target_index
    assert source.shape == target.shape == (2000,)
    assert np.array_equal(faces.character[source], faces.character[target])
    assert set(source) == set(target) == set(range(len(faces)))


def test_target_affects_are_equally_likely_whatever_their_number_of_frames(faces: FaceDataset) -> None:
    lopsided = FaceDataset(
        **{
            **vars_of(faces),
            "character": np.zeros(12, np.int64),
            "affect": np.array([0] * 10 + [3, 6]),
        }
    )
    shown = lopsided.affect[lopsided.pairs(6000, seed=0, step=0).target_index]
    assert np.bincount(shown, minlength=7)[[0, 3, 6]] == pytest.approx([2000] * 3, rel=0.1)


def test_targets_keep_the_strength_drawn_and_turn_their_heads_like_the_source(faces: FaceDataset) -> None:
    count = 400
    draw = np.random.default_rng(0)
    many = FaceDataset(
        **{
            **vars_of(faces),
            "pixels": np.zeros((count, 2, 2, 3), np.uint8),
            "character": np.zeros(count, np.int64),
            "affect": np.full(count, 3),
            "strength": draw.uniform(size=count).astype(np.float32),
            "head_deg": draw.uniform(-10, 10, (count, 3)).astype(np.float32),
            "gaze_deg": np.zeros((count, 2), np.float32),
            "blink": np.zeros(count, np.float32),
        }
    )
    without = FaceDataset(**{**vars_of(many), "head_deg": np.full((count, 3), np.nan, np.float32)})
    posed, blind = many.pairs(2000, seed=0, step=0), without.pairs(2000, seed=0, step=0)

    def turned(pairs) -> np.ndarray:
        return np.linalg.norm(many.head_deg[pairs.source_index] - many.head_deg[pairs.target_index], axis=1)

    assert turned(posed).mean() < 0.75 * turned(blind).mean()
    assert np.abs(many.strength[posed.target_index] - many.strength[blind.target_index]).max() <= 0.1
    assert np.array_equal(posed.source_index, blind.source_index)


def test_targets_look_and_blink_like_the_source(faces: FaceDataset) -> None:
    gaze = np.array([[4.0, 0.0], [-4.0, 0.0]], np.float32)
    blink = np.array([0.0, 1.0], np.float32)
    four = FaceDataset(
        **{
            **vars_of(faces),
            "pixels": np.zeros((4, 2, 2, 3), np.uint8),
            "character": np.zeros(4, np.int64),
            "affect": np.full(4, 3),
            "strength": np.full(4, 0.5, np.float32),
            "head_deg": np.zeros((4, 3), np.float32),
            "gaze_deg": gaze[[0, 0, 1, 1]],
            "blink": blink[[0, 1, 0, 1]],
        }
    )
    pairs = four.pairs(500, seed=0, step=0)
    assert np.array_equal(pairs.source_index, pairs.target_index)


def test_a_target_held_exactly_like_the_source_may_have_any_strength(faces: FaceDataset) -> None:
    turned = np.repeat(
        np.arange(4, dtype=np.float32), 2
    )  # four poses, in each joy at one strength, and fear at another
    posed = FaceDataset(
        **{
            **vars_of(faces),
            "pixels": np.zeros((8, 2, 2, 3), np.uint8),
            "character": np.zeros(8, np.int64),
            "affect": np.array([3, 2] * 4),
            "strength": np.array([0.1, 0.9, 0.4, 0.6, 0.6, 0.4, 0.9, 0.1], np.float32),
            "head_deg": np.stack([turned] * 3, axis=1),
            "gaze_deg": np.zeros((8, 2), np.float32),
            "blink": np.full(8, np.nan, np.float32),
        }
    )
    pairs = posed.pairs(500, seed=0, step=0)
    other = posed.affect[pairs.source_index] != posed.affect[pairs.target_index]
    assert np.array_equal(turned[pairs.source_index][other], turned[pairs.target_index][other]) and other.sum() > 200
    assert set(posed.strength[pairs.target_index]) == set(posed.strength)


def vars_of(faces: FaceDataset) -> dict:
    return {name: getattr(faces, name) for name in FaceDataset.__dataclass_fields__}


def test_half_of_the_sources_are_drawn_by_character(faces: FaceDataset) -> None:
    lopsided = FaceDataset(**{**vars_of(faces), "character": np.array([0] * 11 + [1])})
    shown = lopsided.character[lopsided.pairs(6000, seed=0, step=0).source_index]
    assert np.mean(shown) == pytest.approx(0.5 / 12 + 0.5 / 2, rel=0.1)


def test_joined_datasets_keep_their_people_apart(faces: FaceDataset) -> None:
    joined = FaceDataset.join([faces, faces])
    assert joined.characters == ("ada", "bo", "ada", "bo") and len(joined) == 2 * len(faces)
    assert joined.labels == ("ada", "bo", "ada-2", "bo-2") and faces.labels == faces.characters
    assert np.array_equal(joined.character, [*faces.character, *(faces.character + 2)])
    assert joined.fingerprint != faces.fingerprint == FaceDataset.join([faces]).fingerprint
    twice = np.concatenate([faces.pixels, faces.pixels])
    assert joined.pixels.shape == twice.shape and np.array_equal(joined.pixels, twice)
    for rows in (
        3,
        len(faces),
        slice(5, len(twice), 4),
        np.array([len(faces), 0, len(twice) - 1, 7]),
        np.array([], int),
    ):
        assert np.array_equal(joined.pixels[rows], twice[rows])
    assert np.array_equal(list(joined.pixels), twice) and all(part is faces.pixels for part in joined.pixels.parts)
    with pytest.raises(IndexError):
        joined.pixels[len(twice)]
    other = dataclasses.replace(faces, framing=dataclasses.replace(faces.framing, face_fraction=0.75))
    looser = dataclasses.replace(faces, framing=dataclasses.replace(faces.framing, sampled_frames=9))
    assert len(FaceDataset.join([faces, looser])) == 2 * len(faces)  # the same square, however it was found
    with pytest.raises(InputError, match="same framing"):
        FaceDataset.join([faces, other])


@pytest.fixture
def mapped(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FaceDataset:
    """The same split, too large for memory."""
    monkeypatch.setattr(dataset_pixels, "LARGEST_IN_MEMORY", 12 * 16 * 16 * 3 - 1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return FaceDataset.load(folder, "train")


def test_pictures_beyond_memory_are_mapped_from_a_file_and_the_same(faces: FaceDataset, mapped: FaceDataset) -> None:
    assert isinstance(mapped.pixels, np.memmap) and not isinstance(faces.pixels, np.memmap)
    assert np.array_equal(mapped.pixels, faces.pixels)
    one, other = (part.pairs(64, seed=1, step=2) for part in (faces, mapped))
    assert np.array_equal(faces.pixels[one.target_index], mapped.pixels[other.target_index])
    mapped.pixels[0] = 0


def test_mapped_pictures_are_decoded_once_and_again_where_the_file_is_not_whole(
    folder: Path, faces: FaceDataset, mapped: FaceDataset, tmp_path: Path
) -> None:
    (file,) = (tmp_path / "cache/fexgan").iterdir()
    decoded, content = file.stat().st_mtime_ns, file.read_bytes()
    FaceDataset.load(folder, "train")
    assert file.stat().st_mtime_ns == decoded
    file.write_bytes(content[:-1])
    assert np.array_equal(FaceDataset.load(folder, "train").pixels, faces.pixels)


def test_a_wrong_picture_leaves_no_mapped_file(folder: Path, mapped: FaceDataset, tmp_path: Path) -> None:
    files = set((tmp_path / "cache/fexgan").iterdir())
    encoded = [{"bytes": encode_image(pixels), "path": None} for pixels in mapped.pixels]
    with pytest.raises(InputError, match=r"picture 11 .* cannot be read"):
        FaceDataset.load(_change(folder, tmp_path, image=[*encoded[:11], {"bytes": b"", "path": None}]))
    assert set((tmp_path / "cache/fexgan").iterdir()) == files


def test_source_frames_of_a_character_are_uniform(faces: FaceDataset) -> None:
    alone = FaceDataset(**{**vars_of(faces), "character": np.zeros(12, np.int64)})
    counts = np.bincount(alone.pairs(12_000, seed=0, step=0).source_index, minlength=12)
    assert counts == pytest.approx([1000] * 12, rel=0.15)


def test_pairs_depend_on_seed_and_step_alone(folder: Path, faces: FaceDataset) -> None:
    first = faces.pairs(8, seed=3, step=5)
    faces.pairs(8, seed=3, step=6)
    again = FaceDataset.load(folder, "train").pairs(8, seed=3, step=5)
    assert np.array_equal(first.source_index, again.source_index)
    assert np.array_equal(first.target_index, again.target_index)
    for other in (faces.pairs(8, seed=3, step=6), faces.pairs(8, seed=4, step=5)):
        assert not np.array_equal(first.source_index, other.source_index)


def test_a_wrong_folder_or_split_is_named_with_the_way_out(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no dataset folder at .*gone; make the dataset with: fexgan prepare"):
        FaceDataset.load(tmp_path / "gone")
    with pytest.raises(InputError, match="is no dataset"):
        FaceDataset.load(tmp_path)
    with pytest.raises(InputError, match=r"no split 'dev'; choose from train, test$"):
        FaceDataset.load(folder, "dev")


def test_a_broken_shard_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train-00000-of-00001.parquet").write_text("broken")
    with pytest.raises(InputError, match=r"train-00000-of-00001\.parquet cannot be read"):
        FaceDataset.load(tmp_path)


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    pq.write_table(pa.table({"text": ["hello"]}), tmp_path / "data/train-00000-of-00001.parquet")
    with pytest.raises(InputError, match="cannot be read as a shard of a dataset"):
        FaceDataset.load(tmp_path)


def test_metadata_of_someone_else_is_refused(folder: Path, tmp_path: Path) -> None:
    table = pq.read_table(folder / "data/train-00000-of-00001.parquet")
    (tmp_path / "data").mkdir()
    path = tmp_path / "data/train-00000-of-00001.parquet"
    pq.write_table(table.replace_schema_metadata({}), path)
    with pytest.raises(InputError, match="its metadata is missing"):
        FaceDataset.load(tmp_path)
    told = json.loads(table.schema.metadata[b"huggingface"])
    told["info"]["features"]["affect"]["names"] = ["happy", "sad"]
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"huggingface": json.dumps(told)}), path)
    with pytest.raises(InputError, match="has the affects happy, sad; expected anger"):
        FaceDataset.load(tmp_path)


@pytest.mark.parametrize(
    ("picture", "message"),
    [(b"", "picture 0 .* cannot be read"), (encode_image(np.zeros((8, 16, 3), np.uint8)), "has 16x8 px, not 16x16")],
)
def test_a_wrong_picture_is_named(folder: Path, tmp_path: Path, picture: bytes, message: str) -> None:
    changed = _change(folder, tmp_path, image=[{"bytes": picture, "path": None}] * 12)
    with pytest.raises(InputError, match=message):
        FaceDataset.load(changed)


def test_labels_without_a_name_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="labels that its metadata does not name"):
        FaceDataset.load(_change(folder, tmp_path, character=[2] * 12))
