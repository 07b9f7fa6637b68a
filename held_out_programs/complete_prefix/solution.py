def complete_prefix(used: dict[str, int], prefix: str, limit: int) -> list[str]:
    words = [word for word in used if word.startswith(prefix)]
    return sorted(words, key=lambda word: (-used[word], word))[:limit]
