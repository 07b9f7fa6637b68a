"""The room of the report: figures and one self-contained page, and the table that the terminal shows.

It reads the artifacts of a study folder and nothing else; it trains, fits and measures nothing. What it computes from
them (the verdicts on the paper's claims, the headline's numbers) are pure functions that page and terminal share.
"""
