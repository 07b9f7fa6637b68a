"""The commands optimize, front and forecast: mixtures under a law."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from codescale.cli.app import app, console
from codescale.cli.options import (
    AvailableOption,
    BaselineOption,
    BoundsOption,
    LawArgument,
    ParamsOption,
    TokensOption,
    WeightsOption,
    check_counts,
    check_output,
    existing_study,
    is_study,
    refuse_options,
    required_target,
    split_names,
)
from codescale.errors import UserError
from codescale.mixtures.no_harm import UNIFORM, NoHarmRule, read_margin
from codescale.mixtures.smallest_share import SEQUENCE_LENGTH


@app.command()
def optimize(
    context: typer.Context,
    law_or_study: Annotated[
        str, typer.Argument(metavar="LAW", help="A fitted law (JSON), or a study's folder or address.")
    ],
    params: ParamsOption = None,
    tokens: TokensOption = None,
    weights: WeightsOption = None,
    bounds: BoundsOption = None,
    available: AvailableOption = None,
    goal: Annotated[
        str,
        typer.Option(help="[b]mean[/b]: the weighted mean of losses; [b]worst[/b]: the worst one's ratio."),
    ] = "mean",
    reference: Annotated[
        Path | None,
        typer.Option(help="A trusted mixture (YAML) for --goal worst and --kl; default: equal shares."),
    ] = None,
    kl: Annotated[
        float, typer.Option(help="What a KL divergence of 1 nat from the reference costs, in the losses' unit.", min=0)
    ] = 0.0,
    no_harm: Annotated[
        bool, typer.Option("--no-harm", help="No language may do worse than under equal shares.")
    ] = False,
    no_harm_reference: Annotated[
        str | None,
        typer.Option(
            help="No language may do worse than under this mixture: uniform, natural (as the tokens of --available), "
            "or a file (YAML)."
        ),
    ] = None,
    margin: Annotated[
        str | None,
        typer.Option(help="By so much it may after all: 0.01 in the losses' unit, or 2% of each loss."),
    ] = None,
    no_harm_languages: Annotated[
        str | None, typer.Option(help="The languages (a,b) that the rule protects; default: all of the law.")
    ] = None,
    earlier: Annotated[
        Path | None, typer.Option(help="An earlier mixture (YAML): its ratios are kept where nothing new touches them.")
    ] = None,
    affected: Annotated[
        str | None,
        typer.Option(help="With --earlier: languages (a,b) to refit beside the new ones."),
    ] = None,
    sequence_length: Annotated[
        int, typer.Option(help="Tokens of a training sequence; a share that buys less becomes 0.", min=1)
    ] = SEQUENCE_LENGTH,
    baseline: BaselineOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the mixture goes (YAML).")] = None,
) -> None:
    """Compute the mixture that minimises the predicted loss at N and D, under bounds and the tokens available.

    The objective is the weighted mean of the losses; by default programming
    languages weigh the same and natural-language text nothing.

    Examples:

      codescale optimize law.json --params 1e9 --tokens 1e11 --output
      mixture.yaml

      codescale optimize law.json --params 1e9 --tokens 1e11 --no-harm --kl 0.05
      --output mixture.yaml

      codescale optimize law.json --params 1e9 --tokens 1e11 --available
      available.yaml --no-harm-reference natural --margin 2% --output mixture.yaml
    """
    from codescale.allocation.files import write_mixture
    from codescale.allocation.optimize import optimize_mixture
    from codescale.allocation.reuse import Reuse
    from codescale.laws.law import load_law
    from codescale.mixtures.files import read_available, read_bounds, read_mixture, read_weights
    from codescale.report.terminal.mixtures import allocation_table

    if is_study(law_or_study):
        refuse_options(context)
        _optimize_study(law_or_study)
        return
    law = Path(law_or_study)
    n_params, n_tokens, path = required_target(params, tokens, output)
    check_output(path, law, weights, bounds, available, reference, earlier, *_file(no_harm_reference))
    if goal not in ("mean", "worst"):
        raise UserError("--goal", f"{goal!r} is not a goal", "write mean or worst")
    if affected and not earlier:
        raise UserError("--affected", "is given without --earlier", "name the earlier mixture, or leave it out")
    rule = _no_harm(no_harm, no_harm_reference, margin, split_names(no_harm_languages))
    fitted = load_law(law)
    allocation = optimize_mixture(
        fitted,
        n_params,
        n_tokens,
        weights=read_weights(weights, fitted.targets) if weights else None,
        bounds=read_bounds(bounds, fitted.domains) if bounds else None,
        available=read_available(available, fitted.domains) if available else None,
        goal="worst" if goal == "worst" else "mean",
        reference=read_mixture(reference) if reference else None,
        kl=kl,
        no_harm=rule,
        reuse=Reuse(read_mixture(earlier), split_names(affected)) if earlier else None,
        sequence_length=sequence_length,
        baselines=baseline or (),
    )
    write_mixture(path, allocation, str(law))
    console.print(allocation_table(allocation))
    if earlier:
        console.print(f"Refitted: {', '.join(allocation.refitted)}")
    console.print(f"Wrote {path}")


def _file(reference: str | None) -> list[Path]:
    """The file that ``reference`` names, unless it is a mixture's name."""
    return [Path(reference)] if reference and Path(reference).suffix else []


def _no_harm(
    beside_uniform: bool, reference: str | None, margin: str | None, languages: list[str] | None
) -> NoHarmRule | None:
    """The rule that the options ask for; none where none is given."""
    if reference is None and margin is not None:
        hint = "name what losses are held beside: --no-harm-reference uniform, natural or FILE"
        raise UserError("--margin", "is given without a reference", hint)
    if beside_uniform and reference is not None:
        raise UserError("--no-harm", "is given beside --no-harm-reference", "leave one of them out")
    if languages is not None and not (languages and (beside_uniform or reference is not None)):
        problem, hint = ("names none", "write a,b") if not languages else ("is given without a rule", "add --no-harm")
        raise UserError("--no-harm-languages", problem, hint)
    named = tuple(languages or ())
    if reference is None:
        return NoHarmRule(UNIFORM, 0.0, relative=True, languages=named) if beside_uniform else None
    try:
        return NoHarmRule(reference, *read_margin("0" if margin is None else margin), named)
    except ValueError as error:
        raise UserError("--margin", str(error), "0 is none") from None


def _optimize_study(folder: str) -> None:
    """The mixture of the study in ``folder``, by its own law and target."""
    from codescale.report.terminal.mixtures import allocation_table
    from codescale.stages.optimize import optimize

    study = existing_study(folder)
    with study.working():
        allocation = optimize(study.context)
    console.print(allocation_table(allocation))
    console.print(f"Wrote {study.folder.mixture}")


@app.command()
def front(
    law: LawArgument,
    first: Annotated[str, typer.Option(help="Languages of the first group, such as python,rust.")],
    second: Annotated[str, typer.Option(help="Languages of the second group.")],
    params: ParamsOption = None,
    tokens: TokensOption = None,
    points: Annotated[int, typer.Option(help="Mixtures on the front.", min=2, max=200)] = 11,
    bounds: BoundsOption = None,
    available: AvailableOption = None,
    baseline: BaselineOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the front goes (YAML).")] = None,
) -> None:
    """Trace the trade-off between two groups of languages: mixtures of which none is better for both.

    Example: codescale front law.json --first python --second rust,go --params 1e9
    --tokens 1e11 --output front.yaml
    """
    from codescale.allocation.files import write_front
    from codescale.allocation.pareto import in_neither_group, trace_front
    from codescale.laws.law import load_law
    from codescale.mixtures.files import read_available, read_bounds
    from codescale.report.terminal.mixtures import front_table

    n_params, n_tokens, path = required_target(params, tokens, output)
    check_output(path, law, bounds, available)
    fitted = load_law(law)
    groups = split_names(first) or [], split_names(second) or []
    found = trace_front(
        fitted,
        n_params,
        n_tokens,
        *groups,
        points,
        bounds=read_bounds(bounds, fitted.domains) if bounds else None,
        available=read_available(available, fitted.domains) if available else None,
        baselines=baseline or (),
    )
    write_front(path, found)
    console.print(front_table(found, in_neither_group(fitted, *groups)))
    console.print(f"Wrote {path}")


@app.command()
def forecast(
    law: LawArgument,
    params: Annotated[float | None, typer.Option(help="N: non-embedding parameters.")] = None,
    tokens: Annotated[float | None, typer.Option(help="D: training tokens.")] = None,
    budget: Annotated[
        float | None, typer.Option(help="FLOPs (6ND) to spend as well as possible, instead of N and D.")
    ] = None,
    mixture: Annotated[Path | None, typer.Option(help="The mixture (YAML); default: equal shares.")] = None,
    weights: WeightsOption = None,
    available: AvailableOption = None,
) -> None:
    """Forecast the losses of a larger model, with intervals, and what the next unit of compute should buy.

    With --budget instead of N and D: the N and D that it is best spent on, and
    the losses there. A law that knows repetition counts tokens beyond those of
    --available for less.

    Examples:

      codescale forecast law.json --params 1e9 --tokens 1e11 --mixture mixture.yaml

      codescale forecast law.json --budget 1e21
    """
    from codescale.allocation.compute_optimal import compute_optimal_scale, forecast_losses
    from codescale.laws.law import load_law
    from codescale.mixtures.files import read_available, read_mixture, read_weights
    from codescale.mixtures.mixture import Mixture
    from codescale.report.terminal.mixtures import compute_optimal_table, forecast_table

    hint = "give --params N and --tokens D, or --budget FLOPS"
    if budget is not None and (params is not None or tokens is not None):
        raise UserError("--budget", "is given beside N or D", hint)
    if budget is None and (params is None or tokens is None):
        raise UserError("--params" if params is None else "--tokens", "is missing", hint)
    check_counts(params, tokens)
    fitted = load_law(law)
    wanted = read_weights(weights, fitted.targets) if weights else None
    shares = read_mixture(mixture) if mixture else Mixture.uniform(fitted.domains)
    exist = read_available(available, fitted.domains) if available else None
    if budget is not None:
        found = compute_optimal_scale(fitted, budget, shares, wanted, exist)
        console.print(compute_optimal_table(found))
        params, tokens = found.n_params[0], found.n_tokens[0]
    assert params is not None
    assert tokens is not None
    console.print(forecast_table(forecast_losses(fitted, params, tokens, shares, wanted, exist)))
