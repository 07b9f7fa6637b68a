import re
from collections import Counter


def word_frequencies(text: str) -> dict[str, int]:
    words = (word.strip("'") for word in re.findall(r"[a-z']+", text.lower()))
    return dict(Counter(filter(None, words)))
