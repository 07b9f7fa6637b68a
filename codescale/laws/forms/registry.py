"""Every form of a law, found by name.

To add a form: write a file with a subclass of :class:`~codescale.laws.forms.base.Form` and name it in ``FORMS`` below.
"""

from __future__ import annotations

from codescale.errors import UserError
from codescale.laws.forms.additive import Additive
from codescale.laws.forms.base import Form
from codescale.laws.forms.chinchilla import Chinchilla
from codescale.laws.forms.coupled import Coupled
from codescale.laws.forms.effective_data import EffectiveData
from codescale.laws.forms.exponential import Exponential
from codescale.laws.forms.family import Family
from codescale.laws.forms.joint import Joint
from codescale.laws.forms.linear import Linear
from codescale.laws.forms.mean import MeanForm
from codescale.laws.forms.proportional import Proportional

FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        EffectiveData(),
        Additive(),
        Joint(),
        Exponential(),
        Family(),
        Chinchilla(),
        Coupled(),
        Proportional(),
        Linear(),
        MeanForm(),
    )
}
CANDIDATES = ("effective-data", "additive", "joint", "exponential", "family", "chinchilla", "coupled")
"""What ``auto`` chooses among: laws of each target's own loss."""
BASELINES = ("mean", "linear")
"""What every law has to beat on held-out runs."""


def find_form(name: str, where: str = "--law") -> Form:
    """The form called ``name``. Raises :class:`UserError` that lists the known ones."""
    if name not in FORMS:
        raise UserError(where, f"{name!r} is not a law", f"use auto or one of {', '.join(FORMS)}")
    return FORMS[name]
