"""The Python face of a checkpoint that draws: faces in, faces with other affects out.

    model = fexgan.load("open-cast")
    model.transform(image, "joy:0.8").save("joy.png")

Pictures come in as PIL pictures, paths or pixels (uint8 [height, width, 3]) and go out as PIL pictures of the model's
size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from fexgan import media
from fexgan.affects import AFFECTS, NEUTRAL, Mixture, Target, with_rest
from fexgan.checkpoints import Checkpoint
from fexgan.errors import InputError
from fexgan.expressions import named_mixture
from fexgan.keyframes import Keyframe, held, parse_keyframes, targets_by_frame
from fexgan.model import Capability
from fexgan.picture import LoadedPicture
from fexgan.tensors import images_to_pixels, pixels_to_images

if TYPE_CHECKING:
    from fexgan.editing import Editor

Picture = Image.Image | media.Pixels | str | Path
MixtureLike = Mixture | str | Mapping[str, float]
TargetLike = MixtureLike | Target | Sequence[float]
SEEDS = 2**32
"""How many seeds there are, from 0 on."""
SMALLEST_PICTURE_PX = 24
ROUNDING = 1e-6
"""How far beyond [0, 1] the numbers of an affect vector may lie that somebody computed."""
LARGEST_PICTURE_PIXELS = 64_000_000


@dataclass(frozen=True)
class Blend:
    """One face with a mixture of affects, and with each affect of the mixture alone at full strength, in its order."""

    mixture: Mixture
    blended: Image.Image
    parents: tuple[Image.Image, ...]


class Sitter:
    """An opened face: encoded once, drawn with any affect."""

    def __init__(self, model: Model, source: media.Pixels, shown: Tensor) -> None:
        """`source`: the face at the model's size. `shown`: the affect vector that it shows, [1, 7]."""
        self.model = model
        self.source = source
        self.shown = shown
        self.latent = model.latent_of(pixels_to_images(source, model.device), shown)

    def close_up(self, target: TargetLike | None = None, size_px: int | None = None) -> Image.Image:
        """The face as the model sees it, or drawn with a mixture or the seven numbers of an affect vector.

        `size_px`: side to bring it to; the model's own where None.
        """
        face = Image.fromarray(self.source) if target is None else self.model.draw(self.latent, target)
        return face if size_px is None else face.resize((size_px, size_px), Image.Resampling.LANCZOS)

    def edit(self, target: TargetLike) -> LoadedPicture:
        """The face drawn with a mixture or an affect vector, as a picture that can be saved."""
        return LoadedPicture(np.asarray(self.close_up(target)))

    def images(self, affect: Tensor) -> Tensor:
        """The face drawn with an affect vector [1, 7], as images [1, 3, size, size]; gradients reach the vector."""
        return self.model.networks.decode(self.latent, affect)

    def redrawn(self) -> Image.Image:
        """The face as the model draws it with the affect that it shows already."""
        return self.model.draw(self.latent, self.shown[0].tolist())


class Model:
    """A checkpoint that draws. Every picture is computed alone, so its neighbours in a call never change it."""

    def __init__(self, checkpoint: Checkpoint, device: str = "cpu") -> None:
        self.checkpoint = checkpoint
        self.networks = checkpoint.networks.to(device).eval().requires_grad_(False)
        self.device = device

    @property
    def image_size_px(self) -> int:
        """Side of the square pictures that the model reads and draws."""
        return self.checkpoint.config.model.image_size_px

    def frame(self, image: Picture) -> media.Pixels:
        """The face as the model wants it, uint8 [size, size, 3].

        A picture of exactly the model's size is used as it is; in any other the face is found and cropped as in
        training. Raises InputError where there is no face or the picture is too small or too large.
        """
        pixels = as_pixels(image)
        size = self.image_size_px
        if pixels.shape[:2] == (size, size):
            return pixels
        height, width = pixels.shape[:2]
        if min(height, width) < SMALLEST_PICTURE_PX or height * width > LARGEST_PICTURE_PIXELS:
            raise InputError(
                f"a picture of {width}x{height} px cannot be used; give one of at least {SMALLEST_PICTURE_PX} px a "
                f"side and at most {LARGEST_PICTURE_PIXELS // 1_000_000} megapixels"
            )
        from fexgan import faces  # OpenCV loads here, where alone it is needed
        from fexgan.framing.upright import cut_upright, upright_square

        face = faces.own_finder().find(pixels)
        if face is None:
            raise InputError(
                f"no face found in a picture of {width}x{height} px; give one with a face seen from the front"
            )
        return cut_upright(pixels, upright_square(face, width, height, self.checkpoint.config.framing), size)

    def open(
        self, image: Picture, source_affect: MixtureLike | None = None, face: int | Literal["all"] | None = None
    ) -> Sitter:
        """Encode a face once, for any number of close-ups. Raises InputError for any face but 0, the largest."""
        if face not in (None, 0):
            raise InputError(
                f"this checkpoint draws the largest face, not face {face}; choose one that edits pictures, or crop them"
            )
        source = self.frame(image)
        return Sitter(self, source, self._shown(pixels_to_images(source, self.device), source_affect))

    def classify(self, image: Picture) -> dict[str, float]:
        """Probability of each affect, summing to 1."""
        return dict(zip(AFFECTS, self._probabilities(self._images(image))[0].tolist(), strict=True))

    def encode(self, image: Picture, source_affect: MixtureLike | None = None) -> Tensor:
        """What the model keeps of a face apart from its affect: the latent's mean, [1, latent_size].

        `source_affect`: the affect that the picture shows; the classifier says it where none is given.
        """
        return self.open(image, source_affect).latent

    def latent_of(self, images: Tensor, shown: Tensor) -> Tensor:
        """The latent's mean, [batch, latent_size], of images that show affect vectors, [batch, 7]."""
        require(self.networks, "encode", "transform pictures")
        return self.networks.encode(images, shown)[0]

    def draw(self, latent: Tensor, target: TargetLike) -> Image.Image:
        """The face of `latent`, [1, latent_size], with a mixture or the seven numbers of an affect vector."""
        require(self.networks, "draw", "draw faces")
        return Image.fromarray(
            images_to_pixels(self.networks.decode(latent, self._vector(target_of(target).plain())))[0]
        )

    def transform(self, image: Picture, target: TargetLike, source_affect: MixtureLike | None = None) -> Image.Image:
        """The same face with another affect, as in `model.transform(image, "joy:0.8")`."""
        asked = target_of(target)
        return self.draw(self.encode(image, source_affect), asked)

    def random(
        self, count: int, affect: MixtureLike = NEUTRAL, seed: int = 0, editor: Editor | None = None
    ) -> list[Image.Image]:
        """`count` faces of nobody with one affect; face number i comes from the seed `seed + i` alone, in [0, 2^32).

        With an editor each is drawn neutral, and the editor gives it the affect; only where no face is found in what
        was drawn, the affect is drawn too.
        """
        if count < 1:
            raise InputError(f"{count} faces cannot be drawn; give a count of at least 1")
        check_seeds(seed, count)
        target = target_of(affect)
        people = [partial(self.draw, self.networks.draw_latents([one])) for one in range(seed, seed + count)]
        return [person(target) if editor is None else _edited(person, target, editor) for person in people]

    def blend(self, image: Picture, mixture: MixtureLike, source_affect: MixtureLike | None = None) -> Blend:
        """A mixture beside its parents, as in `model.blend(image, "anger+sadness")`.

        Strengths that sum to more than 1 are scaled to share 1, so `anger+sadness` is half of each.
        """
        latent = self.encode(image, source_affect)
        return blend_of(lambda target: self.draw(latent, target), mixture)

    def animate(
        self,
        image: Picture,
        keyframes: str | Sequence[Keyframe] = "0s neutral, 1s joy, 2s neutral",
        fps: float = 24,
        source_affect: MixtureLike | None = None,
    ) -> list[Image.Image]:
        """The frames of a clip in which one face moves smoothly from keyframe to keyframe."""
        keyframes = parse_keyframes(keyframes) if isinstance(keyframes, str) else keyframes
        targets = targets_by_frame(keyframes, fps)
        latent = self.encode(image, source_affect)
        return list(held(lambda target: self.draw(latent, target), targets))

    def _images(self, image: Picture) -> Tensor:
        return pixels_to_images(self.frame(image), self.device)  # [1, 3, size, size]

    def _shown(self, images: Tensor, source_affect: MixtureLike | None) -> Tensor:
        """The affect vector of a picture, [1, 7]: as given, or as the classifier sees it."""
        if source_affect is None:
            return self._probabilities(images)
        return self._vector(Mixture.of(source_affect).as_source().vector())

    def _probabilities(self, images: Tensor) -> Tensor:
        require(self.networks, "classify", "name affects; say the source's affect yourself")
        return self.networks.discriminate(images)[1].softmax(dim=1)  # [1, 7]

    def _vector(self, values: Sequence[float]) -> Tensor:
        return torch.tensor([list(values)], dtype=torch.float32, device=self.device)  # [1, 7]


def _edited(draw: Callable[[TargetLike], Image.Image], target: Target, editor: Editor) -> Image.Image:
    """A face that `draw` shows neutral, edited; or drawn with the affect, where no face is found in it."""
    try:
        portrait = editor.open(draw(NEUTRAL))
    except InputError:
        return draw(Target(target.vector))
    return portrait.edit(target).to_image()


def check_seeds(seed: int, count: int) -> None:
    """Raise InputError unless `count` seeds from `seed` on lie in [0, 2^32)."""
    if seed < 0:
        raise InputError(f"seed {seed} is negative; give one of at least 0")
    if seed + count > SEEDS:
        raise InputError(f"{count} seeds from {seed} on go beyond {SEEDS - 1}, the largest; start at a smaller one")


def require(networks: nn.Module, capability: Capability, purpose: str) -> None:
    """Raise InputError unless `networks` have a capability; `purpose` says what it is needed for."""
    if capability not in networks.capabilities:
        raise InputError(f"this checkpoint's networks cannot {purpose}; choose another checkpoint")


def target_of(target: TargetLike) -> Target:
    """What a mixture or a named expression asks for, strengths that sum to more than 1 `shared`, or the seven numbers
    of an affect vector: emotions that sum to more than 1 are scaled to it, and neutral is what they leave of it.

    Raises InputError for other numbers.
    """
    if isinstance(target, Target):
        return target
    if isinstance(target, str):
        _, target = named_mixture(target)
    if isinstance(target, Mixture | Mapping):
        return Mixture.of(target).shared().target()
    vector = tuple(map(float, target))
    if len(vector) != len(AFFECTS) or not all(-ROUNDING <= value <= 1.0 + ROUNDING for value in vector):
        raise InputError(f"{list(target)} is no affect vector; give {len(AFFECTS)} numbers in [0, 1], or a mixture")
    pairs = zip(AFFECTS, vector, strict=True)
    strengths = [0.0 if affect == NEUTRAL else min(max(value, 0.0), 1.0) for affect, value in pairs]
    total = max(1.0, sum(strengths))
    return Target(with_rest([strength / total for strength in strengths]))


def blend_of(draw: Callable[[Mixture], Image.Image], mixture: MixtureLike) -> Blend:
    """A mixture, or a named expression, and its parents, all drawn by `draw`.

    Strengths that sum to more than 1 are scaled to share 1. Raises InputError for fewer than two affects.
    """
    shared = share_strength(named_mixture(mixture)[1] if isinstance(mixture, str) else Mixture.of(mixture))
    parents = tuple(draw(parent) for parent in shared.parents())
    return Blend(shared, draw(shared), parents)


def share_strength(mixture: Mixture) -> Mixture:
    """A blend's mixture, `shared`. Raises InputError for fewer than two affects."""
    if len(mixture.strengths) < 2:
        raise InputError(f"mixture '{mixture}' has one affect; a blend needs two or more, as in 'anger+sadness'")
    return mixture.shared()


def as_pixels(image: Picture) -> media.Pixels:
    """RGB pixels of a PIL picture or a file, or an array as it is. Raises InputError for arrays of another form."""
    if isinstance(image, str | Path):
        return media.read_image(Path(image))
    if isinstance(image, Image.Image):
        return media.to_pixels(image)
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise InputError(
            f"an array of {pixels.dtype} {list(pixels.shape)} is no picture; give uint8 [height, width, 3]"
        )
    return pixels
