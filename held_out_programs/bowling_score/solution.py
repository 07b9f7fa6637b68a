def bowling_score(rolls: list[int]) -> int:
    if not all(0 <= pins <= 10 for pins in rolls):
        raise ValueError("a roll is not from 0 to 10")
    score, first = 0, 0
    for _ in range(10):
        is_strike = rolls[first : first + 1] == [10]
        is_spare = not is_strike and sum(rolls[first : first + 2]) == 10
        counted = rolls[first : first + (3 if is_strike or is_spare else 2)]
        if len(counted) < 2 + (is_strike or is_spare):
            raise ValueError("rolls are missing")
        if not is_strike and sum(counted[:2]) > 10:
            raise ValueError("a frame has more than ten pins")
        score += sum(counted)
        last = first + len(counted)
        first += 1 if is_strike else 2
    if last != len(rolls):
        raise ValueError("rolls are left over")
    return score
