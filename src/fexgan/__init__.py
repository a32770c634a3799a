"""FExGAN-Meta: facial expressions for digital characters (arXiv 2203.05975).

model = fexgan.load("open-cast")
model.transform(image, "joy:0.8").save("joy.png")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fexgan.errors import InputError

if TYPE_CHECKING:
    from fexgan.editing import Editor
    from fexgan.synthesis import Model

__all__ = ["InputError", "load"]
__version__ = "0.20.0"


def load(name: str = "open-cast", device: str = "cpu", details: str | None = "details") -> Model | Editor:
    """Open a trained model: the name of a bundled checkpoint or the path of a checkpoint's folder.

    A `Model` draws the people it was trained on; an `Editor` changes the face in anyone's picture. `device`: where
    torch computes, such as "cpu" or "cuda". `details`: the checkpoint that paints mouths anew where pictures are larger
    than an `Editor` sees them; None leaves them as it paints them. Raises InputError where nothing by that name is
    found.
    """
    from fexgan.loading import load as load_model  # torch is loaded here, not by `import fexgan`

    return load_model(name, device, details)
