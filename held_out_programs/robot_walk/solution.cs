using System;
using System.Collections.Generic;

static class Solution
{
    static readonly (int East, int North)[] Steps = { (0, 1), (1, 0), (0, -1), (-1, 0) };

    public static List<int> RobotWalk(List<string> commands)
    {
        int east = 0, north = 0, direction = 0;
        foreach (string command in commands)
        {
            switch (command[0])
            {
                case 'L':
                    direction = (direction + 3) % 4;
                    break;
                case 'R':
                    direction = (direction + 1) % 4;
                    break;
                case 'F':
                    int distance = int.Parse(command.Substring(1));
                    east += Steps[direction].East * distance;
                    north += Steps[direction].North * distance;
                    break;
                default:
                    throw new ArgumentException("unknown command " + command);
            }
        }
        return new List<int> { east, north, direction };
    }
}
