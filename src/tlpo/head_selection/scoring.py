r"""Whether an answer is right, by two rules that must not be mixed up.

*Strict match* is this project's rule: the answer and nothing else. *Prefix match* is the rule of the paper's code, in
which an answer that goes on after the right word still counts: ``net, wallet, deer`` passes for ``net``.
"""

from __future__ import annotations


def strict_match(generated: str, expected: str, stop: str = "\n") -> bool:
    r"""Whether the generation up to the first ``stop`` is the expected answer, exactly.

    Both are stripped of white space at their ends; letters' case counts. A generation without a stop (it ended with
    EOS, or at the limit of new tokens) is compared whole, so that one which goes on is wrong.
    """
    return generated.split(stop, 1)[0].strip() == expected.strip()


def prefix_match(generated: str, expected: str) -> bool:
    """The rule of the paper's code: the first line of the generation begins with the expected answer, in any case.

    Over-generation counts as right. The code keeps the case in its capitalisation tasks, and treats brackets and
    ``St.`` of one data set apart; neither is done here.
    """
    return generated.strip().split("\n", 1)[0].strip().lower().startswith(expected.strip().lower())
