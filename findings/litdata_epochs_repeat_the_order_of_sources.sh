#!/bin/sh
# litdata 0.2.76: CombinedStreamingDataset mixes sources in the same order in every epoch.
#
# The class draws which source the next sample comes from with a generator of its own, and begins that generator anew
# at the start of each epoch with the seed that it was made with. set_epoch changes the shuffling within each source,
# and the order of sources stays: a source of a small weight that is unlucky in the first epoch is as unlucky in all of
# them, so that its share never evens out over epochs. A seed for each epoch evens it out.
#
# Seen: three epochs of a mixture of two shuffled sources of 50 items give one and the same sequence of sources, while
# the sequence of items within a source differs. This script fails if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet litdata==0.2.76
cat > "$folder/epochs.py" <<'PYTHON'
import sys
import tempfile

import torch
from litdata import CombinedStreamingDataset, StreamingDataset
from litdata.streaming import Cache

folders = []
for source in range(2):
    folder = tempfile.mkdtemp(dir=sys.argv[1])
    cache = Cache(folder, chunk_bytes=1 << 16)
    for item in range(50):
        cache[item] = torch.tensor([source, item])
    cache.done()
    cache.merge()
    folders.append(folder)
mixed = CombinedStreamingDataset(
    [StreamingDataset(folder, shuffle=True) for folder in folders], weights=[0.5, 0.5], seed=1, iterate_over_all=False
)
sources, items = [], []
for epoch in range(3):
    mixed.set_epoch(epoch)
    seen = [tuple(int(part) for part in one) for one in mixed]
    sources.append([source for source, _ in seen])
    items.append([item for _, item in seen])
print(f"{len(sources[0])} samples an epoch; the order of sources is the same in all:", sources[0] == sources[1] == sources[2])
print("the order of items is the same:", items[0] == items[1])
assert len(set(sources[0])) == 2
assert sources[0] == sources[1] == sources[2]
assert items[0] != items[1]
PYTHON
"$folder/venv/bin/python" "$folder/epochs.py" "$folder"
