"""Filmed stills in memory: many characters, each in one pose with the same mixtures at known strengths."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fexgan.affects import NEUTRAL_INDEX, Mixture
from fexgan.errors import InputError
from fexgan.manifest import STILLS, FrameTruth, Take, read_sidecar, shown_variants
from fexgan.media import Pixels
from fexgan.video import read_clip

WAY_OUT = "film them with: fexgan film --random 150 --stills crowd"


class Windows(NamedTuple):
    """Parts of pictures that were filmed instead of the whole."""

    corners_px: NDArray[np.int64]
    """[characters, 2]: left and top of each character's part."""
    picture_px: int
    """Side of the whole pictures."""


@dataclass(frozen=True, eq=False)
class StillSet:
    """Stills by character; still i shows the same mixture on every one of them.

    `pixels`: uint8 [characters, stills, height, width, 3]. `affects`: float32 [characters, stills, 7], affect vectors
    as `Mixture.vector` gives them. `fingerprint`: SHA-256 over the clips and sidecars of all characters of the folder;
    those of joined sets, joined.
    """

    pixels: Pixels
    affects: NDArray[np.float32]
    characters: tuple[str, ...]
    fingerprint: str
    variants: tuple[tuple[Mapping[str, str], ...], ...] = ()
    """By character and still, affect -> the variant shown; empty where the sidecars do not tell."""
    landmarks: NDArray[np.float32] | None = None
    """[characters, stills, 68, 2]: the customary landmarks, (x, y), pixel centres at whole numbers; None where some
    sidecar does not tell them."""
    windows: Windows | None = None
    """What was filmed of the pictures, where that is not all of them; landmarks are then those of whole pictures."""

    def __len__(self) -> int:
        return len(self.characters)

    @classmethod
    def load(cls, footage: Path, close_ups: bool = False) -> StillSet:
        """Read every `<character>/stills/1.mp4` of a footage folder, with the sidecar beside it, sorted by name.

        `close_ups`: whether they are parts of pictures. Raises InputError where there are none, where they are what was
        not asked for, where a sidecar is missing or tells of another number or size of pictures, and where characters
        differ in the size of their pictures or in what they show.
        """
        clips = sorted(Path(footage).glob(f"*/{STILLS}/1.mp4"))
        if not clips:
            raise InputError(f"no stills in {footage}, looked for CHARACTER/{STILLS}/1.mp4; {WAY_OUT}")
        digest = hashlib.sha256()
        pixels, affects, variants, landmarks, windows = [], [], [], [], []
        for clip in clips:
            sidecar = clip.with_suffix(".json")
            take = read_sidecar(sidecar)
            truth = take.frames
            vectors = _vectors(truth)
            pictures = np.stack([picture for picture, _ in read_clip(clip)])
            if len(pictures) != len(vectors):
                raise InputError(
                    f"{clip} has {len(pictures)} pictures, its sidecar tells of {len(vectors)}; film it again"
                )
            if pixels and pictures.shape != pixels[0].shape:
                raise InputError(
                    f"{clip} has {_size(pictures)}, {clips[0]} {_size(pixels[0])}; give one folder to one set of stills"
                )
            if affects and not np.array_equal(vectors, affects[0]):
                raise InputError(f"{clip} shows other mixtures than {clips[0]}; give one folder to one set of stills")
            pixels.append(pictures)
            affects.append(vectors)
            variants.append(shown_variants(take, sidecar))
            landmarks.append(_landmarks(truth, sidecar))
            windows.append(_window(take, clip, pictures, close_ups))
            digest.update(clip.read_bytes() + sidecar.read_bytes())
        names = tuple(clip.parent.parent.name for clip in clips)
        points = None if any(one is None for one in landmarks) else np.stack(landmarks)
        shown = (np.stack(pixels), np.stack(affects), names, digest.hexdigest(), tuple(variants), points)
        return cls(*shown, _windows(windows, clips[0]) if close_ups else None)

    @classmethod
    def join(cls, parts: Sequence[StillSet]) -> StillSet:
        """All characters of several sets, in their order. Raises InputError where sets differ in the size of their
        pictures or in what they show."""
        first = parts[0]
        for part in parts[1:]:
            if part.pixels.shape[1:] != first.pixels.shape[1:] or not np.array_equal(part.affects[0], first.affects[0]):
                raise InputError(
                    f"stills of {part.characters[0]} and of {first.characters[0]} differ in size or in what they show; "
                    "give folders that show the same mixtures, as --stills crowd and turned do, at one --size-px, all "
                    "or none with --variants"
                )
        if len(parts) == 1:
            return first
        landmarks = [part.landmarks for part in parts if part.landmarks is not None]
        return cls(
            np.concatenate([part.pixels for part in parts]),
            np.concatenate([part.affects for part in parts]),
            sum((part.characters for part in parts), ()),
            "-".join(part.fingerprint for part in parts),
            sum((part.variants for part in parts), ()) if all(part.variants for part in parts) else (),
            np.concatenate(landmarks) if len(landmarks) == len(parts) else None,
        )

    def split(self, test_share: float, seed: int) -> tuple[StillSet, StillSet]:
        """The characters to train on and those to test with, drawn by `seed`; at least one on either side.

        Raises InputError for fewer than two characters.
        """
        if len(self) < 2:
            raise InputError(f"stills of {len(self)} character cannot be split into train and test; {WAY_OUT}")
        test_count = min(max(round(len(self) * test_share), 1), len(self) - 1)
        order = np.random.default_rng(seed).permutation(len(self))
        return self._of(np.sort(order[test_count:])), self._of(np.sort(order[:test_count]))

    def without(self, characters: Collection[str]) -> StillSet:
        """All characters but those of these names."""
        return self._of(np.flatnonzero([name not in characters for name in self.characters]))

    def variant_weights(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Which of the variants `names`, each as `joy.laugh`, a still shows: [characters, stills, names], 0 or 1."""
        weights = np.zeros((*self.affects.shape[:2], len(names)), np.float32)
        for character, stills in enumerate(self.variants):
            for still, variants in enumerate(stills):
                shown = {f"{affect}.{variant}" for affect, variant in variants.items()}
                weights[character, still] = [name in shown for name in names]
        return weights

    @property
    def neutral_index(self) -> int:
        """Which still shows the neutral face. Raises InputError where none does."""
        shown = np.flatnonzero(self.affects[0, :, NEUTRAL_INDEX] == 1.0)
        if not len(shown):
            raise InputError(f"no still is neutral; {WAY_OUT}")
        return int(shown[0])

    def _of(self, chosen: NDArray[np.int64]) -> StillSet:
        names = tuple(self.characters[index] for index in chosen)
        variants = tuple(self.variants[index] for index in chosen) if self.variants else ()
        landmarks = None if self.landmarks is None else self.landmarks[chosen]
        windows = self.windows and self.windows._replace(corners_px=self.windows.corners_px[chosen])
        return replace(
            self,
            windows=windows,
            pixels=self.pixels[chosen],
            affects=self.affects[chosen],
            characters=names,
            variants=variants,
            landmarks=landmarks,
        )


def first_in_full(affects: NDArray[np.float32]) -> dict[int, int]:
    """Affect -> the first still that shows it at strength 1, both as indices; of affect vectors [stills, 7]."""
    found: dict[int, int] = {}
    for still, vector in enumerate(affects):
        if vector.max() == 1.0:
            found.setdefault(int(vector.argmax()), still)
    return found


def _vectors(truth: FrameTruth) -> NDArray[np.float32]:
    """The affect vector of every still, [stills, 7]."""
    shown = ({affect: column[still] for affect, column in truth.strength.items()} for still in range(len(truth)))
    return np.array([Mixture.of(strengths).vector() for strengths in shown], np.float32)


def _landmarks(truth: FrameTruth, sidecar: Path) -> NDArray[np.float32] | None:
    """[stills, 68, 2]; None where they are not told."""
    told = truth.extra.get("landmarks_px")
    if told is None:
        return None
    try:
        return np.array(told, np.float32).reshape(len(truth), 68, 2)
    except (TypeError, ValueError):
        raise InputError(f"sidecar {sidecar} has landmarks that are no 68 points a still; film it again") from None


def _window(take: Take, clip: Path, pictures: Pixels, close_ups: bool) -> tuple[int, int, int] | None:
    """Left and top of what a clip shows, and the side of the whole picture; None where it shows all of it."""
    if take.window_px is None:
        if close_ups:
            raise InputError(f"{clip} shows whole pictures, not close-ups; film it with: fexgan film --close-up")
        return None
    if not close_ups:
        raise InputError(f"{clip} is a close-up, which shows no whole face; --preset details alone learns from those")
    left, top, right, bottom = take.window_px
    if pictures.shape[1:3] != (bottom - top, right - left):
        raise InputError(
            f"{clip} has {_size(pictures)}, its sidecar tells of {right - left}x{bottom - top}; film it again"
        )
    return left, top, take.size_px


def _windows(told: Sequence[tuple[int, int, int]], clip: Path) -> Windows:
    if len({side for *_, side in told}) > 1:
        raise InputError(f"not all stills beside {clip} are close-ups of pictures of one size; give each a folder")
    return Windows(np.array([corner for *corner, _ in told]), told[0][2])


def _size(pictures: Pixels) -> str:
    height, width = pictures[0].shape[:2]
    return f"{len(pictures)} pictures of {width}x{height} px"
