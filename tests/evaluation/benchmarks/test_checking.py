"""Problems as MultiPL-E shapes them: solutions by hand pass in each language, empty ones and early ends do not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from codescale.evaluation.benchmarks.checking import Completed, check_problems
from codescale.evaluation.benchmarks.problem import Problem
from codescale.evaluation.sandbox.isolation import Sandbox
from codescale.evaluation.toolchains.discovery import Toolchains

_JAVA_HEAD = (
    "import java.util.*;\nimport java.lang.reflect.*;\nimport org.javatuples.*;\nimport java.security.*;\n"
    "import java.math.*;\nimport java.io.*;\nimport java.util.stream.*;\nclass Problem {\n"
)
_CS_HEAD = (
    "using System;\nusing System.Numerics;\nusing System.Diagnostics;\nusing System.Collections.Generic;\n"
    "using System.Linq;\nusing System.Text;\nusing System.Security.Cryptography;\nclass Problem {\n"
).replace("using System.Numerics;\n", "")


@dataclass(frozen=True)
class Shaped:
    """A problem in one language, a right completion, a wrong one, and one that ends the process."""

    prompt: str
    tests: str
    right: str
    wrong: str
    early: str = ""


JS = "\nfunction test() {\n  let candidate = total;\n  assert.deepEqual(candidate([1, 2, 3]), 6);\n}\n\ntest();"
SHAPED = {
    "python": Shaped(
        'from typing import List\n\ndef total(numbers: List[int]) -> int:\n    """ Sum. """\n',
        "def check(candidate):\n    assert candidate([1, 2, 3]) == 6\n\n"
        "def test_check():\n    check(total)\n\ntest_check()\n",
        "    return sum(numbers)\n",
        "    return 0\n",
        "    import os\n    os._exit(0)\n",
    ),
    "javascript": Shaped(
        "//Sum.\nfunction total(numbers){\n",
        "const assert = require('node:assert');\n" + JS,
        "  return numbers.reduce((a, b) => a + b, 0);\n}\n",
        "  return 0;\n}\n",
        "  process.exit(0);\n}\n",
    ),
    "typescript": Shaped(
        "//Sum.\nfunction total(numbers: number[]): number {\n",
        "declare var require: any;\nconst assert = require('node:assert');\n" + JS,
        "  return numbers.reduce((a, b) => a + b, 0);\n}\n",
        "  return 0;\n}\n",
        "  return process.exit(0);\n}\n",
    ),
    "java": Shaped(
        _JAVA_HEAD + "    // Sum.\n    public static long total(ArrayList<Long> numbers) {\n",
        "    }\n    public static void main(String[] args) {\n"
        "    assert(total((new ArrayList<Long>(Arrays.asList((long)1l, (long)2l, (long)3l)))) == (6l));\n"
        "    assert(Pair.with(1l, 2l).equals(Pair.with(1l, 2l)));\n    }\n\n}\n",
        "        long sum = 0;\n        for (long one : numbers) sum += one;\n        return sum;\n",
        "        return 0;\n",
        "        System.exit(0);\n        return 0;\n",
    ),
    "csharp": Shaped(
        _CS_HEAD + "    // Sum.\n    public static long Total(List<long> numbers) {\n",
        "    }\n    public static void Main(string[] args) {\n"
        "    Debug.Assert(Total((new List<long>(new long[]{(long)1L, (long)2L, (long)3L}))) == (6L));\n    }\n\n}\n",
        "        return numbers.Sum();\n",
        "        return 0;\n",
        "        Environment.Exit(0);\n        return 0;\n",
    ),
    "go": Shaped(
        'package total_test\n\nimport (\n    "testing"\n    "fmt"\n)\n\n// Sum.\nfunc total(numbers []int) int {\n',
        "func TestTotal(t *testing.T) {\n  candidate := total\n\ttype test struct {\n\t\tactual   interface{}\n"
        "\t\texpected interface{}\n\t}\n   tests := []test{\n     { actual: candidate([]int{1, 2, 3}), expected: 6 },\n"
        '   }\n\n\tfor i, tc := range tests {\n\t\tt.Run(fmt.Sprintf("test num % d", i), func(t *testing.T) {\n'
        '\t\t\tif fmt.Sprintf("%v", tc.actual) != fmt.Sprintf("%v", tc.expected) {\n'
        '\t\t\t\tt.Errorf("expected %v, got %v", tc.expected, tc.actual)\n\t\t\t}\n\t\t})\n\t}\n}\n',
        "    sum := 0\n    for _, one := range numbers { sum += one }\n    return sum\n}\n\n",
        "    return 0\n}\n\n",
        '    panic("early")\n}\n\n',
    ),
    "rust": Shaped(
        "/// Sum.\nfn total(numbers: Vec<isize>) -> isize {\n",
        "}\n\nfn main() {\n    let candidate = total;\n    assert_eq!(candidate(vec![1, 2, 3]), 6);\n}\n",
        "    numbers.iter().sum()\n",
        "    0\n",
        "    std::process::exit(0)\n",
    ),
}


QUICK = ("python", "javascript", "go")
"""Languages whose compilers are quick: these are tried every time, all of them nightly."""


@pytest.mark.parametrize(
    "language", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow, id=name) for name in SHAPED]
)
def test_what_is_right_passes_and_nothing_else(toolchains: Toolchains, sandbox: Sandbox, language: str) -> None:
    if language in toolchains.missing:
        pytest.skip(toolchains.missing[language])
    shaped = SHAPED[language]
    problem = Problem("total", language, shaped.prompt, shaped.tests, ())
    completed = [Completed(problem, text) for text in (shaped.right, shaped.wrong, "", shaped.early)]
    verdicts = check_problems(sandbox, toolchains.found[language], completed)
    assert verdicts[0].said == ""
    assert [verdict.passed for verdict in verdicts] == [True, False, False, False]
    assert verdicts[1].stage == "run"
