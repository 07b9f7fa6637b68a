#!/bin/sh
# A trainer that trains nothing: it writes the losses of a law with noise, so that a study is tried in seconds.
# train.sh MIXTURE TOKENS N SEED RESULTS
set -eu
awk -v tokens="$2" -v params="$3" -v seed="$4" -v results="$5" -v pause="${PAUSE:-0}" '
    function noise() { return 0.004 * (rand() + rand() + rand() - 1.5) }
    # L = E + A N^-0.3 + B (D (own share + 0.4 other share))^-0.3; Python has more to learn from data.
    function loss(own, other, seen, extra, data) {
        return extra + 20 * params ^ -0.3 + data * (seen * (own + 0.4 * other) + 1) ^ -0.3 + noise()
    }
    /"python"/ { gsub(/[^0-9.e-]/, "", $2); python = $2 + 0 }
    /"java"/ { gsub(/[^0-9.e-]/, "", $2); java = $2 + 0 }
    END {
        srand(seed * 1000 + int(997 * python)); rand()
        for (k = 1; k <= 5; k++) {
            seen = int(tokens * k / 5); trunk = (k < 5) ? 0.05 : 0
            printf "{\"tokens\": %d, \"annealed\": %s", seen, (k < 5) ? "false" : "true" >> results
            printf ", \"loss.python\": %.5f", loss(python, java, seen, 1.2 + trunk, 80) >> results
            printf ", \"loss.java\": %.5f", loss(java, python, seen, 0.9 + trunk, 30) >> results
            if (k == 5) {
                printf ", \"test.python\": %.5f", loss(python, java, seen, 1.2, 80) >> results
                printf ", \"test.java\": %.5f", loss(java, python, seen, 0.9, 30) >> results
            }
            print "}" >> results
            fflush(results)
            print "after", seen, "tokens"
            if (pause > 0) system("sleep " pause)
        }
    }' FS=':' "$1"
