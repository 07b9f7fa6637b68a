"""What weighs nothing in an objective though nobody said so: natural-language text, and domains without a loss.

An optimum gives such a domain only what helps the others, so a person has to hear of it wherever one is printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codescale.laws.law import Law
from codescale.study.languages import directions_by_default, load_registry, text_by_default, weightless_line

_NAMED = 8


@dataclass(frozen=True)
class Weightless:
    """``text``: targets that are natural language, which default weights leave out. ``unmeasured``: domains of which
    the law has no loss, where it has one of others. ``directions``: targets that are directions of translation.
    """

    text: tuple[str, ...] = ()
    unmeasured: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()

    def lines(self, mend: str) -> list[str]:
        """A sentence for each kind that there is; ``mend``: the word that gives weight, such as ``--weights``."""
        found = [weightless_line(self.text, mend)] if self.text else []
        if self.directions:
            found.append(
                f"Of no weight by default: {_listed(self.directions)} (translation): {mend} gives them weight."
            )
        if self.unmeasured:
            names = _listed(self.unmeasured)
            found.append(f"Of no weight, since no loss of it was measured: {names} (fit a law to runs that have one).")
        return found


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


NOTHING = Weightless()


def weightless(law: Law, weights: Mapping[str, float] | None) -> Weightless:
    """What weighs nothing by default under ``law``; nothing where ``weights`` are given, or the law has one loss."""
    if weights is not None or law.form.one_loss:
        return NOTHING
    text = text_by_default(law.targets, load_registry())
    return Weightless(text, unmeasured_domains(law), directions_by_default(law.targets))


def unmeasured_domains(law: Law) -> tuple[str, ...]:
    """Domains that the law has no loss of, where it has one of others: else its targets are of another kind."""
    shared = set(law.domains) & set(law.targets)
    return tuple(name for name in law.domains if name not in shared) if shared else ()
