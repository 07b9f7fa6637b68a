"""Levenberg-Marquardt for many regressions at once, for laws, which are sloppy: some directions of their parameters
hardly change a loss.

Three things keep steps long there. Damping is measured in the prior's deviations, not in the Hessian's diagonal: what
the rows do not tell would else be free to run off, and the whole step would have to be shortened for it. Where a step
meets a bound, the others are solved for anew (the active set of Nocedal and Wright, 2006, section 16.5). And each step
is bent with the valley that it lies in, by the geodesic acceleration of Transtrum and Sethna (2012, arXiv 1201.5885).
Bootstrap samples draw the prior's mean anew, so that what no row tells varies as widely as the prior says (randomised
maximum a posteriori, Bardsley et al., 2014).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from codescale.arrays import Array, Integers, Mask
from codescale.laws.forms.regression import (
    Linearised,
    Problems,
    among,
    linearised,
    objective,
    solved,
    weighted_residuals,
)

_CHUNK = 600_000
"""Entries of the Jacobians that a thread holds at once: with fewer NumPy's calls cost more, with more its caches."""
_ROUNDS = 8
"""At most how many times as many problems a block has as are worked on at once."""
_BLOCKS = 4
"""At least, where more problems than that fit into one: what threads share out."""
_FIRST_DAMPING = 10.0
"""In units of the prior's own part of the Hessian."""
_MOST_DAMPING = 1e13
_FORETOLD = (0.25, 0.75)
"""Of the decrease that a step foretold: below the first the next is damped more though it went down, above the second
less (Nocedal and Wright, 2006, algorithm 4.1).
"""
_PROBE = 0.1
"""Of a step: how far along it the bend of the curve is measured."""
_MOST_BENT = 0.75
"""Twice the bend's length over the step's, above which a step is left straight (Transtrum and Sethna, equation 15)."""


def levenberg_marquardt(
    problems: Problems, start: Array, iterations: int, workers: int | None = None, tolerance: float = 1e-8
) -> tuple[Array, Array]:
    """The parameters (problems, parameters) that minimise each problem's objective, and the objectives (problems,).

    A problem ends where two steps in a row gain less than ``tolerance`` of its objective, or foretell less than a tenth
    of that. The result does not depend on ``workers`` (threads; None: one a core).
    """
    count, parameters = start.shape
    width = max(1, _CHUNK // max(1, problems.weights.shape[1] * parameters))
    # Blocks that do not depend on the workers: the last bits depend on which problems are worked on together.
    size = max(width, min(_ROUNDS * width, -(-count // _BLOCKS)))
    blocks = [np.arange(first, min(first + size, count)) for first in range(0, count, size)]

    def one(index: Integers) -> tuple[Array, Array]:
        return _solved_in_turn(problems.part(index), start[index], width, iterations, tolerance)

    workers = min(workers or os.cpu_count() or 1, len(blocks))
    if workers <= 1:
        results = [one(index) for index in blocks]
    else:
        with ThreadPoolExecutor(workers) as pool:
            results = list(pool.map(one, blocks))
    return np.concatenate([theta for theta, _ in results]), np.concatenate([value for _, value in results])


@dataclass
class _Running:
    """The problems ``index`` (problems,) that a thread works on: their ``damping``, how many steps in a
    row gained little, ``still``, how many there were, ``steps``; and each where it is, ``at``.
    """

    index: Integers
    damping: Array
    still: Integers
    steps: Integers
    at: Linearised

    @classmethod
    def begun(cls, problems: Problems, index: Integers, theta: Array) -> _Running:
        count = len(index)
        return cls(
            index,
            np.full(count, _FIRST_DAMPING),
            np.zeros(count, dtype=int),
            np.zeros(count, dtype=int),
            linearised(problems.part(index), theta[index]),
        )

    def only(self, kept: Mask) -> _Running:
        return _Running(
            self.index[kept],
            self.damping[kept],
            self.still[kept],
            self.steps[kept],
            self.at.part(kept),
        )

    def put(self, places: Integers, other: _Running) -> None:
        for name in ("index", "damping", "still", "steps"):
            getattr(self, name)[places] = getattr(other, name)
        self.at.put(places, other.at)


def _solved_in_turn(
    problems: Problems, start: Array, width: int, iterations: int, tolerance: float
) -> tuple[Array, Array]:
    """As :func:`levenberg_marquardt`: ``width`` problems at a time, another as one ends."""
    theta = np.clip(start, problems.lower, problems.upper)
    value = np.empty(len(theta))
    begun = min(width, len(theta))
    running = _Running.begun(problems, np.arange(begun), theta)
    while len(running.index):
        ended = (running.still >= 2) | (running.steps >= iterations)
        value[running.index[ended]] = running.at.value[ended]
        places = np.flatnonzero(ended)[: len(theta) - begun]
        if len(places):
            running.put(places, _Running.begun(problems, np.arange(begun, begun + len(places)), theta))
            begun += len(places)
            ended[places] = False
        if ended.any():
            running = running.only(~ended)
        if len(running.index):
            _advance(problems.part(running.index), running, tolerance, theta)
    return theta, value


def _advance(part: Problems, running: _Running, tolerance: float, theta: Array) -> None:
    """One step of each: taken, into ``theta``, where it leads down."""
    here = theta[running.index]
    step, foretold = _step(part, here, running.at, running.damping)
    trial = np.clip(here + step, part.lower, part.upper)
    before = running.at.value
    gain = before - objective(part, trial)
    better = gain > 0
    scale = np.maximum(np.abs(before), 1e-300)
    small = np.where(better, gain < tolerance * scale, foretold < 0.1 * tolerance * scale)
    running.still = np.where(small, running.still + 1, 0)
    running.damping = _damped(running.damping, gain, foretold)
    running.steps += 1
    moved = np.flatnonzero(better)
    if len(moved):
        theta[running.index[moved]] = trial[moved]
        running.at.put(moved, linearised(part.part(moved), trial[moved]))


def _damped(damping: Array, gain: Array, foretold: Array) -> Array:
    """The next step's damping."""
    low, high = _FORETOLD
    factor = np.where(gain > high * foretold, 0.1, np.where(gain > low * foretold, 1.0, 2.0))
    return np.minimum(damping * np.where(gain > 0, factor, 5.0), _MOST_DAMPING)


def _step(problems: Problems, theta: Array, here: Linearised, damping: Array) -> tuple[Array, Array]:
    """The damped step (problems, parameters) within the bounds, bent with the curve, and the decrease of the objective
    that it foretells (problems,).

    Parameters that are held, or pressed against a bound, do not move; one that would cross a bound goes to it.
    """
    pressed = (theta <= problems.lower) & (here.gradient > 0) | (theta >= problems.upper) & (here.gradient < 0)
    moving = problems.free & ~pressed
    precision = problems.strength / problems.prior_deviation**2
    damped = here.hessian.copy()
    diagonal = np.arange(theta.shape[1])
    damped[:, diagonal, diagonal] += damping[:, None] * precision
    system = among(moving, damped)
    step = solved(system, np.where(moving, -here.gradient, 0.0))
    beyond = moving & ((theta + step < problems.lower) | (theta + step > problems.upper))
    crossing = np.flatnonzero(beyond.any(axis=1))
    if len(crossing):
        low, high = problems.lower[crossing] - theta[crossing], problems.upper[crossing] - theta[crossing]
        to_bound = np.where(beyond[crossing], np.clip(step[crossing], low, high), 0.0)
        moving[crossing] &= ~beyond[crossing]
        right = -here.gradient[crossing] - _times(here.hessian[crossing], to_bound)
        system[crossing] = among(moving[crossing], damped[crossing])
        step[crossing] = to_bound + solved(system[crossing], np.where(moving[crossing], right, 0.0))
    foretold = -(step * here.gradient).sum(axis=1) - 0.5 * (step * _times(here.hessian, step)).sum(axis=1)
    bend = solved(system, np.where(moving, -0.5 * _curvature(problems, theta, here, step), 0.0))
    lengths = [np.sqrt((precision * one * one).sum(axis=1)) for one in (bend, step)]
    step += np.where((2.0 * lengths[0] < _MOST_BENT * lengths[1])[:, None], bend, 0.0)
    return step, foretold


def _curvature(problems: Problems, theta: Array, here: Linearised, step: Array) -> Array:
    """(problems, parameters): the second derivative of the residuals along ``step``, by a difference, projected on the
    weighted Jacobian.
    """
    log_loss = problems.log_curve(np.clip(theta + _PROBE * step, problems.lower, problems.upper))
    ahead, _ = weighted_residuals(problems, log_loss)
    slope = _times(here.jacobian, step.astype(here.jacobian.dtype))
    second = (2.0 / _PROBE) * ((ahead * here.roots - here.residuals) / _PROBE - slope)
    return np.asarray(np.matmul(second[:, None, :], here.jacobian)[:, 0, :].astype(np.float64))


def _times(matrices: Array, vectors: Array) -> Array:
    return np.asarray(np.matmul(matrices, vectors[:, :, None])[:, :, 0])
