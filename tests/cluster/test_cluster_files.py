"""The cluster files hang together: KubeRay's field names, volumes, versions; the local cluster's settings."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import codescale
from codescale.cluster.ray_cluster import _WORKER_MEMORY

ROOT = Path(__file__).resolve().parents[2]
KUBERAY = ROOT / "cluster" / "kuberay"
LOCAL = ROOT / "cluster" / "local" / "cluster.py"

QUANTITY = re.compile(r"\d+(\.\d+)?(m|Ki|Mi|Gi|Ti)?")


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    text = (KUBERAY / "rayjob.yaml").read_text(encoding="utf-8")
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


@pytest.fixture(scope="module")
def job(documents: dict[str, Any]) -> dict[str, Any]:
    return documents["RayJob"]["spec"]


@pytest.fixture(scope="module")
def cluster(job: dict[str, Any]) -> dict[str, Any]:
    return job["rayClusterSpec"]


@pytest.fixture(scope="module")
def ray_pods(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [group["template"]["spec"] for group in groups]


def test_kinds_and_versions(documents: dict[str, Any]) -> None:
    kinds = {kind: document["apiVersion"] for kind, document in documents.items()}
    assert kinds == {"PersistentVolumeClaim": "v1", "RayJob": "ray.io/v1"}
    assert all(document["metadata"]["name"] for document in documents.values())


def test_ray_start_parameters_are_texts(cluster: dict[str, Any]) -> None:
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())


def test_the_demo_runs_in_the_shared_folder(
    documents: dict[str, Any], job: dict[str, Any], ray_pods: list[dict[str, Any]]
) -> None:
    *command, folder = job["entrypoint"].split()
    assert command == ["codescale", "demo"]
    claim = documents["PersistentVolumeClaim"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for pod in ray_pods:
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        mounts = {mount["mountPath"]: mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
        assert set(mounts.values()) == set(volumes)
        assert volumes[mounts[folder]]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]


def test_the_package_is_installed_from_its_volume(job: dict[str, Any], ray_pods: list[dict[str, Any]]) -> None:
    (package,) = yaml.safe_load(job["runtimeEnvYAML"])["pip"]
    assert Path(package).name == f"codescale-{codescale.__version__}-py3-none-any.whl"
    assert Path(package).name in (KUBERAY / "README.md").read_text(encoding="utf-8")
    for pod in ray_pods:
        paths = [mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]]
        assert str(Path(package).parent) in paths


def test_every_container_says_what_it_needs(job: dict[str, Any], ray_pods: list[dict[str, Any]]) -> None:
    for pod in [*ray_pods, job["submitterPodTemplate"]["spec"]]:
        assert pod["restartPolicy"] == "Never"
        for container in pod["containers"]:
            for kind in ("requests", "limits"):
                resources = container["resources"][kind]
                assert set(resources) == {"cpu", "memory"}
                assert all(isinstance(value, str) and QUANTITY.fullmatch(value) for value in resources.values())


def test_one_image_that_fits_the_ray_version(job: dict[str, Any], ray_pods: list[dict[str, Any]]) -> None:
    pods = [*ray_pods, job["submitterPodTemplate"]["spec"]]
    (image,) = {container["image"] for pod in pods for container in pod["containers"]}
    assert image.rsplit(":", 1)[1].startswith(job["rayClusterSpec"]["rayVersion"])


def test_a_retry_goes_on_and_nothing_stays_behind(job: dict[str, Any]) -> None:
    assert job["backoffLimit"] > 0
    assert job["shutdownAfterJobFinishes"] is True
    assert job["activeDeadlineSeconds"] > 0


def test_the_dashboard_is_not_exposed(cluster: dict[str, Any]) -> None:
    head = cluster["headGroupSpec"]
    assert head["serviceType"] == "ClusterIP"
    assert head["enableIngress"] is False
    assert "headService" not in head


def test_workers_have_the_memory_settings_of_a_local_start(ray_pods: list[dict[str, Any]]) -> None:
    given = {entry["name"]: entry["value"] for entry in ray_pods[1]["containers"][0]["env"]}
    assert given.items() >= _WORKER_MEMORY.items()


def local_cluster() -> Any:
    specification = importlib.util.spec_from_file_location("local_cluster", LOCAL)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_local_cluster_keeps_to_itself(tmp_path: Path) -> None:
    folder = tmp_path / "cluster"
    given = local_cluster().prepare(folder)
    assert given["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0"
    assert given["RAY_TMPDIR"] == str(folder)
    assert given.items() >= _WORKER_MEMORY.items()
    assert folder.stat().st_mode & 0o077 == 0
    assert len(Path(given["RAY_AUTH_TOKEN_PATH"]).read_text()) == 64


def test_local_cluster_refuses_a_folder_in_use(tmp_path: Path) -> None:
    (tmp_path / "environment").touch()
    with pytest.raises(SystemExit, match="holds a cluster already"):
        local_cluster().prepare(tmp_path)
