#!/bin/sh
# pyarrow 26.0.1: ParquetFile.iter_batches with read_dictionary holds ever more of a row group, not one batch.
#
# A column of texts that do not repeat, such as source code, is stored plainly: Parquet's writers give its dictionary up
# after a megabyte. Asked to read it as a dictionary all the same (since languages and licences beside it are), pyarrow
# makes one up, and iter_batches yields batches of the size that was asked for, each with a dictionary of all rows of the
# row group so far. Reading a batch at a time therefore does not bound memory by the batch: the last one of a row group
# carries every text in it.
#
# Seen: of 6,000 distinct texts in one row group, stored without a dictionary and read in batches of 1,000 rows, the
# dictionaries have 1,000, 2,000 and so on to 6,000 entries; without read_dictionary each batch has its own 1,000 texts.
# This script fails if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyarrow==26.0.1
cat > "$folder/batches.py" <<'PYTHON'
import sys

import pyarrow as pa
import pyarrow.parquet as pq

path = f"{sys.argv[1]}/code.parquet"
texts = pa.table({"text": [f"{k} " * 500 for k in range(6000)]})
pq.write_table(texts, path, row_group_size=6000, use_dictionary=False)
entries = [
    len(batch.column("text").dictionary)
    for batch in pq.ParquetFile(path, read_dictionary=["text"]).iter_batches(batch_size=1000)
]
rows = [len(batch) for batch in pq.ParquetFile(path).iter_batches(batch_size=1000)]
print("entries of each batch's dictionary:", entries)
print("rows of each batch:", rows)
assert rows == [1000] * 6
assert entries == [1000, 2000, 3000, 4000, 5000, 6000]
PYTHON
"$folder/venv/bin/python" "$folder/batches.py" "$folder"
