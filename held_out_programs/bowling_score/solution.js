function bowlingScore(rolls) {
  const require = (condition, problem) => {
    if (!condition) {
      throw new Error(problem);
    }
  };
  require(rolls.every((pins) => pins >= 0 && pins <= 10), "a roll is not from 0 to 10");

  let score = 0;
  let first = 0;
  let end = 0;
  for (let frame = 1; frame <= 10; frame++) {
    const isStrike = rolls[first] === 10;
    const pins = isStrike ? 10 : rolls[first] + rolls[first + 1];
    require(!(pins > 10), "a frame has more than ten pins");
    end = first + (pins === 10 ? 3 : 2);
    require(end <= rolls.length, "rolls are missing");
    score += rolls.slice(first, end).reduce((sum, roll) => sum + roll);
    first += isStrike ? 1 : 2;
  }
  require(end === rolls.length, "rolls are left over");
  return score;
}
