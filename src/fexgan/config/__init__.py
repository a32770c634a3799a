"""Every setting of the project: frozen dataclasses that check themselves, and presets as YAML data.

A config is of one family. Defaults of family `paper` are the published networks and training, and a preset file names
what it sets otherwise.
"""

from fexgan.config.details import DetailsConfig, DetailsLossConfig, DetailsModelConfig, DetailsTrainingConfig
from fexgan.config.families import (
    CONFIGS,
    PRESETS,
    AnyConfig,
    AnyModelConfig,
    config_from_dict,
    load_preset,
)
from fexgan.config.paper import AugmentationConfig, Config, LossConfig, ModelConfig, TrainingConfig
from fexgan.config.portrait import (
    NORM_GROUPS,
    PortraitConfig,
    PortraitLossConfig,
    PortraitModelConfig,
    PortraitTrainingConfig,
    VariationConfig,
)
from fexgan.config.settings import (
    PRECISIONS,
    FramingConfig,
    ScheduleConfig,
    config_to_dict,
    same_square,
)

__all__ = [
    "CONFIGS", "NORM_GROUPS", "PRECISIONS", "PRESETS", "AnyConfig", "AnyModelConfig", "AugmentationConfig", "Config",
    "DetailsConfig", "DetailsLossConfig", "DetailsModelConfig", "DetailsTrainingConfig", "FramingConfig", "LossConfig",
    "ModelConfig", "PortraitConfig", "PortraitLossConfig", "PortraitModelConfig", "PortraitTrainingConfig",
    "ScheduleConfig", "TrainingConfig", "VariationConfig", "config_from_dict", "config_to_dict", "load_preset",
    "same_square",
]  # fmt: skip
