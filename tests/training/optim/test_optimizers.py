"""Optimizers: what Muon does to matrices."""

import torch

from codescale.training.optim.optimizers import orthogonalise


def test_orthogonalise_pushes_singular_values_towards_one_for_wide_and_tall_matrices() -> None:
    generator = torch.Generator().manual_seed(0)
    for shape in ((3, 16, 40), (3, 40, 16)):
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape, generator=generator)))
        assert 0.6 < float(values.min()) < float(values.max()) < 1.3
