using System.Text;

static class Solution
{
    public static string RunLengthEncode(string text)
    {
        var encoded = new StringBuilder();
        for (int start = 0, end; start < text.Length; start = end)
        {
            for (end = start; end < text.Length && text[end] == text[start]; end++) { }
            if (end - start > 1)
                encoded.Append(end - start);
            encoded.Append(text[start]);
        }
        return encoded.ToString();
    }
}
