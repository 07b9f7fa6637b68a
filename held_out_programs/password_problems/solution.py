import re

RULES = {
    "upper": re.compile(r"[A-Z]"),
    "lower": re.compile(r"[a-z]"),
    "digit": re.compile(r"[0-9]"),
}


def password_problems(password: str) -> list[str]:
    problems = ["short"] if len(password) < 8 else []
    problems += [name for name, pattern in RULES.items() if not pattern.search(password)]
    if " " in password:
        problems.append("space")
    if re.search(r"(.)\1\1", password):
        problems.append("repeat")
    return problems
