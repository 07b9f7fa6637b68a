import re


def fill_template(template: str, values: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            raise ValueError(f"{name} has no value")
        return values[name]

    return re.sub(r"\{\{ *(\w+) *\}\}", value, template)
