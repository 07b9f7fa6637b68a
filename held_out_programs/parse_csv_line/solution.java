import java.util.ArrayList;
import java.util.List;

class Solution {
    static List<String> parseCsvLine(String line) {
        List<String> fields = new ArrayList<>();
        int position = 0;
        while (true) {
            StringBuilder field = new StringBuilder();
            if (position < line.length() && line.charAt(position) == '"') {
                position = readQuoted(line, position + 1, field);
            } else {
                while (position < line.length() && line.charAt(position) != ',') {
                    field.append(line.charAt(position++));
                }
            }
            fields.add(field.toString());
            if (position == line.length()) {
                return fields;
            }
            if (line.charAt(position) != ',') {
                throw new IllegalArgumentException("a comma is missing at " + position);
            }
            position++;
        }
    }

    private static int readQuoted(String line, int start, StringBuilder field) {
        int position = start;
        while (position < line.length()) {
            if (line.charAt(position) != '"') {
                field.append(line.charAt(position++));
            } else if (line.startsWith("\"\"", position)) {
                field.append('"');
                position += 2;
            } else {
                return position + 1;
            }
        }
        throw new IllegalArgumentException("a quote is not closed");
    }
}
