class Solution {
    static int editDistance(String first, String second) {
        int[][] distance = new int[first.length() + 1][second.length() + 1];
        for (int i = 0; i <= first.length(); i++) {
            for (int j = 0; j <= second.length(); j++) {
                if (i == 0 || j == 0) {
                    distance[i][j] = i + j;
                    continue;
                }
                int replacement = first.charAt(i - 1) == second.charAt(j - 1) ? 0 : 1;
                distance[i][j] = Math.min(
                    Math.min(distance[i - 1][j], distance[i][j - 1]) + 1,
                    distance[i - 1][j - 1] + replacement);
            }
        }
        return distance[first.length()][second.length()];
    }
}
