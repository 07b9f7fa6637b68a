"""Files for `ray up` pass Ray's own validator, keep the token on and the ports in; their pages say what they cost."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

import codescale
from codescale.cluster.planning.cluster_file import read_cluster
from codescale.cluster.planning.prices import read_prices
from codescale.cluster.ray_cluster import _WORKER_MEMORY

ROOT = Path(__file__).resolve().parents[2] / "cluster"
CLOUDS = ("aws", "gcp", "azure")
RAY = "2.60.0"


def given(folder: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / folder / "cluster.yaml").read_text(encoding="utf-8"))
    return loaded


def price_script() -> Any:
    specification = importlib.util.spec_from_file_location("hourly_price", ROOT / "hourly_price.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("folder", [*CLOUDS, "on_premises"])
def test_rays_own_validator_takes_the_file(folder: str) -> None:
    validate_config(prepare_config(given(folder)))


@pytest.mark.parametrize("wrong", [{"idle_minutes": 5}, {"max_workers": "many"}, {"head_node_type": "boss"}])
def test_rays_own_validator_notices_what_is_wrong(wrong: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=r"unexpected|not of type|must be one of"):
        validate_config(prepare_config(given("aws") | wrong))


@pytest.mark.parametrize("folder", CLOUDS)
def test_a_small_head_and_workers_from_none(folder: str) -> None:
    cluster = given(folder)
    types = cluster["available_node_types"]
    assert set(types) == {"head", "cpu_worker", "gpu_worker"}
    assert types["head"]["resources"] == {"CPU": 0}
    table = read_prices()
    for name in ("cpu_worker", "gpu_worker"):
        node = types[name]
        assert (node["min_workers"], node["max_workers"] > 0) == (0, True)
        machine, spot = price_script().machine_of(folder, node["node_config"])
        kind = table.node(machine, folder)
        assert spot
        assert node["resources"] == {"CPU": kind.cpus} | ({"GPU": kind.gpus} if kind.gpus else {})
    assert sum(types[name]["max_workers"] for name in ("cpu_worker", "gpu_worker")) == cluster["max_workers"]
    assert cluster["provider"]["cache_stopped_nodes"] is False


@pytest.mark.parametrize("folder", [*CLOUDS, "on_premises"])
def test_the_token_is_on_and_the_dashboard_on_loopback(folder: str) -> None:
    cluster = given(folder)
    options = dict(one.removeprefix("-e ").split("=", 1) for one in cluster["docker"]["run_options"] if one[:2] == "-e")
    assert options["RAY_AUTH_MODE"] == "token"
    assert options.items() >= _WORKER_MEMORY.items()
    assert cluster["file_mounts"][options["RAY_AUTH_TOKEN_PATH"]] == "~/.ray/auth_token"
    (start,) = [one for one in cluster["head_start_ray_commands"] if "--head" in one]
    assert "--dashboard-host=127.0.0.1" in start
    assert "0.0.0.0" not in (ROOT / folder / "cluster.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", [*CLOUDS, "on_premises"])
def test_images_and_the_package_have_versions(folder: str) -> None:
    cluster = given(folder)
    images = [cluster["docker"]["image"]]
    images += [
        node["docker"]["worker_image"] for node in cluster.get("available_node_types", {}).values() if "docker" in node
    ]
    assert all(image.startswith(f"rayproject/ray:{RAY}-py3") for image in images)
    wheel = f"/home/ray/dist/codescale-{codescale.__version__}-py3-none-any.whl"
    assert any(wheel in command for command in cluster["setup_commands"])
    for command in cluster.get("head_setup_commands", []):
        assert all("==" in word for word in command.split("--quiet")[1].split())


@pytest.mark.parametrize("folder", CLOUDS)
def test_the_page_says_what_the_price_table_says(folder: str) -> None:
    page = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    for line in price_script().hourly_price(ROOT / folder / "cluster.yaml"):
        assert line in page, "run cluster/hourly_price.py again"


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/plan.yaml")) + sorted((ROOT / "paper").glob("*.yaml")), ids=str)
def test_files_for_plan_can_be_read(path: Path) -> None:
    file = read_cluster(path)
    table = read_prices().with_more(file.gpus, file.types)
    assert all(table.node(choice.type, path) for choice in file.workers)


def test_aws_lets_in_ssh_alone_and_asks_for_its_own_roles() -> None:
    cluster = given("aws")
    (rule,) = cluster["provider"]["security_group"]["IpPermissions"]
    assert (rule["FromPort"], rule["ToPort"]) == (22, 22)
    assert all(one["CidrIp"].endswith("/32") for one in rule["IpRanges"])
    for node in cluster["available_node_types"].values():
        assert node["node_config"]["IamInstanceProfile"]["Name"].startswith("codescale-")
        assert node["node_config"]["MetadataOptions"]["HttpTokens"] == "required"


@pytest.mark.parametrize("path", sorted((ROOT / "aws" / "iam").glob("*.json")), ids=lambda path: path.name)
def test_aws_policies_allow_nothing_by_a_star_but_looking(path: Path) -> None:
    for statement in json.loads(path.read_text(encoding="utf-8"))["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions)
        if statement.get("Resource") == "*":
            assert all(action.startswith("ec2:Describe") for action in actions)


def test_aws_may_start_the_machines_of_the_file_and_no_others() -> None:
    types = {name: node["node_config"]["InstanceType"] for name, node in given("aws")["available_node_types"].items()}
    for policy, names in (("head", {"cpu_worker", "gpu_worker"}), ("launcher", {"head"})):
        statements = json.loads((ROOT / "aws" / "iam" / f"{policy}.json").read_text(encoding="utf-8"))["Statement"]
        (allowed,) = [
            one["Condition"]["StringEquals"]["ec2:InstanceType"]
            for one in statements
            if one["Sid"][:8] in ("StartThe",)
        ]
        assert set(allowed) == {types[name] for name in names}


def test_azure_uses_an_identity_of_ones_own_with_a_role_for_one_group() -> None:
    provider = given("azure")["provider"]
    assert provider["msi_name"]
    assert provider["msi_resource_group"]
    assert provider["use_internal_ips"] is True
    role = json.loads((ROOT / "azure" / "role.json").read_text(encoding="utf-8"))
    assert not any("*" in action for action in role["Actions"])
    assert [scope.split("/")[-1] for scope in role["AssignableScopes"]] == [provider["resource_group"]]


def test_no_file_holds_a_secret() -> None:
    for path in ROOT.rglob("*"):
        if path.is_file() and path.suffix in {".yaml", ".json", ".sbatch", ".md"}:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY|RAY_AUTH_TOKEN=", text), path
