"""The commands of a search: search, search init, simulate and plan."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from codescale.cli.app import app, console, search_app
from codescale.cli.options import (
    AvailableOption,
    BaselineOption,
    StudyArgument,
    WeightsOption,
    check_output,
    existing_study,
    split_names,
    terminal_progress,
)
from codescale.errors import UserError
from codescale.organisation import PAIRED


@search_app.command("run")
def search(study: StudyArgument) -> None:
    """Search around the law's optimum with real runs, on Ray Tune and Optuna: also plain `codescale search STUDY`.

    What is searched stands in a file of search_spaces/ that study.yaml names,
    or in the study's own search_space.yaml. Trials start from the law's optimum
    and the sweep's runs, and are stopped where their early loss curves cannot
    win.
    """
    from codescale.report.no_harm import searched_rule
    from codescale.report.terminal.search import search_table
    from codescale.search.objective.objective import objective_unit
    from codescale.stages.search import search as run_stage

    opened = existing_study(study)
    with opened.working():
        result = run_stage(opened.context)
    console.print(search_table(result))
    advised = result.recommended
    if advised is None:
        return
    paired = f" ({PAIRED})" if advised.organisation == PAIRED else ""
    shares = ", ".join(f"{name} {share:.1%}" for name, share in advised.proportions.items() if share > 0)
    measured = f"{advised.run_id}{paired}, measured {advised.objective:.4f}" if advised.run_id else f"{shares}{paired}"
    untried = "" if advised.run_id else ", which no trial had"
    console.print(
        f"Recommended: {measured}, expected of its mixture{untried} {advised.expected:.4f} ± {advised.deviation:.4f}"
    )
    for line in searched_rule(result, {}):
        console.print(line)
    if left := advised.remaining:
        gain = f"{left.expected:.4f} {objective_unit(result.metrics)}".rstrip()
        console.print(f"Further trials may gain {gain} over it ({left.low:.4f} to {left.high:.4f})")


@search_app.command("init")
def search_init(study: StudyArgument) -> None:
    """Write a commented search_space.yaml to edit, made from the space that study.yaml names under search.space."""
    from codescale.search.space.template import write_starting_space

    opened = existing_study(study)
    with opened.working():
        write_starting_space(opened.config, opened.folder)
    console.print(f"Wrote {opened.folder.space_file}. Edit it, then: codescale search {study}")


@app.command()
def simulate(
    source: Annotated[
        Path, typer.Argument(metavar="LAW_OR_RUNS", help="A fitted law (JSON), or a table of real runs (CSV, Parquet).")
    ],
    space: Annotated[str, typer.Option(help="A search space: a name of search_spaces/ or a file.")] = "all_languages",
    params: Annotated[float | None, typer.Option(help="N of a trial (default: the largest of the runs).")] = None,
    tokens: Annotated[float | None, typer.Option(help="D of a trial (default: the largest of the runs).")] = None,
    weights: WeightsOption = None,
    available: AvailableOption = None,
    baseline: BaselineOption = None,
    trials: Annotated[int, typer.Option(help="Trials of one search.", min=1, max=100_000)] = 60,
    seeds: Annotated[int, typer.Option(help="Searches of each sampler.", min=1, max=1_000)] = 10,
    sampler: Annotated[
        str, typer.Option(help="What proposes trials, one or more (a,b): law, tpe, gp, cmaes, random.")
    ] = "law,random",
    concurrency: Annotated[int, typer.Option(help="Trials at once.", min=1, max=10_000)] = 1,
    noise: Annotated[
        float | None, typer.Option(help="Of a run's log losses, standard deviation (default: the law's).")
    ] = None,
    prune: Annotated[bool, typer.Option(help="Stop trials by their early curves (where the law knows D).")] = True,
    known: Annotated[
        Path | None, typer.Option(help="A law (JSON) that the search starts from; without one it starts cold.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where all curves go (CSV).")] = None,
) -> None:
    """Search a known landscape instead of training: what would a search cost, and how good would its mixture be?

    Plans a budget before it is spent, and compares samplers on your own
    languages. Regret is what the recommended mixture leaves of the best
    attainable gain over uniform, or under the space's rule of no harm over its
    reference.

    Example: codescale simulate law.json --trials 60 --sampler law,tpe,random --output regret.csv
    """
    from codescale.files import write_text
    from codescale.laws.law import load_law
    from codescale.mixtures.files import read_available
    from codescale.report.terminal.simulation import simulation_rows, simulation_table
    from codescale.search.samplers import named_samplers
    from codescale.search.simulation.landscape import (
        attainable,
        baseline_objectives,
        read_landscape,
        refuse_other_question,
    )
    from codescale.search.simulation.simulate import Known, Outcome, SearchPlan, simulate_seeds
    from codescale.search.space.reference import resolved_no_harm

    chosen = named_samplers(split_names(sampler) or [], "--sampler")
    check_output(output, source, known, weights, available, Path(space))
    if available and not baseline:
        raise UserError("--available", "is given without --baseline", "name a baseline, or leave it out")
    landscape, searched = read_landscape(source, space, params, tokens, weights, noise)
    exist = read_available(available, landscape.domains) if available else None
    baselines = baseline_objectives(landscape, baseline or (), exist)
    no_harm = resolved_no_harm(
        searched, measured=landscape.targets, weights=landscape.weights, n_tokens=landscape.n_tokens
    )
    target = attainable(landscape, searched, no_harm=no_harm)
    prior = Known(law=load_law(known) if known else None)
    if known and prior.law:
        refuse_other_question(known, prior.law, landscape)
    outcomes: dict[str, list[Outcome]] = {}
    with terminal_progress().bar("simulated searches", len(chosen)) as advance:
        for name in chosen:
            plan = SearchPlan(name, trials, concurrency, prune, no_harm=no_harm)
            workers = min(os.cpu_count() or 1, seeds)
            outcomes[name] = simulate_seeds(landscape, searched, plan, prior, target, range(seeds), workers)
            advance(1)
    console.print(simulation_table(outcomes, landscape, target, baselines))
    if output:
        write_text(output, simulation_rows(outcomes, range(seeds), target, baselines))
        console.print(f"Wrote {output}")
