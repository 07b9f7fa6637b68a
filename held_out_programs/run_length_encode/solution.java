class Solution {
    static String runLengthEncode(String text) {
        StringBuilder encoded = new StringBuilder();
        int start = 0;
        while (start < text.length()) {
            int end = start;
            while (end < text.length() && text.charAt(end) == text.charAt(start)) {
                end++;
            }
            if (end - start > 1) {
                encoded.append(end - start);
            }
            encoded.append(text.charAt(start));
            start = end;
        }
        return encoded.toString();
    }
}
