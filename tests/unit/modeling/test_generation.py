"""The roll-out engine against ``model.generate`` and against itself, one row at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from tests.models import ARCHITECTURES, MIXED, ragged_prompts, tiny_model, tokenizer
from transformers import PreTrainedModel

from tlpo.confusion import ConfusionDetector
from tlpo.modeling.alignment import TokenText, token_bytes
from tlpo.modeling.generation import Completion, GenerationSettings, GenerationStats, end_token_ids, generate

GREEDY = GenerationSettings(max_new_tokens=12, temperature=0)
SAMPLED = GenerationSettings(max_new_tokens=16, temperature=1.0, num_generations=2, seed=3)
ENDS = [2, *range(100, 130)]


def model_that_ends(architecture: str = "llama", **options: object) -> PreTrainedModel:
    """In double precision, so that rounding moves no draw; 31 of its 480 tokens end a response."""
    model = tiny_model(architecture, dtype=torch.float64, **options)  # type: ignore[arg-type]
    model.generation_config.eos_token_id = ENDS
    return model


def ids_of(completions: list[list[Completion]]) -> list[list[list[int]]]:
    return [[completion.ids for completion in group] for group in completions]


@pytest.mark.parametrize("architecture", [*ARCHITECTURES, *MIXED])
def test_greedy_equals_the_library(architecture: str) -> None:
    """Mixed lengths in one batch against one unpadded prompt at a time, also past Gemma's sliding window."""
    model, prompts = model_that_ends(architecture), ragged_prompts(6, seed=1)
    found = generate(model, tokenizer(), prompts, GREEDY)
    for prompt, (completion,) in zip(prompts, found, strict=True):
        rows = torch.tensor([prompt])
        library = model.generate(
            rows, attention_mask=torch.ones_like(rows), do_sample=False, max_new_tokens=12, pad_token_id=0
        )
        assert completion.ids == library[0, len(prompt) :].tolist()
        assert completion.finished == ("eos" if completion.ids[-1] in ENDS else "length")


@pytest.mark.parametrize("architecture", ["llama", "gemma3", "gpt2"])
def test_sampling_equals_a_naive_loop(architecture: str) -> None:
    """Each step recomputed from the whole sequence, drawn by the naive inverse distribution function."""
    from tlpo.modeling.sampling import uniform_draws

    model, prompts = model_that_ends(architecture), ragged_prompts(3, seed=2)
    settings = replace(SAMPLED, temperature=0.8, step=5)
    found = generate(model, tokenizer(), prompts, settings, keys=[40, 41, 42])
    for place, prompt in enumerate(prompts):
        for number in range(2):
            sequence, draws = list(prompt), uniform_draws(3, 5, (40 + place, number), 16)
            for step in range(16):
                with torch.no_grad():
                    logits = model(torch.tensor([sequence]), use_cache=False).logits[0, -1]
                cumulative = torch.softmax(logits / 0.8, -1).cumsum(-1)
                token = int(torch.searchsorted(cumulative, draws[step], right=True))
                sequence.append(token)
                if token in ENDS:
                    break
            assert found[place][number].ids == sequence[len(prompt) :]


def test_text_and_alignment_are_those_of_the_ids() -> None:
    model, own = model_that_ends(), tokenizer()
    for group in generate(model, own, ragged_prompts(3), replace(SAMPLED, num_generations=4)):
        for completion in group:
            expected = TokenText(token_bytes(own), completion.ids)
            expected.finish()
            assert (completion.text, completion.token_of_char) == (expected.text, expected.token_of_char)


def test_a_response_ends_at_any_configured_end_and_keeps_it() -> None:
    model = model_that_ends()
    found = [c for group in generate(model, tokenizer(), ragged_prompts(12), SAMPLED) for c in group]
    assert {completion.finished for completion in found} == {"eos", "length"}
    for completion in found:
        ends = [place for place, token in enumerate(completion.ids) if token in ENDS]
        if completion.finished == "eos":
            assert ends == [len(completion.ids) - 1]
        else:
            assert not ends
            assert len(completion.ids) == SAMPLED.max_new_tokens


def test_end_token_ids_joins_tokenizer_and_model() -> None:
    model = tiny_model()
    assert end_token_ids(model, tokenizer()) == {2}
    model.generation_config.eos_token_id = [7, 8]
    assert end_token_ids(model, tokenizer()) == {2, 7, 8}
    model.generation_config.eos_token_id = None
    assert end_token_ids(model, tokenizer()) == {2}


class StopAt:
    """A stream that reports offset 1 once it has seen so many characters."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def feed(self, piece: str) -> int | None:
        self._left -= len(piece)
        return 1 if self._left <= 0 else None


def test_early_stop_ends_only_its_own_row() -> None:
    """Rows that leave the batch, one after another, must not change the others."""
    model, prompts = model_that_ends(), ragged_prompts(9, seed=4)
    full = generate(model, tokenizer(), prompts, SAMPLED)
    stats = GenerationStats()

    def streams(index: int) -> StopAt | None:
        return StopAt(2 * index) if index % 3 else None

    stopped = generate(model, tokenizer(), prompts, SAMPLED, streams=streams, stats=stats)
    spared = 0
    for index, (whole, cut) in enumerate(zip(full, stopped, strict=True)):
        for one, other in zip(whole, cut, strict=True):
            assert other.ids == one.ids[: len(other.ids)]
            if other.finished == "confusion":
                assert index % 3
                assert other.confusion_point == 1
                assert len(other.text) >= 2 * index > len(TokenText(token_bytes(tokenizer()), other.ids[:-1]).text)
                spared += SAMPLED.max_new_tokens - len(other.ids)
            else:
                assert other == one
                assert other.confusion_point is None
    assert sum(completion.finished == "confusion" for group in stopped for completion in group) >= 6
    assert stats.saved_row_steps == spared > 0


def test_early_stop_with_the_real_detector_stops_at_its_point() -> None:
    model, own = tiny_model(dtype=torch.float64), tokenizer("byte_fallback")
    detector = ConfusionDetector("ko", english="confusion")
    settings = replace(SAMPLED, max_new_tokens=24, num_generations=4)
    found = generate(model, own, ragged_prompts(6), settings, streams=lambda index: detector.stream())
    stopped = [c for group in found for c in group if c.finished == "confusion"]
    assert len(stopped) > 5
    for completion in stopped:
        stream, table = detector.stream(), TokenText(token_bytes(own))
        reports = [stream.feed(table.feed(token)) for token in completion.ids]
        assert reports[-1] == completion.confusion_point
        assert set(reports[:-1]) <= {None}


def test_what_a_call_cost() -> None:
    model, prompts, stats = tiny_model(), ragged_prompts(3), GenerationStats()
    found = generate(model, tokenizer(), prompts, replace(SAMPLED, max_new_tokens=5), stats=stats)
    assert stats.prompt_tokens == sum(map(len, prompts))
    assert stats.new_tokens == sum(len(c.ids) for group in found for c in group) == 30
    # The first token comes from the prefill: four decoding steps of six rows.
    assert (stats.row_steps, stats.saved_row_steps) == (24, 0)


def test_finished_rows_stop_costing() -> None:
    model, stats = model_that_ends(), GenerationStats()
    found = generate(model, tokenizer(), ragged_prompts(4), replace(SAMPLED, max_new_tokens=40), stats=stats)
    lengths = [len(c.ids) for group in found for c in group]
    assert min(lengths) < 10
    # Eight rows: each leaves as soon as it is done, and its last token is never decoded.
    assert stats.row_steps == sum(length - 1 for length in lengths)


@pytest.mark.parametrize("training", [True, False])
def test_dropout_is_off_and_the_mode_restored(training: bool) -> None:
    model, prompts = tiny_model("gpt2", dropout=0.5), ragged_prompts(3)
    expected = ids_of(generate(model.eval(), tokenizer(), prompts, GREEDY))
    model.train(training)
    assert ids_of(generate(model, tokenizer(), prompts, GREEDY)) == expected
    assert model.training is training


def test_the_mode_is_restored_when_a_stream_fails() -> None:
    class Broken:
        def feed(self, piece: str) -> int | None:
            raise KeyboardInterrupt

    model = tiny_model().train()
    with pytest.raises(KeyboardInterrupt):
        generate(model, tokenizer(), ragged_prompts(2), GREEDY, streams=lambda index: Broken())
    assert model.training


def test_progress_counts_prompts() -> None:
    seen: list[int] = []
    settings = replace(SAMPLED, batch_size=4, max_new_tokens=2)
    generate(tiny_model(), tokenizer(), ragged_prompts(7), settings, on_progress=seen.append)
    assert sum(seen) == 7
    assert max(seen) <= 2


def test_the_step_and_the_seed_change_the_samples() -> None:
    model, prompts = tiny_model(), ragged_prompts(2)

    def run(**changes: int) -> list[list[list[int]]]:
        return ids_of(generate(model, tokenizer(), prompts, replace(SAMPLED, **changes)))

    assert run() == run()
    assert run() != run(step=1)
    assert run() != run(seed=4)


def test_no_prompts() -> None:
    assert generate(tiny_model(), tokenizer(), [], SAMPLED) == []


def test_the_streams_callback_gets_the_index_of_the_prompt() -> None:
    asked: list[int] = []

    def streams(index: int) -> None:
        asked.append(index)

    callback: Callable[[int], None] = streams
    generate(tiny_model(), tokenizer(), ragged_prompts(3), replace(SAMPLED, max_new_tokens=1), streams=callback)
    assert sorted(asked) == [0, 0, 1, 1, 2, 2]


def test_a_filter_sees_the_prompt_of_each_row_and_what_it_forbids_is_never_sampled() -> None:
    """Every prompt may write one token of its own, or end: rows that end leave the batch, the others keep theirs."""
    prompts = ragged_prompts(5, seed=3)
    eos = tokenizer().eos_token_id

    def own_token(logits: torch.Tensor, places: Sequence[int]) -> torch.Tensor:
        allowed = torch.full_like(logits, float("-inf"))
        for row, place in enumerate(places):
            allowed[row, [300 + place, eos]] = 0.0
        return allowed

    found = ids_of(generate(tiny_model(), tokenizer(), prompts, replace(SAMPLED, batch_size=4), logit_filter=own_token))
    for place, group in enumerate(found):
        for ids in group:
            assert set(ids) <= {300 + place, eos}
    assert any(eos in ids for group in found for ids in group)
