"""How a program is written in each language: types, signature, doc comment, and the driver that calls it."""
