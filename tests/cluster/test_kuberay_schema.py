"""The KubeRay files against the published schema of KubeRay 1.6.2 (trimmed, in ``kuberay/``), nothing unknown."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from codescale.cluster.ray_cluster import _WORKER_MEMORY

HERE = Path(__file__).resolve().parent
FILES = HERE.parents[1] / "cluster" / "kuberay"
SCHEMAS = {"RayCluster": "rayclusters", "RayJob": "rayjobs"}


def closed(schema: Any) -> Any:
    """``schema`` as a cluster that refuses unknown fields has it: Kubernetes itself drops them and says nothing."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        made = {"type": ["integer", "string"]}
    return made


def documents(name: str) -> dict[str, Any]:
    return {one["kind"]: one for one in yaml.safe_load_all((FILES / name).read_text(encoding="utf-8"))}


def check(document: dict[str, Any]) -> None:
    schema = json.loads((HERE / "kuberay" / f"{SCHEMAS[document['kind']]}.json").read_text(encoding="utf-8"))
    schema["properties"] = {key: closed(value) for key, value in schema["properties"].items()}
    jsonschema.validate(document, schema)


@pytest.fixture
def cluster() -> dict[str, Any]:
    found: dict[str, Any] = documents("raycluster.yaml")["RayCluster"]
    return found


@pytest.mark.parametrize(("name", "kind"), [("raycluster.yaml", "RayCluster"), ("rayjob.yaml", "RayJob")])
def test_the_published_schema_takes_the_file(name: str, kind: str) -> None:
    check(documents(name)[kind])


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("authOption",), {}, "authOption"),
        (("authOptions", "mode"), "on", "on"),
        (("autoscalerOptions", "upscalingMode"), "Fast", "Fast"),
        (("headGroupSpec", "rayStartParams", "num-cpus"), 0, "0 is not of type"),
        (("workerGroupSpecs", 0, "maxReplica"), 3, "maxReplica"),
        (("workerGroupSpecs", 0, "template", "spec", "containers", 0, "images"), "x", "images"),
        (("workerGroupSpecs", 0, "template", "spec", "containers", 0, "resources", "request"), {}, "request"),
    ],
)
def test_the_schema_notices_what_is_wrong(
    cluster: dict[str, Any], place: tuple[Any, ...], value: Any, told: str
) -> None:
    broken = copy.deepcopy(cluster)
    inner = broken["spec"]
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = value
    with pytest.raises(jsonschema.ValidationError, match=told):
        check(broken)


def specs() -> list[dict[str, Any]]:
    return [
        documents("raycluster.yaml")["RayCluster"]["spec"],
        documents("rayjob.yaml")["RayJob"]["spec"]["rayClusterSpec"],
    ]


@pytest.mark.parametrize("spec", specs(), ids=["raycluster", "rayjob"])
def test_groups_grow_from_none_behind_a_token(spec: dict[str, Any]) -> None:
    assert spec["enableInTreeAutoscaling"] is True
    assert spec["authOptions"] == {"mode": "token"}
    assert spec["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    assert spec["headGroupSpec"]["serviceType"] == "ClusterIP"
    assert spec["headGroupSpec"]["enableIngress"] is False
    for group in spec["workerGroupSpecs"]:
        assert (group["replicas"], group["minReplicas"]) == (0, 0)
        assert group["maxReplicas"] > 0
        (container,) = group["template"]["spec"]["containers"]
        assert container["image"].startswith(f"rayproject/ray:{spec['rayVersion']}-py3")
        given = {entry["name"]: entry["value"] for entry in container["env"]}
        assert given.items() >= _WORKER_MEMORY.items()
        assert container["resources"]["requests"] == container["resources"]["limits"]


def test_only_the_clusters_own_pods_and_the_operator_reach_it(cluster: dict[str, Any]) -> None:
    policy = documents("raycluster.yaml")["NetworkPolicy"]["spec"]
    own = {"matchLabels": {"ray.io/cluster": cluster["metadata"]["name"]}}
    assert policy["podSelector"] == own
    (rule,) = policy["ingress"]
    assert {"podSelector": own} in rule["from"]
    assert policy["policyTypes"] == ["Ingress"]
