STEPS = [(0, 1), (1, 0), (0, -1), (-1, 0)]


def robot_walk(commands: list[str]) -> list[int]:
    east, north, direction = 0, 0, 0
    for command in commands:
        if command == "L":
            direction = (direction - 1) % 4
        elif command == "R":
            direction = (direction + 1) % 4
        elif command.startswith("F"):
            distance = int(command[1:])
            east += STEPS[direction][0] * distance
            north += STEPS[direction][1] * distance
        else:
            raise ValueError(f"unknown command {command!r}")
    return [east, north, direction]
