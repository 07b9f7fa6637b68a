def parse_ini(lines: list[str]) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    section: dict[str, str] | None = None
    for line in map(str.strip, lines):
        if not line or line[0] in ";#":
            continue
        if line.startswith("[") and line.endswith("]"):
            name = line[1:-1].strip()
            if not name:
                raise ValueError("a section has no name")
            section = sections.setdefault(name, {})
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if section is None or not equals or not key:
            raise ValueError(f"{line!r} cannot be read")
        section[key] = value
    return sections
