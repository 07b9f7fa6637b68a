"""scikit-learn's Gaussian process with our kernel: what ours is held against."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Kernel, Matern

from codescale.arrays import Array
from codescale.laws.gp.conditioning import LevelAndSlope
from codescale.laws.gp.kernel import Hyperparameters


class OnColumns(Kernel):  # type: ignore[misc]
    """``kernel`` of the columns ``first`` to ``last`` alone."""

    def __init__(self, kernel: Any, first: int, last: int) -> None:
        self.kernel, self.first, self.last = kernel, first, last

    def __call__(self, X: Array, Y: Array | None = None, eval_gradient: bool = False) -> Any:
        return self.kernel(X[:, self.first : self.last], None if Y is None else Y[:, self.first : self.last])

    def diag(self, X: Array) -> Any:
        return self.kernel.diag(X[:, self.first : self.last])

    def is_stationary(self) -> bool:
        return False


class Oracle:
    """scikit-learn's posterior of a process at ``inputs`` (n, k), given ``residuals`` (n,) and ``noise`` (n,)."""

    def __init__(
        self,
        process: Hyperparameters,
        inputs: Array,
        residuals: Array,
        noise: Array,
        basis: LevelAndSlope | None = None,
        means: Array | None = None,
    ) -> None:
        self.basis = basis
        width = inputs.shape[1]
        matern = Matern(length_scale=1.0 / process.relevance, nu=2.5)
        kernel = ConstantKernel(process.amplitude**2) * OnColumns(matern, 0, width)
        if basis is not None:
            slope = ConstantKernel(basis.slope_variance) * OnColumns(DotProduct(sigma_0=0.0), width, width + 1)
            kernel = kernel + ConstantKernel(basis.level_variance) + slope
        self._regressor = GaussianProcessRegressor(kernel, alpha=noise, optimizer=None)
        self._regressor.fit(self._columns(inputs, means), residuals)

    def mean_and_covariance(self, inputs: Array, means: Array | None = None) -> tuple[Array, Array]:
        """(m,) and (m, m)."""
        mean, covariance = self._regressor.predict(self._columns(inputs, means), return_cov=True)
        return np.asarray(mean), np.asarray(covariance)

    def log_likelihood(self) -> float:
        """Of the residuals."""
        return float(self._regressor.log_marginal_likelihood_value_)

    def _columns(self, inputs: Array, means: Array | None) -> Array:
        if self.basis is None or means is None:
            return inputs
        return np.column_stack([inputs, means - self.basis.centre])
