using System.Collections.Generic;
using System.Linq;

static class Solution
{
    public static List<string> PasswordProblems(string password)
    {
        return Check(password).ToList();
    }

    static IEnumerable<string> Check(string password)
    {
        if (password.Length < 8)
            yield return "short";
        if (!password.Any(character => character >= 'A' && character <= 'Z'))
            yield return "upper";
        if (!password.Any(character => character >= 'a' && character <= 'z'))
            yield return "lower";
        if (!password.Any(character => character >= '0' && character <= '9'))
            yield return "digit";
        if (password.Contains(" "))
            yield return "space";
        if (password.Where((character, k) => k >= 2 && character == password[k - 1] && character == password[k - 2]).Any())
            yield return "repeat";
    }
}
