"""The same bits from a Dask cluster; runs where the extra [cluster] is installed."""

import pytest

from uncertainty.budget import Budget
from uncertainty.expression import parse
from uncertainty.inputs import InputQuantity, Normal, Rectangular

distributed = pytest.importorskip("distributed")


@pytest.mark.filterwarnings("default")  # the cluster's own, at shutdown
def test_a_cluster_gives_the_same_bits() -> None:
    budget = Budget(
        model=parse("sqrt(x**2 + y**2)"),
        inputs=(
            InputQuantity(name="x", distribution=Normal(mean=1, u=0.1)),
            InputQuantity(name="y", distribution=Rectangular(low=0, high=1)),
        ),
        unit="1",
        correlations={("x", "y"): 0.4},
    )
    one = budget.monte_carlo(trials=3_000_000, workers=1)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert budget.monte_carlo(trials=3_000_000, workers=client.get_executor()) == one
