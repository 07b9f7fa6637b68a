def undo_history(commands: list[str]) -> str:
    texts, now = [""], 0
    for command in commands:
        kind, _, argument = command.partition(" ")
        if kind == "undo":
            now = max(now - 1, 0)
        elif kind == "redo":
            now = min(now + 1, len(texts) - 1)
        else:
            text = texts[now]
            changed = text + argument if kind == "type" else text[: max(len(text) - int(argument), 0)]
            texts[now + 1 :] = [changed]
            now += 1
    return texts[now]
