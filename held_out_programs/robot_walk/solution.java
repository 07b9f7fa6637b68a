import java.util.List;

class Solution {
    private enum Direction {
        NORTH(0, 1), EAST(1, 0), SOUTH(0, -1), WEST(-1, 0);

        final int east;
        final int north;

        Direction(int east, int north) {
            this.east = east;
            this.north = north;
        }

        Direction turned(int quarters) {
            return values()[Math.floorMod(ordinal() + quarters, 4)];
        }
    }

    static List<Integer> robotWalk(List<String> commands) {
        int east = 0;
        int north = 0;
        Direction direction = Direction.NORTH;
        for (String command : commands) {
            switch (command.charAt(0)) {
                case 'L' -> direction = direction.turned(-1);
                case 'R' -> direction = direction.turned(1);
                case 'F' -> {
                    int distance = Integer.parseInt(command.substring(1));
                    east += direction.east * distance;
                    north += direction.north * distance;
                }
                default -> throw new IllegalArgumentException("unknown command " + command);
            }
        }
        return List.of(east, north, direction.ordinal());
    }
}
