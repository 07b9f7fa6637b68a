"""Problems of others, from files: HumanEval and MultiPL-E, and how a completion of one is checked."""
