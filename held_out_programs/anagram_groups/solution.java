import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

class Solution {
    static List<List<String>> anagramGroups(List<String> words) {
        return new ArrayList<>(words.stream()
            .collect(Collectors.groupingBy(Solution::letters, LinkedHashMap::new, Collectors.toList()))
            .values());
    }

    private static String letters(String word) {
        char[] letters = word.toCharArray();
        Arrays.sort(letters);
        return new String(letters);
    }
}
