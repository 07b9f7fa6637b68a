"""What a table is made of: its files, their rows, a row's cells, and the document in it."""
