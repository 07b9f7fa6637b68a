def parse_csv_line(line: str) -> list[str]:
    fields = []
    rest: str | None = line
    while rest is not None:
        if not rest.startswith('"'):
            field, comma, after = rest.partition(",")
            fields.append(field)
            rest = after if comma else None
            continue
        end = 1
        while rest.startswith('""', end) or not rest.startswith('"', end):
            end += 2 if rest.startswith('""', end) else 1
            if end >= len(rest):
                raise ValueError("a quote is not closed")
        fields.append(rest[1:end].replace('""', '"'))
        after = rest[end + 1 :]
        if after and not after.startswith(","):
            raise ValueError(f"{after!r} follows a quoted field")
        rest = after[1:] if after else None
    return fields
