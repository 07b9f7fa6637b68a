"""One trunk, a cooldown branch at each D."""

from hypothesis import given
from hypothesis import strategies as st

from codescale.training.optim.schedule import LearningRateSchedule, plan_schedule


def schedule(points: list[int], **changes: float) -> LearningRateSchedule:
    settings: dict = {"batch": 4, "context": 16, "warmup_share": 0.02, "cooldown_share": 0.25, "evaluations": 3}
    return plan_schedule(points, **(settings | changes))


@given(
    st.lists(st.integers(1, 100_000), min_size=1, max_size=5, unique=True),
    st.floats(0.05, 0.9),
    st.integers(1, 8),
)
def test_legs_cover_the_trunk_once_and_end_each_branch_at_its_d(points: list[int], cooldown: float, looks: int) -> None:
    plan = schedule(points, cooldown_share=cooldown, evaluations=looks)
    trunk = [segment for segment in plan.segments if segment.branch is None]
    position = 0
    for segment in trunk:
        assert segment.start == position
        position = segment.stop
    branches = {segment.branch: segment for segment in plan.segments if segment.branch is not None}
    assert set(branches) == set(points)
    for tokens, segment in branches.items():
        assert segment.stop == max(1, round(tokens / 64))
        assert segment.start < segment.stop
    assert plan.segments[-1].branch is not None


@given(st.integers(100, 100_000))
def test_the_rate_warms_up_stays_and_falls_to_nearly_zero(tokens: int) -> None:
    plan = schedule([tokens])
    trunk, branch = plan.segments[-2], plan.segments[-1]
    assert plan.relative_rate(trunk.stop, trunk) == 1.0
    rates = [plan.relative_rate(step, branch) for step in range(branch.start, branch.stop)]
    assert all(0 < rate <= 1 for rate in rates)
    assert rates == sorted(rates, reverse=True)
