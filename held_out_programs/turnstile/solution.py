def turnstile(events: list[str]) -> list[int]:
    passed = returned = refused = 0
    locked = True
    for event in events:
        match event, locked:
            case "coin", True:
                locked = False
            case "coin", False:
                returned += 1
            case "push", False:
                passed += 1
                locked = True
            case "push", True:
                refused += 1
            case _:
                raise ValueError(f"unknown event {event!r}")
    return [passed, returned, refused]
