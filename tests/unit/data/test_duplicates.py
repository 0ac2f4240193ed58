"""Prompts seen before: exact ones by hand, near ones against comparing every pair."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tlpo.data.similarity import jaccard, normalise, shingles
from tlpo.errors import UserError

pytest.importorskip("datasketch")

from tlpo.data.duplicates import PromptIndex, bands_for


def test_exact_and_near() -> None:
    index = PromptIndex(near=0.75)
    first = "How do I make a good vegetable soup for six people in one hour?"
    index.add(index.prepare(first), "first")
    index.add(index.prepare("Something else altogether, about trains."), "second")
    again = index.exact(index.prepare("  HOW do i make a good vegetable soup for six people in one hour"))
    assert again is not None
    assert (again.name, again.similarity) == ("first", 1.0)
    changed = index.prepare(first.replace("six", "ten"))
    assert index.exact(changed) is None
    found = index.nearest(changed)
    # Normalised 62 characters, 58 shingles of five; "six" stands in seven of them.
    assert found is not None
    assert found.name == "first"
    assert found.similarity == pytest.approx(51 / 65)
    assert len(index) == 2


def test_a_pair_below_the_threshold_is_not_near() -> None:
    index = PromptIndex(near=0.8)  # 51 / 65 is less
    index.add(index.prepare("How do I make a good vegetable soup for six people in one hour?"), "first")
    assert index.nearest(index.prepare("How do I make a good vegetable soup for ten people in one hour?")) is None


def test_prompts_without_letters_are_no_duplicates() -> None:
    index = PromptIndex()
    index.add(index.prepare("?!"), "first")
    assert index.exact(index.prepare("...")) is None
    assert index.nearest(index.prepare("...")) is None


@pytest.mark.parametrize("near", [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_bands_by_their_definition(near: float) -> None:
    bands, rows = bands_for(near)
    assert bands * rows <= 64
    assert (1 - near**rows) ** bands <= 0.01
    assert rows == 32 or (1 - near ** (rows + 1)) ** (64 // (rows + 1)) > 0.01


def test_a_similarity_out_of_range() -> None:
    with pytest.raises(UserError, match="near is 2"):
        PromptIndex(near=2)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="abc ", min_size=8, max_size=24), min_size=1, max_size=12), st.randoms())
def test_what_is_reported_is_near(texts: list[str], generator: random.Random) -> None:
    index = PromptIndex(near=0.5)
    for number, text in enumerate(texts):
        index.add(index.prepare(text), str(number))
    asked = generator.choice(texts) + generator.choice(["", "a", " bc"])
    found = index.nearest(index.prepare(asked))
    if found is not None:
        other = texts[int(found.name)]
        assert found.similarity == jaccard(shingles(normalise(asked)), shingles(normalise(other))) >= 0.5


def test_nearly_every_near_pair_is_found() -> None:
    """Sentences of random words with one word changed: the exact search says how many are near."""
    generator = random.Random(7)
    words = ["".join(generator.choices("abcdefghijklmnop", k=generator.randint(3, 8))) for _ in range(400)]
    index, originals = PromptIndex(near=0.8), []
    for number in range(300):
        originals.append(generator.choices(words, k=generator.randint(8, 20)))
        index.add(index.prepare(" ".join(originals[-1])), str(number))
    near = found = 0
    for number, original in enumerate(originals):
        changed = [*original]
        changed[generator.randrange(len(changed))] = generator.choice(words)
        one, other = (shingles(normalise(" ".join(text))) for text in (original, changed))
        if jaccard(one, other) >= 0.8:
            near += 1
            seen = index.nearest(index.prepare(" ".join(changed)))
            found += seen is not None and seen.name == str(number)
    assert near > 50
    assert found / near >= 0.97
