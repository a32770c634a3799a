"""Anyone's picture or clip with another affect: a face is opened once, and every edit starts from it."""

from fexgan.editing.editor import Editor, Portrait, loaded
from fexgan.editing.faces import OpenFace

__all__ = ["Editor", "OpenFace", "Portrait", "loaded"]
