"""The room of text: sources are read, cleaned, split and tokenized into shards that training maps into memory.

It executes nothing of what it reads, and knows neither torch nor Ray. `build` makes a corpus, `reader` opens one;
`reader` imports nothing that only building needs, since every worker loads it.
"""
