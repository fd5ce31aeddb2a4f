"""The Regions, held against botocore's partitions."""

from __future__ import annotations

from botocore.loaders import Loader

from carnet.base.partitions import PARTITIONS
from carnet.catalog.regions import DNS_SUFFIXES, REGIONS


def test_the_regions_are_those_that_botocore_knows() -> None:
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    known = {
        partition["id"]: (
            {name for name in partition["regions"] if not name.endswith("-global")},
            partition["outputs"]["dnsSuffix"],
        )
        for partition in loader.load_data("partitions")["partitions"]
    }
    ours = {name: ({region.name for region in regions}, DNS_SUFFIXES[name]) for name, regions in REGIONS.items()}
    assert ours == known
    assert ours.keys() == set(PARTITIONS)
