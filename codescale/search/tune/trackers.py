"""W&B and MLflow: Ray's own callbacks for Tune, made from one line of study.yaml.

They show what goes on; nothing is read back from them, and a search that goes on after a kill logs only what is new.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any

from ray.tune.logger import LoggerCallback

from codescale.errors import UserError
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.study.search import MlflowSection, WandbSection

UNSHOWN = ["record", "refusal", "spec"]
"""What a trial's report and its configuration hold for the search alone."""


def trackers(config: StudyConfig, folder: StudyFolder) -> list[LoggerCallback]:
    """The callbacks that ``search.callbacks`` names, set up.

    Raises :class:`UserError` where a package is missing, or the service refuses: before anything is trained.
    """
    section = config.search.callbacks
    made = []
    if section.wandb is not None:
        made.append(_set_up("wandb", "wandb", lambda: _wandb(section.wandb, config, folder)))
    if section.mlflow is not None:
        made.append(_set_up("mlflow", "mlflow", lambda: _mlflow(section.mlflow, config, folder)))
    return made


def _set_up(name: str, package: str, make: Any) -> LoggerCallback:
    where = f"search.callbacks.{name}"
    if find_spec(package) is None:
        raise UserError(where, f"needs the package {package}", f"install it with: pip install 'codescale[{name}]'")
    try:
        callback: LoggerCallback = make()
        callback.setup()
    except Exception as error:  # each service has errors of its own, of no common kind
        reason = " ".join(str(error).split())[:300]
        hint = "log in with: wandb login, or set WANDB_MODE=offline" if name == "wandb" else "check the address"
        raise UserError(where, f"cannot be set up ({reason})", hint) from error
    return callback


def _wandb(section: WandbSection, config: StudyConfig, folder: StudyFolder) -> LoggerCallback:
    from ray.air.integrations.wandb import WandbLoggerCallback

    settings = {name: value for name, value in section.model_dump().items() if value is not None}
    folder.root.mkdir(parents=True, exist_ok=True)
    defaults = {"project": config.name, "group": "search", "dir": str(folder.root.absolute())}
    return WandbLoggerCallback(excludes=UNSHOWN, **(defaults | settings))


def _mlflow(section: MlflowSection, config: StudyConfig, folder: StudyFolder) -> LoggerCallback:
    from ray.air.integrations.mlflow import MLflowLoggerCallback

    here = f"sqlite:///{folder.root.absolute() / 'mlflow.db'}"
    return MLflowLoggerCallback(
        tracking_uri=section.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI") or here,
        experiment_name=section.experiment_name or config.name,
        tags=dict(section.tags),
    )
