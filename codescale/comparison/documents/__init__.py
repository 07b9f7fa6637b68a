"""The proof's test text, document by document: how much is read, and what it does to the differences."""
