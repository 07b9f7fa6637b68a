"""Before the proof is paid: what gain the law expects, what gain seeds can tell, and what would answer the question."""
