function bowlingScore(rolls: number[]): number {
  const frames = 10;

  function scoreFrom(frame: number, rest: number[]): number {
    const [first, second] = rest;
    const isStrike = first === 10;
    const isSpare = !isStrike && first + second === 10;
    const counted = rest.slice(0, isStrike || isSpare ? 3 : 2);
    const isWrong = !isStrike && first + second > 10;
    const isShort = counted.length < (isStrike || isSpare ? 3 : 2);
    const isLong = frame === frames && counted.length < rest.length;
    if (isWrong || isShort || isLong) {
      throw new Error(`the rolls of frame ${frame} are not possible`);
    }
    const score = counted.reduce((sum, pins) => sum + pins);
    return frame === frames ? score : score + scoreFrom(frame + 1, rest.slice(isStrike ? 1 : 2));
  }

  if (rolls.some((pins) => pins < 0 || pins > 10)) {
    throw new Error("a roll is not from 0 to 10");
  }
  return scoreFrom(1, rolls);
}
