"""The settings of every family, as YAML files and records name them; presets are such files."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from fexgan.config.details import DetailsConfig, DetailsModelConfig
from fexgan.config.paper import Config, ModelConfig
from fexgan.config.portrait import PortraitConfig, PortraitModelConfig
from fexgan.config.settings import check, read_config
from fexgan.errors import InputError
from fexgan.yaml_files import read_yaml

PRESETS = ("paper", "small", "refined", "tiny", "paper-256", "paper-512", "portrait", "details")
CONFIGS: dict[str, type] = {"paper": Config, "portrait": PortraitConfig, "details": DetailsConfig}
"""The class of each family's settings. All have the parts `model`, `loss`, `training` and `framing`."""

AnyConfig = Config | PortraitConfig | DetailsConfig
AnyModelConfig = ModelConfig | PortraitModelConfig | DetailsModelConfig


def load_preset(name_or_path: str | Path) -> AnyConfig:
    """Read a preset by its name (one of `PRESETS`) or a YAML file of the same form.

    What a file leaves out keeps its family's default. Raises InputError for an unknown name, unreadable YAML, unknown
    settings and values out of range.
    """
    path = Path(name_or_path)
    if str(name_or_path) in PRESETS:
        path = Path(str(resources.files("fexgan").joinpath("config", "presets", f"{name_or_path}.yaml")))
    elif path.suffix not in (".yaml", ".yml"):
        raise InputError(
            f"preset {str(name_or_path)!r} is unknown; choose from {', '.join(PRESETS)} or give a .yaml file"
        )
    values = read_yaml(path, f"preset file {str(path)!r}", "give a YAML file")
    return config_from_dict({} if values is None else values)


def config_from_dict(values: Any, cls: type | None = None) -> Any:
    """The inverse of `config_to_dict`, for a whole config, whose family its values name, or for any part `cls`.

    What `values` leaves out takes its default. Raises InputError for unknown keys, wrong types and values out of range.
    """
    return read_config(cls or CONFIGS[_family(values)], values)


def _family(values: Any) -> str:
    """The family that the values of a config name, `paper` where they name none."""
    model = values.get("model") if isinstance(values, dict) else None
    family = model.get("family", "paper") if isinstance(model, dict) else "paper"
    check(isinstance(family, str) and family in CONFIGS, "model.family", family, f"choose from {', '.join(CONFIGS)}")
    return family
