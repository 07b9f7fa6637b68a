using System;
using System.Collections.Generic;

static class Solution
{
    public static List<int> Turnstile(List<string> events)
    {
        int passed = 0, returned = 0, refused = 0;
        bool locked = true;
        foreach (string one in events)
        {
            switch (one)
            {
                case "coin":
                    returned += locked ? 0 : 1;
                    locked = false;
                    break;
                case "push":
                    if (locked)
                        refused++;
                    else
                        passed++;
                    locked = true;
                    break;
                default:
                    throw new ArgumentException("unknown event " + one);
            }
        }
        return new List<int> { passed, returned, refused };
    }
}
