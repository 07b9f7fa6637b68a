#!/usr/bin/env bash
# Installs what `codescale.evaluation` compiles and runs generated programs with, on Debian 12 or newer, as root:
# bubblewrap, and the toolchains of seven languages from Debian; a newer TypeScript compiler from npm, into a folder of its
# own, since Debian's is older than 5. What is there already stays. Prints the version of each.
#
#     scripts/install_toolchains.sh            # needs root for apt-get
#     CODESCALE_TOOLCHAINS=DIR scripts/install_toolchains.sh
set -euo pipefail

TYPESCRIPT=7.0.2
folder="${CODESCALE_TOOLCHAINS:-/usr/local/lib/codescale/toolchains}"

[ "$(id -u)" = 0 ] || { echo "error: apt-get needs root; run: sudo $0" >&2; exit 2; }
command -v apt-get > /dev/null || { echo "error: this script knows Debian's apt-get only; docs/evaluation.md lists what is needed" >&2; exit 2; }

wanted=()
for pair in bwrap:bubblewrap prlimit:util-linux python3:python3 node:nodejs javac:default-jdk-headless mcs:mono-mcs mono:mono-runtime go:golang-go gcc:gcc; do
    [ -x "/usr/bin/${pair%%:*}" ] || wanted+=("${pair#*:}")
done
[ -x /usr/bin/rustc ] || wanted+=(rustc) # one below a home folder does not count: the sandbox's user cannot read it
command -v npm > /dev/null || wanted+=(npm)

if [ "${#wanted[@]}" -gt 0 ]; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wanted[@]}"
fi

installed="$folder/typescript/node_modules/typescript/package.json"
if ! grep -qs "\"version\": \"$TYPESCRIPT\"" "$installed"; then
    mkdir -p "$folder/typescript"
    npm install --prefix "$folder/typescript" --no-audit --no-fund --ignore-scripts "typescript@$TYPESCRIPT"
fi
chmod -R a+rX "$folder"

bwrap --version
/usr/bin/python3 --version
echo "node $(node --version)"
echo "tsc $("$folder/typescript/node_modules/.bin/tsc" --version)"
javac -version 2>&1
mcs --version
mono --version | head -n 1
go version
/usr/bin/rustc --version
gcc --version | head -n 1
