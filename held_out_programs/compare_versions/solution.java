import java.util.Arrays;

class Solution {
    static int compareVersions(String first, String second) {
        int[] one = numbers(first);
        int[] other = numbers(second);
        int length = Math.max(one.length, other.length);
        return Integer.signum(Arrays.compare(Arrays.copyOf(one, length), Arrays.copyOf(other, length)));
    }

    private static int[] numbers(String version) {
        if (!version.matches("\\d+(\\.\\d+)*")) {
            throw new IllegalArgumentException("no version: " + version);
        }
        return Arrays.stream(version.split("\\.")).mapToInt(Integer::parseInt).toArray();
    }
}
