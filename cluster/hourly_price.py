"""What a cluster of `ray up` costs an hour, by the price table: idle, and with every worker that its file allows.

.venv/bin/python cluster/hourly_price.py cluster/aws/cluster.yaml
.venv/bin/python cluster/hourly_price.py cluster/aws/cluster.yaml --prices my_prices.yaml
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from codescale.cluster.planning.prices import read_prices
from codescale.errors import UserError


def machine_of(provider: str, node_config: dict[str, Any]) -> tuple[str, bool]:
    """The price table's name of a node type's machine, and whether it is a spot machine."""
    if provider == "aws":
        spot = node_config.get("InstanceMarketOptions", {}).get("MarketType") == "spot"
        return f"aws/{node_config['InstanceType']}", spot
    if provider == "gcp":
        spot = any(one.get("provisioningModel") == "SPOT" for one in node_config.get("scheduling", []))
        return f"gcp/{node_config['machineType']}", spot
    machine = node_config["azure_arm_parameters"]
    return f"azure/{machine['vmSize']}", machine.get("priority") == "Spot"


def hourly_price(path: Path, own: Path | None = None) -> list[str]:
    """A line for each node type and one for all. Raises :class:`UserError` for a machine that has no price."""
    cluster, table = yaml.safe_load(path.read_text(encoding="utf-8")), read_prices(own)
    lines, least, most, dates = [], 0.0, 0.0, set()
    for name, node in cluster["available_node_types"].items():
        machine, spot = machine_of(cluster["provider"]["type"], node["node_config"])
        kind = table.node(machine, f"{path}, {name}")
        price = kind.price(spot=spot)
        if price is None:
            raise UserError(f"{path}, {name}", f"{machine} has no price", "give one with --prices")
        low, high = (1, 1) if name == cluster["head_node_type"] else (node["min_workers"], node["max_workers"])
        bound = "at most " if spot and kind.spot is None else ""
        count = f"{low}" if low == high else f"{low} to {high}"
        lines.append(f"{name}: {count} × {machine}{' spot' if spot else ''}, {bound}{price:.2f} $ each")
        least, most = least + low * price, most + high * price
        dates.add(str(kind.date))
    lines.append(f"together: {least:.2f} $ an hour while idle, at most {most:.2f} $ ({', '.join(sorted(dates))})")
    return lines


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="What a cluster of ray up costs an hour.")
    parser.add_argument("cluster", type=Path, help="a file for ray up, on AWS, Google Cloud or Azure")
    parser.add_argument("--prices", type=Path, help="your own prices (YAML), beside those of the package")
    given = parser.parse_args()
    try:
        print("\n".join(hourly_price(given.cluster, given.prices)))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
