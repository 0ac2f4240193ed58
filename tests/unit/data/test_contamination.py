"""Training prompts that are evaluation prompts: found exactly as comparing every pair finds them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlpo.data import PROMPT_LANGUAGES, PromptRecord, load_prompts
from tlpo.data.contamination import EvaluationIndex, contamination, told
from tlpo.data.similarity import jaccard, normalise, shingles


def records(*prompts: str, language: str = "en") -> list[PromptRecord]:
    return [
        PromptRecord(index=place, prompt=prompt, language=language, id=f"p{place}", where=f"line {place + 1}")
        for place, prompt in enumerate(prompts)
    ]


def test_an_exact_match_differs_in_case_and_punctuation_only() -> None:
    found = contamination(records("Why is the sky blue", "How are you?"), records("Who?", "  why is the SKY blue?!"))
    assert (found["train"], found["evaluation"], found["exact"], found["near"]) == (2, 2, 1, 0)
    (pair,) = found["pairs"]
    assert pair == {
        "kind": "exact",
        "similarity": 1.0,
        "train": {"id": "p0", "where": "line 1", "language": "en", "prompt": "Why is the sky blue"},
        "evaluation": {"id": "p1", "where": "line 2", "language": "en", "prompt": "  why is the SKY blue?!"},
    }


def test_a_near_match_by_hand() -> None:
    # 26 letters have 22 shingles of five; with the last letter changed they share 21 of 23
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    changed = alphabet[:-1] + "0"
    for near, kind in ((21 / 23, "near"), (0.92, None)):
        found = EvaluationIndex(records("nothing like it", alphabet), near).find(changed)
        assert (found.kind if found else None) == kind
    found = contamination(records(changed), records(alphabet))
    assert (found["exact"], found["near"]) == (0, 1)
    assert found["pairs"][0]["similarity"] == round(21 / 23, 4)


def test_evaluation_prompts_of_several_files_are_told_apart() -> None:
    """Each file's records are numbered from 0; the last one repeats the first, which counts once."""
    evaluation = [*records("Why?", "Who?"), *records("When?"), *records("why")]
    found = contamination(records("why", "when", "WHY", "who", "none of them"), evaluation)
    assert (found["exact"], found["evaluation_hit"]) == (4, 3)
    near = contamination(records("abcdefghijklmnopqrstuvwxy0"), [*records("x"), *records("abcdefghijklmnopqrstuvwxyz")])
    assert (near["near"], near["evaluation_hit"]) == (1, 1)


def test_messages_are_compared_by_what_the_user_says() -> None:
    chat = PromptRecord(index=0, prompt=[{"role": "user", "content": "Why is the sky blue?"}], language="en")
    assert contamination([chat], records("why is the sky blue"))["exact"] == 1


words = st.text(alphabet="ab ", min_size=0, max_size=30)


@given(st.lists(words, max_size=8), words, st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_it_finds_what_comparing_every_pair_finds(evaluation: list[str], text: str, near: float) -> None:
    plain = normalise(text)
    exact = plain != "" and plain in [normalise(other) for other in evaluation]
    best = max((jaccard(shingles(plain), shingles(normalise(other))) for other in evaluation), default=0.0)
    found = EvaluationIndex(records(*evaluation), near).find(text)
    if exact:
        assert found is not None
        assert found.kind == "exact"
    elif plain and best >= near:
        assert found is not None
        assert (found.kind, found.similarity) == ("near", best)
    else:
        assert found is None


def test_the_line_on_the_screen() -> None:
    clean = contamination(records("a question about cooking rice"), records("another about the weather"))
    assert told(clean).startswith("no contamination: of 1 training and 1 evaluation prompts")
    dirty = contamination(records("same", "Same!"), records("same"))
    assert told(dirty).endswith(
        "2 training prompts are evaluation prompts and 0 are near one; 1 evaluation prompts are affected"
    )


@pytest.mark.parametrize("code", PROMPT_LANGUAGES)
def test_the_bundled_training_prompts_are_no_evaluation_prompts(code: str) -> None:
    train, held_out = (load_prompts(language=code, split=split) for split in ("train", "eval"))
    found = contamination(train, held_out, near=0.6)
    assert (found["exact"], found["near"], found["pairs"]) == (0, 0, [])


def test_a_large_training_set_takes_seconds() -> None:
    """A run of tens of thousands of prompts must not wait for the comparison; the bound is generous."""
    held_out = load_prompts(language="de", split="eval")
    train = records(*(f"Frage {n}: {held_out[n % 60].prompt} {'Und weiter.' * (n % 9)}" for n in range(5000)))
    begun = time.perf_counter()
    contamination(train, held_out)
    assert time.perf_counter() - begun < 10
