"""Functions of strings: characters counted and rewritten, words chosen, counted in a map, put together."""

from __future__ import annotations

from typing import Literal as OneOf

from codescale.parallel_programs.expressions import (
    Aggregate,
    Arithmetic,
    Builtin,
    Comparison,
    EmptyMap,
    Expression,
    ListLiteral,
    Literal,
    Sorted,
    Text,
    Variable,
    number,
    text,
)
from codescale.parallel_programs.generation.draw import Draw
from codescale.parallel_programs.generation.expressions import character_condition, condition, integer, text_condition
from codescale.parallel_programs.generation.part import Arguments, Context, Part
from codescale.parallel_programs.generation.scope import Names, Scope
from codescale.parallel_programs.generation.vocabulary import vocabulary
from codescale.parallel_programs.statements import (
    Append,
    AppendText,
    Body,
    Count,
    ForEach,
    ForRange,
    Function,
    If,
    Let,
    Return,
    Statement,
    Update,
)
from codescale.parallel_programs.types import BOOL, CHARACTER, COUNTS, INT, STRING, STRINGS


def words_of(draw: Draw, count: int) -> list[str]:
    """Words, some of them twice."""
    some = draw.some_of(vocabulary().words, max(2, count - 2))
    return [draw.one_of(some) if draw.chance(0.3) else some[k % len(some)] for k in range(count)]


def _sentence(draw: Draw) -> str:
    parts = [word.capitalize() if draw.chance(0.4) else word for word in words_of(draw, draw.between(2, 4))]
    return " ".join(f"{word}{draw.between(1, 99)}" if draw.chance(0.35) else word for word in parts)


def _inputs(draw: Draw, more: int = 0) -> tuple[Arguments, ...]:
    return tuple(
        (text(_sentence(draw)), *(number(draw.between(2, 6)) for _ in range(more))) for _ in range(draw.between(2, 4))
    )


def scanned(context: Context) -> Part:
    """A loop over characters that scores them, or a count of them."""
    draw, names = context.draw, Names(context.draw)
    source, character, total = names.new("text", STRING), names.new("character", CHARACTER), names.new("total")
    if draw.chance(0.3):
        counted = Aggregate("count", character, source, character_condition(draw, character), None, INT, "total")
        result: Expression = integer(draw, Scope((total,), frozenset([total.name])), 1) if draw.chance(0.6) else total
        body: Body = (Let(total, counted), Return(result))
        return Part("", (Function(context.function_name("number"), (source,), INT, body),), _inputs(draw))
    branches = [(character_condition(draw, character), (_scored(draw, total),)) for _ in range(draw.between(1, 2))]
    if draw.chance(0.4):
        digit = Builtin("digit_value", (character,), INT)
        value: Expression = Arithmetic("*", digit, number(draw.between(2, 9))) if draw.chance(0.5) else digit
        branches[0] = (Builtin("is_digit", (character,), BOOL), (Update(total, "+", value),))
    elif draw.chance(0.4):
        place = Builtin("letter_index", (character,), INT)
        far: Expression = Arithmetic("%", place, number(draw.between(3, 9))) if draw.chance(0.5) else place
        branches[0] = (Builtin("is_lower", (character,), BOOL), (Update(total, "+", far),))
    choice = If(tuple(branches), (_scored(draw, total),) if draw.chance(0.4) else ())
    body = (Let(total, number(draw.below(3))), ForEach(character, source, (choice,)), Return(total))
    return Part("", (Function(context.function_name("number"), (source,), INT, body),), _inputs(draw))


def _scored(draw: Draw, total: Variable) -> Statement:
    if draw.chance(0.12):
        return Update(total, "*", number(2))
    return Update(total, "+" if draw.chance(0.75) else "-", number(draw.between(1, 9)))


def rewritten(context: Context) -> Part:
    """A new text, made a character at a time."""
    draw, names = context.draw, Names(context.draw)
    source, character = names.new("text", STRING), names.new("character", CHARACTER)
    built = names.new("built", STRING)
    branches = tuple(
        (character_condition(draw, character), (_written(draw, built, character),)) for _ in range(draw.between(1, 2))
    )
    otherwise = (_written(draw, built, character),) if draw.chance(0.8) else ()
    loop = ForEach(character, source, (If(branches, otherwise),))
    result: Expression = built
    if draw.chance(0.3):
        result = Builtin(draw.one_of(("upper", "lower", "reverse")), (built,), STRING)
    elif draw.chance(0.2):
        result = Text((built, draw.one_of(("-", "#", ":")), Builtin("length", (source,), INT)))
    body: Body = (Let(built, text("")), loop, Return(result))
    return Part("", (Function(context.function_name("text"), (source,), STRING, body),), _inputs(draw))


def _written(draw: Draw, built: Variable, character: Variable) -> Statement:
    kind = draw.below(5)
    if kind == 0:
        return AppendText(built, Literal(draw.one_of("-#.:="), CHARACTER))
    if kind == 1:
        return AppendText(built, text(draw.one_of(("--", "##", "..", "=:", "-."))))
    if kind in (2, 3):
        case = draw.one_of(("upper_character", "lower_character"))
        return AppendText(built, Builtin(case, (character,), CHARACTER))
    return AppendText(built, character)


def _changed(draw: Draw, word: Expression) -> Expression:
    """A word made of ``word``."""
    kind = draw.below(6)
    if kind == 0:
        return Builtin("replace", (word, text(draw.one_of("aeor")), text(draw.one_of(("-", "#", "oo", "u")))), STRING)
    if kind == 1:
        return Builtin("prefix", (word, number(draw.between(1, 3))), STRING)
    if kind == 2:
        return Text((word, draw.one_of(("-", ":", "=")), Builtin("length", (word,), INT)))
    if kind == 3:
        return Text((text_mark(draw), word))
    return Builtin(draw.one_of(("upper", "lower", "reverse")), (word,), STRING)


def text_mark(draw: Draw) -> str:
    """What stands before a word."""
    return draw.one_of(("- ", "# ", "x", "no ", "the "))


def chosen_words(context: Context) -> Part:
    """Words of a text, chosen, changed and put together again."""
    draw, names = context.draw, Names(context.draw)
    source, word, kept = names.new("text", STRING), names.new("word", STRING), names.new("kept", STRINGS)
    split = Builtin("split", (source, Literal(" ", CHARACTER)), STRINGS)
    asked = text_condition(draw, word)
    separator = text(draw.one_of((" ", "-", ", ", ":", "=")))
    if draw.chance(0.4):
        words = names.new("words", STRINGS)
        made = Aggregate("list", word, words, asked, _changed(draw, word), STRINGS, kept.name)
        body: Body = (Let(words, split), Let(kept, made), Return(Builtin("join", (kept, separator), STRING)))
    else:
        add: Statement = Append(kept, _changed(draw, word))
        inner: Statement = If(((asked, (add,)),), (Append(kept, word),) if draw.chance(0.5) else ())
        loop = ForEach(word, split, (inner,))
        body = (Let(kept, ListLiteral((), STRINGS)), loop, Return(Builtin("join", (kept, separator), STRING)))
    return Part("", (Function(context.function_name("text"), (source,), STRING, body),), _inputs(draw))


def counted_words(context: Context) -> Part:
    """A map of words, or of what they begin with, to numbers."""
    draw, names = context.draw, Names(context.draw)
    words, word, counts = names.new("words", STRINGS), names.new("word", STRING), names.new("map", COUNTS)
    key = _key(draw, word)
    added: Expression = number(draw.between(1, 3)) if draw.chance(0.4) else _length(draw, word)
    step: Statement = Count(counts, key, added)
    is_plain = key == word and added == number(1)  # a held-out program counts words
    if is_plain or draw.chance(0.75):
        branches = [(text_condition(draw, word), (step,))]
        if draw.chance(0.4):
            branches.append((text_condition(draw, word), (Count(counts, _key(draw, word), _length(draw, word)),)))
        otherwise = (Count(counts, text("other"), number(1)),) if draw.chance(0.4) else ()
        step = If(tuple(branches), otherwise)
    body: Body = (Let(counts, EmptyMap(COUNTS)), ForEach(word, words, (step,)), Return(counts))
    inputs = tuple((_word_list(draw),) for _ in range(draw.between(1, 2)))
    return Part("", (Function(context.function_name("map"), (words,), COUNTS, body),), inputs)


def _key(draw: Draw, word: Variable) -> Expression:
    """What a word is counted under."""
    kind = draw.below(5)
    if kind == 0:
        return Builtin(draw.one_of(("upper", "reverse")), (word,), STRING)
    if kind == 1:
        return Text((draw.one_of(("size ", "of ", "n")), Builtin("length", (word,), INT)))
    return word if kind == 2 else Builtin("prefix", (word, number(draw.between(1, 2))), STRING)


def _length(draw: Draw, word: Variable) -> Expression:
    """A number made of a word's length."""
    length = Builtin("length", (word,), INT)
    kind = draw.below(4)
    if kind == 0:
        return Arithmetic("*", length, number(draw.between(2, 9)))
    if kind == 1:
        return Arithmetic("%", length, number(draw.between(3, 5)))
    return length if kind == 2 else Arithmetic("+", length, number(draw.between(1, 9)))


def looked_up(context: Context) -> Part:
    """Words counted first, then a number made of how often they stood there."""
    draw, names = context.draw, Names(context.draw)
    words, counts, total = names.new("words", STRINGS), names.new("map", COUNTS), names.new("total")
    word = names.new("word", STRING)
    seen = names.new("scratch")
    scope = Scope((seen,), frozenset([seen.name]))
    once = number(draw.between(2, 4))  # a held-out program counts words, and this one does something else
    key = _key(draw, word)
    step: Statement = Count(counts, key, once if draw.chance(0.6) else _length(draw, word))
    if draw.chance(0.4):
        step = If(((text_condition(draw, word), (step,)),))
    first = ForEach(word, words, (step,))
    asked = condition(draw, scope, seen) if draw.chance(0.5) else Comparison(">", seen, once)
    again = Variable(names.take("name"), STRING)
    otherwise = (_scored(draw, total),) if draw.chance(0.7) else ()
    found = If(((asked, (Update(total, "+", integer(draw, scope, draw.below(3))),)),), otherwise)
    got = Builtin("count_of", (counts, again if key == word else _key(draw, again)), INT)
    second = ForEach(again, words, (Let(seen, got), found))
    body: Body = (Let(counts, EmptyMap(COUNTS)), first, Let(total, number(0)), second, Return(total))
    inputs = tuple((_word_list(draw),) for _ in range(2))
    return Part("", (Function(context.function_name("number"), (words,), INT, body),), inputs)


def _word_list(draw: Draw) -> ListLiteral:
    return ListLiteral(tuple(map(text, words_of(draw, draw.between(4, 7)))), STRINGS)


def arranged_words(context: Context) -> Part:
    """Words in order, those chosen that a question holds for."""
    draw, names = context.draw, Names(context.draw)
    words, word = names.new("words", STRINGS), names.new("word", STRING)
    in_order = Variable(names.take("ordered"), STRINGS)
    value = _changed(draw, word) if draw.chance(0.6) else None
    first = Let(in_order, Sorted(words, None, draw.chance(0.3)))
    if draw.chance(0.5):
        made = Aggregate("list", word, in_order, text_condition(draw, word), value, STRINGS, "result")
        body: Body = (first, Return(made))
    else:
        kept = names.new("kept", STRINGS)
        otherwise = (Append(kept, _changed(draw, word)),) if draw.chance(0.5) else ()
        choice = If(((text_condition(draw, word), (Append(kept, value or word),)),), otherwise)
        body = (first, Let(kept, ListLiteral((), STRINGS)), ForEach(word, in_order, (choice,)), Return(kept))
    inputs = tuple((_word_list(draw),) for _ in range(2))
    return Part("", (Function(context.function_name("list"), (words,), STRINGS, body),), inputs)


def drawn(context: Context) -> Part:
    """Lines of marks: two loops, one in the other."""
    draw, names = context.draw, Names(context.draw)
    width, height = Variable(names.take("width"), INT), Variable(names.take("height"), INT)
    row, column = Variable(names.take("row"), INT), Variable(names.take("column"), INT)
    built = names.new("built", STRING)
    scope = Scope((row, column), frozenset([row.name, column.name]))
    operator: OneOf["+", "*"] = draw.one_of(("+", "*"))
    asked = condition(draw, scope, Arithmetic(operator, row, column))
    marks = [(AppendText(built, Literal(mark, CHARACTER)),) for mark in draw.some_of("#.-=:xo", 3)]
    branches = [(asked, marks[0])]
    if draw.chance(0.6):
        branches.append((condition(draw, scope), marks[1]))
    choice = If(tuple(branches), marks[2] if draw.chance(0.8) else ())
    inner = ForRange(column, number(0), width, (choice,))
    end = AppendText(built, Literal(draw.one_of("/;"), CHARACTER))
    body: Body = (Let(built, text("")), ForRange(row, number(0), height, (inner, end)), Return(built))
    inputs = tuple((number(draw.between(2, 7)), number(draw.between(2, 5))) for _ in range(2))
    return Part("", (Function(context.function_name("text"), (width, height), STRING, body),), inputs)
